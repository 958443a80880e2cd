// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace rollcall::core {

/// Smoothed round-trip time and its variation, for deciding how long to wait for an answer.
///
/// Source: Jacobson, Karels, "Congestion Avoidance and Control", SIGCOMM 1988; RFC 6298.
class RttEstimator {
 public:
  void on_sample(Duration rtt) {
    if (mean_ == Duration::zero()) {
      mean_ = rtt;
      variation_ = rtt / 2;
      return;
    }
    const Duration error = rtt > mean_ ? rtt - mean_ : mean_ - rtt;
    variation_ += (error - variation_) / 4;
    mean_ += (rtt - mean_) / 8;
  }

  /// How long to wait before an answer counts as missing; the ceiling until there is a sample.
  [[nodiscard]] Duration timeout(Duration floor, Duration ceiling) const {
    if (mean_ == Duration::zero()) return ceiling;
    return std::clamp(mean_ + 4 * variation_, std::min(floor, ceiling), ceiling);
  }
  [[nodiscard]] Duration mean() const { return mean_; }

 private:
  Duration mean_{};
  Duration variation_{};
};

}  // namespace rollcall::core
