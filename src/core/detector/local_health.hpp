// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace rollcall::core {

/// How far this node trusts its own senses.
///
/// Two signals: the lateness of its own timers, which is measured, and signs that its own
/// network is the one at fault (no answer from helpers, accusations of itself), which are
/// counted. A node in bad health waits longer and accuses nobody alone.
///
/// Source: Dadgar, Phillips, Currey, "Lifeguard", 2018, for the counted part; measuring the
///         lateness is ours.
class LocalHealth {
 public:
  static constexpr unsigned score_max = 8;
  /// A timer later than this says that the process did not run when it should have.
  static constexpr Duration lag_of_one_point = std::chrono::milliseconds(100);

  /// A timer fired this much after its time.
  void on_lateness(Duration late) { lag_ = std::max(late, lag_ - lag_ / 16); }
  void on_missing_helpers() { raise(); }
  void on_accused() { raise(); }
  void on_success() {
    if (misses_ > 0) --misses_;
  }
  void forget_misses() { misses_ = 0; }

  /// 0 healthy to score_max.
  [[nodiscard]] unsigned score() const { return std::min(score_max, misses_ + slowness()); }
  /// The measured part alone: it, and not a lossy network, makes this node more patient.
  [[nodiscard]] unsigned slowness() const {
    return static_cast<unsigned>(std::min<Duration::rep>(score_max, lag_ / lag_of_one_point));
  }
  /// Lifeguard's counter alone, for profile swim.
  [[nodiscard]] unsigned misses() const { return misses_; }
  [[nodiscard]] Duration lag() const { return lag_; }

 private:
  void raise() { misses_ = std::min(misses_ + 1, score_max - 1); }

  Duration lag_{};
  unsigned misses_ = 0;
};

}  // namespace rollcall::core
