// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/config.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {

/// A cluster that is watched at rest, and then loses members in silence, one after another.
struct SilentLossPlan {
  std::size_t members = 20;
  core::Config config{};
  std::uint64_t seed = 1;
  /// Between the start and the watch, for what has to be measured before it is of use.
  Duration settling = 15s;
  Duration watch = 30s;
  std::size_t losses = 10;
  /// The longest that a loss is waited for.
  Duration limit = 2min;
};

struct SilentLossFindings {
  /// At rest, per member and second: UDP payloads.
  double datagrams = 0;
  double bytes = 0;
  /// Of each loss, in seconds: until the first verdict, and until every survivor knew.
  std::vector<double> first;
  std::vector<double> all;
  std::size_t missed = 0;
  /// Lives that were declared failed though they ran, in all the time; suspicions while all ran.
  std::size_t false_failures = 0;
  std::size_t suspicions = 0;
  /// Member-hours in which all ran.
  double member_hours = 0;
};

SilentLossFindings measure_silent_losses(const SilentLossPlan& plan);

}  // namespace rollcall::lab
