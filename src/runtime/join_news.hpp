// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/time.hpp"
#include "core/effects.hpp"

namespace rollcall::runtime {

/// Decides which failed tries to join are worth telling: the first, one with other outcomes than
/// the last one told, and else ever more seldom.
///
/// Limits: the same outcomes are told at most every interval_min, which doubles up to
///         interval_max; seeds_told_max seeds are named.
class JoinNews {
 public:
  static constexpr Duration interval_min = std::chrono::minutes(1);
  static constexpr Duration interval_max = std::chrono::hours(1);
  static constexpr std::size_t seeds_told_max = 8;

  /// The sentence to tell; nothing if it would say nothing new.
  std::optional<std::string> next(std::span<const core::JoinAttempt> attempts, Instant now);
  /// The next failure is a first one again.
  void forget() { told_.clear(); }

 private:
  /// Without the seeds, for saved peers are tried in another order each time.
  std::set<std::string> told_;
  Duration interval_{};
  Instant again_at_{};
};

}  // namespace rollcall::runtime
