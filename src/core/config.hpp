// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "wire/tags.hpp"

namespace rollcall::core {

using namespace std::chrono_literals;

/// Which set of rules the failure detector follows.
enum class Profile : std::uint8_t {
  rollcall,  // even probing, proof of death, eager push, pause budget (PROTOCOL.md)
  swim       // the published parameters of SWIM with Lifeguard, for comparison
};

/// Everything one member's protocol can be told. Validated by validate() before a Node is made.
struct Config {
  // Who we are.
  std::string cluster = "default";
  std::string name;
  /// The address that others reach us at; never unspecified.
  Address advertise;
  wire::Tags tags;

  // Failure detection.
  Profile profile = Profile::rollcall;
  /// T': each member is probed about once per interval.
  Duration probe_interval = 1s;
  /// The most a probe waits for an answer; measured round trips shorten it (profile rollcall).
  Duration probe_timeout = 500ms;
  /// k: helpers asked when a probe stays unanswered.
  std::size_t indirect_probes = 3;
  bool suspicion_enabled = true;
  /// P: the pause that is tolerated (profile rollcall). Zero means auto: 2 s.
  Duration suspicion_time = 0s;

  // Dissemination.
  /// The tick of profile swim, and the shortest time between two bursts of eager pushes' repeats.
  Duration gossip_interval = 200ms;
  /// Random members told at once; 0 means auto (3 for swim, about ln N + 3 for rollcall).
  std::size_t gossip_fanout = 0;
  /// A full comparison with a random member at the latest this often.
  Duration anti_entropy_interval = 30s;

  // Life of records.
  /// How long failed and left members are listed and failed ones retried.
  Duration cleanup_time = 24h;

  // Joining.
  /// Bounds of the back-off between two tries to join or to find lost members.
  Duration join_retry_min = 250ms;
  Duration join_retry_max = 10s;
  /// What one exchange with one peer may take.
  Duration exchange_timeout = 5s;
  /// The longest that leave waits for acknowledgement.
  Duration leave_timeout = 2s;

  // Limits.
  /// Records kept at the most, tombstones included; above it unknown members are refused.
  std::size_t members_max = 200'000;
};

inline constexpr Duration suspicion_time_auto = 2s;

/// One thing that is wrong with a configuration.
struct ConfigProblem {
  std::string field;    // as in the configuration file: "probe-timeout"
  std::string message;  // what was found and what is allowed
};

/// Every contradiction and value out of range; empty when the config can be used.
std::vector<ConfigProblem> validate(const Config& config);

}  // namespace rollcall::core
