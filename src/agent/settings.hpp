// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "rollcall/options.hpp"

namespace rollcall::agent {

/// Everything an agent can be told, with its defaults. Each field belongs to one key of the
/// schema (schema.cpp), which reads and writes it; words such as "pingack" are stored in the one
/// spelling that the schema calls canonical.
struct Settings {
  // Who this member is.
  std::string name;
  std::string cluster = "default";
  Tags tags;

  // Addresses and places. Empty HTTP address: no API.
  std::string bind = "0.0.0.0:7420";
  std::string advertise;
  std::string http = "127.0.0.1:7480";
  bool http_allow_get_mutations = false;
  std::string data_dir;

  // Finding the others.
  std::vector<std::string> join;
  std::string hosts;
  bool broadcast = false;
  std::size_t broadcast_port = 7419;
  bool is_introducer = false;

  // Agreed views, leaders and groups.
  bool agreement = true;
  std::size_t bootstrap_expect = 0;  // 0: off
  std::size_t voters = 3;
  Duration voter_replace_after = std::chrono::seconds(30);
  Duration election_timeout = std::chrono::milliseconds(300);
  std::string registry;
  std::string registry_user;
  std::string registry_password_file;
  std::string registry_ca_file;
  std::string registry_cert_file;
  std::string registry_key_file;

  // Failure detection.
  std::string detector = "pingack";
  std::string profile = "rollcall";
  bool suspicion = true;
  Duration suspicion_time{0};  // 0: auto
  Duration probe_interval = std::chrono::seconds(1);
  Duration probe_timeout = std::chrono::milliseconds(500);
  std::size_t indirect_probes = 3;

  // Spreading.
  Duration gossip_interval = std::chrono::milliseconds(200);
  std::size_t gossip_fanout = 0;  // 0: auto
  Duration fail_time{0};          // 0: auto
  double accrual_threshold = 0;   // 0: off
  std::string heartbeat_cast = "unicast";

  // Life of records.
  Duration cleanup_time = std::chrono::hours(24);
  Duration leave_timeout = std::chrono::seconds(2);
  std::size_t events_kept = 4096;

  // Faults on purpose.
  double drop_rate = 0;
  Duration start_delay{0};
  Duration crash_after{0};  // 0: never
  bool allow_faults = false;

  // The process.
  bool daemon = false;
  std::string pid_file;
  std::string log_file;
  std::string log_level = "info";
  std::string log_format = "text";
  Duration stats_interval = std::chrono::seconds(30);  // 0: no STATS lines

  bool operator==(const Settings&) const = default;
};

}  // namespace rollcall::agent
