// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/settings/cluster_settings.hpp"
#include "wire/tags.hpp"

namespace rollcall::core {

/// Which set of rules the failure detector follows.
enum class Profile : std::uint8_t {
  rollcall,  // even probing, proof of death, eager push, pause budget (PROTOCOL.md)
  swim       // the published parameters of SWIM with Lifeguard, for comparison
};

/// Which of the published rules profile swim follows. The defaults are those that SWIM's
/// best-known implementation ships; the experiments set those of the papers.
///
/// Source: Das, Gupta, Motivala, "SWIM", DSN 2002; Dadgar, Phillips, Currey, "Lifeguard", 2018.
struct SwimTuning {
  enum class Targets : std::uint8_t {
    round_robin,  // a list, shuffled anew for each round (SWIM, section 4.3)
    random        // any live member (SWIM, section 3.1)
  };
  enum class Phases : std::uint8_t {
    random,  // each member begins at a moment of its own
    aligned  // the first probe is one whole interval after the start: synchronous rounds
  };
  /// How suspicion times and repeats grow with the number of members n.
  enum class Growth : std::uint8_t {
    decades,  // max(1, log10 n) intervals, ceil(log10(n+1)) repeats
    rounds    // ceil(ln(n+1)) of both (SWIM, section 5)
  };
  /// What a bad local health stretches (Lifeguard's LHA-Probe).
  enum class HealthProbe : std::uint8_t { off, interval, interval_and_timeout };
  /// What becomes of a probe and of suspicions while the process is kept from its network.
  enum class Stall : std::uint8_t {
    stopped,  // the whole process was stopped: it goes on where it was
    blocked   // sending and receiving wait, time-outs do not, as in Lifeguard's runs
  };

  Targets targets = Targets::round_robin;
  Phases phases = Phases::random;
  Growth growth = Growth::decades;
  HealthProbe health_probe = HealthProbe::interval;
  Stall stall = Stall::stopped;
  /// Alpha: the shortest suspicion, and the repeats of an update, in units of growth.
  double suspicion_multiplier = 4;
  /// Beta: the longest suspicion, in units of the shortest (LHA-Suspicion).
  double suspicion_max_multiplier = 6;
  /// K: independent confirmations that make a suspicion the shortest; 0 turns LHA-Suspicion off.
  std::size_t confirmations = 2;
  /// A suspect is told in every ping to it (the Buddy System).
  bool buddy = true;
  /// A TCP probe besides the helpers.
  bool stream_probe = true;
  /// Updates are also sent by themselves every gossip interval, and not only with pings.
  bool gossip_ticks = true;
  /// How often an update is sent; 0 means 4 (growth decades) or 3 (growth rounds) times growth.
  std::size_t update_sends = 0;
  /// Differing digests are looked into as in profile rollcall, and not only every
  /// anti_entropy_interval.
  bool compares_digests = true;
};

/// Everything one member's protocol can be told: what the cluster is tuned by, as this member was
/// started with it, and what is this member's own. Validated by validate() before a Node is made.
struct Config : ClusterSettings {
  // Who we are.
  std::string cluster = "default";
  std::string name;
  /// The address that others reach us at; never unspecified.
  Address advertise;
  /// Where this node's sockets are bound, which says what kinds of addresses they can send to;
  /// nothing: to all.
  std::optional<Address> bound = {};
  wire::Tags tags;

  Profile profile = Profile::rollcall;
  /// Profile swim only.
  SwimTuning swim{};

  /// A full comparison with a random member at the latest this often.
  Duration anti_entropy_interval = 30s;

  // Joining.
  /// Takes part in finding members on the LAN: looks for them there when all else fails, and
  /// answers those who look.
  bool broadcast = false;
  /// There is a file of further members to join, read anew at each try.
  bool reads_hosts = false;
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
/// The same for settings that a running member is to take over.
std::vector<ConfigProblem> validate(const ClusterSettings& settings, Profile profile);

}  // namespace rollcall::core
