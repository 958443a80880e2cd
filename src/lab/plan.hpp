// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "core/config.hpp"

namespace rollcall::lab {

using namespace std::chrono_literals;

/// The cluster that somebody means to run.
struct PlanQuestion {
  static constexpr std::size_t members_min = 2;
  static constexpr std::size_t members_max = 1'000'000;
  static constexpr double loss_max = 0.9;
  static constexpr Duration rtt_min = 1us;
  static constexpr Duration rtt_max = 10s;

  std::size_t members = 100;
  /// The chance that a packet is lost, each way.
  double loss = 0;
  /// The usual round trip; its variation is taken as small beside the shortest wait of 100 ms.
  Duration rtt = 600us;
  /// The longest that a live member may fall silent without being taken for dead.
  Duration pause = core::suspicion_time_auto;
  /// Profile, intervals, helpers; in profile rollcall, the pause is its suspicion time.
  core::Config config{};
};

/// A time that differs from one failure to the next.
struct Times {
  Duration median{};
  Duration p99{};
};

/// A setting, and why it should be so.
struct Advice {
  std::string key;
  std::string value;
  std::string why;
};

/// What the formulas say (docs/plan.md has them, and how they compare with simulation).
struct Plan {
  /// From the end of a process, on a host that lives, until all members know.
  Times crash;
  /// From the loss of a machine or of its network until all members know.
  Times silent_loss;
  /// From a change at one member until the last has heard of it.
  Times spread;

  /// What one member sends, at rest and at this loss, with the headers of UDP and IP.
  double datagrams_per_second = 0;
  double bytes_per_second = 0;
  /// Of one core, by the cost of a datagram that docs/benchmarks.md measured.
  double processor_share = 0;

  /// How often a live member comes under suspicion, which it refutes.
  double suspicions_per_member_hour = 0;
  /// How often a live member is declared failed, at the most, because of loss alone.
  double failures_per_member_year = 0;
  /// A member that is silent for less is not declared failed for it.
  Duration pause_tolerated{};

  std::vector<Advice> advice;
};

/// What to expect of the cluster. The question's values are within its bounds, and its config is
/// one that core::validate() accepts.
[[nodiscard]] Plan predict(const PlanQuestion& question);

}  // namespace rollcall::lab
