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

namespace rollcall {

class Loop;

enum class Profile : std::uint8_t { rollcall, swim };

/// How to run one member. The defaults suit a data centre.
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
  /// Where the boot counter and known peers are kept; empty keeps nothing.
  std::string data_dir;
  /// "HOST:PORT" of members to join; looked up anew at each try.
  std::vector<std::string> seeds;
  Tags tags;

  Profile profile = Profile::rollcall;
  std::chrono::nanoseconds probe_interval = std::chrono::seconds(1);
  std::chrono::nanoseconds probe_timeout = std::chrono::milliseconds(500);
  std::size_t indirect_probes = 3;
  bool suspicion = true;
  /// How long a pause of a member is tolerated; 0 means auto.
  std::chrono::nanoseconds suspicion_time{0};
  std::chrono::nanoseconds gossip_interval = std::chrono::milliseconds(200);
  /// 0 means auto.
  std::size_t gossip_fanout = 0;
  std::chrono::nanoseconds cleanup_time = std::chrono::hours(24);
  std::chrono::nanoseconds leave_timeout = std::chrono::seconds(2);

  /// Drops this share of incoming datagrams, to see what happens. 0 to 1.
  double drop_rate = 0;
  /// Events kept for readers that come late.
  std::size_t events_kept = 4096;
  /// Runs this member on a shared loop; null gives it a thread of its own.
  std::shared_ptr<Loop> loop;
};

}  // namespace rollcall
