// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rollcall/member.hpp"
#include "rollcall/settings.hpp"

namespace rollcall {

class Loop;

enum class Profile : std::uint8_t { rollcall, swim };

/// Whether and how this member takes part in agreed views, leaders and groups.
struct AgreementOptions {
  /// Groups are there (Agent::groups()), on a thread of their own.
  bool enabled = false;
  /// Begins a cluster's log where there is none yet: the one member that starts alone. Without
  /// Options::data_dir it votes from memory alone, and the log ends with it if it votes alone.
  bool is_introducer = false;
  /// Begins it together with so many members that say the same number; 0: not so. Votes from memory
  /// alone where there is no data directory.
  std::uint16_t bootstrap_expect = 0;
  /// How many members vote: 1, 3 or 5. That of the leader counts.
  std::size_t voters = 3;
  /// A voter that has failed for so long is replaced.
  std::chrono::nanoseconds voter_replace_after = std::chrono::seconds(30);
  /// A follower waits one to two of these for the leader's word before it asks for votes.
  std::chrono::nanoseconds election_timeout = std::chrono::milliseconds(300);
  /// "etcd://HOST:PORT[,HOST:PORT...]" (etcds:// with TLS) keeps groups in an etcd cluster instead
  /// of in the members' own log; empty: in their own.
  std::string registry;
  std::string registry_user;
  std::string registry_password;
  /// PEM files; empty: the system's authorities, and no certificate of our own.
  std::string registry_ca_file;
  std::string registry_cert_file;
  std::string registry_key_file;
};

/// How to run one member. The defaults suit a data centre. What ClusterSettings has as well is
/// what the member starts with: settings that a running cluster was given since win.
struct Options {
  /// Unique in the cluster; empty means the host name.
  std::string name;
  std::string cluster = "default";
  /// "HOST:PORT", for UDP and TCP; port 0 takes a free one.
  std::string bind = "0.0.0.0:7420";
  /// What others are told to send to; empty means the bind address, or, where that is
  /// unspecified, the address of the interface with the default route; without such a route the
  /// one that seeds are reached from, else that of the first interface that is up, else loopback.
  std::string advertise;
  /// Where the boot counter, known peers and the cluster's settings are kept; empty keeps nothing.
  std::string data_dir;
  /// "HOST:PORT" of members to join, or "_service._proto.name" of SRV records that tell of them;
  /// looked up anew at each try.
  std::vector<std::string> seeds;
  /// A file of further members to join, one HOST or HOST:PORT a line, read anew at each try; empty:
  /// there is none.
  std::string hosts_file;
  Tags tags;
  /// Looks for members on the LAN when nobody else can be joined, and lets others find this one.
  bool broadcast = false;
  /// The UDP port of that, the same on every member.
  std::uint16_t broadcast_port = 7419;

  Profile profile = Profile::rollcall;
  Detector detector = Detector::pingack;
  std::chrono::nanoseconds probe_interval = std::chrono::seconds(1);
  std::chrono::nanoseconds probe_timeout = std::chrono::milliseconds(500);
  std::size_t indirect_probes = 3;
  bool suspicion = true;
  /// How long a pause of a member is tolerated; 0 means auto.
  std::chrono::nanoseconds suspicion_time{0};
  std::chrono::nanoseconds gossip_interval = std::chrono::milliseconds(200);
  /// 0 means auto.
  std::size_t gossip_fanout = 0;
  /// How long a heartbeat may stand still before its member is doubted (detector gossip); 0 means
  /// auto.
  std::chrono::nanoseconds fail_time{0};
  /// Phi at which a member is doubted instead (detector gossip); 0 turns that off.
  double accrual_threshold = 0;
  HeartbeatCast heartbeat_cast = HeartbeatCast::unicast;
  std::chrono::nanoseconds cleanup_time = std::chrono::hours(24);
  std::chrono::nanoseconds leave_timeout = std::chrono::seconds(2);

  /// Drops this share of incoming datagrams, to see what happens. 0 to 1.
  double drop_rate = 0;
  /// Lets faults be set while this member runs (Agent::set_faults). Not for production.
  bool allow_faults = false;
  AgreementOptions agreement;

  /// Events kept for readers that come late.
  std::size_t events_kept = 4096;
  /// Runs this member on a shared loop; null gives it a thread of its own.
  std::shared_ptr<Loop> loop;
};

}  // namespace rollcall
