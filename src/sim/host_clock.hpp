// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/check.hpp"
#include "base/time.hpp"

namespace rollcall::sim {

/// A host's monotonic clock: it began elsewhere than virtual time, and may go at another rate.
///
/// Order:  local() does not decrease as now grows; world_time() is the first moment at which
///         the clock shows at least the time asked for. Never asked for times before `since`.
/// Limits: exact to the nanosecond; no floating point.
class HostClock {
 public:
  HostClock() = default;
  /// From `since` on, when it shows since + offset.
  HostClock(Instant since, Duration offset, std::int64_t drift_ppm)
      : since_(since),
        offset_(offset),
        drift_ppm_(drift_ppm) {
    ROLLCALL_CHECK(-million < drift_ppm);
  }

  [[nodiscard]] Instant local(Instant now) const {
    return now + offset_ + (drift_ppm_ == 0 ? Duration::zero() : gained(now - since_));
  }
  [[nodiscard]] Instant world_time(Instant local_time) const {
    if (local_time == never) return never;
    if (drift_ppm_ == 0) return local_time - offset_;
    const Duration shown = local_time - offset_ - since_;
    Duration elapsed(static_cast<Duration::rep>(static_cast<Wide>(shown.count()) * million /
                                                (million + drift_ppm_)));
    // What is cut off may make it a few nanoseconds too many or too few.
    while (elapsed + gained(elapsed) >= shown) elapsed -= Duration(1);
    while (elapsed + gained(elapsed) < shown) elapsed += Duration(1);
    return since_ + elapsed;
  }

 private:
  __extension__ using Wide = __int128;
  static constexpr std::int64_t million = 1'000'000;

  [[nodiscard]] Duration gained(Duration elapsed) const {
    return Duration(
        static_cast<Duration::rep>(static_cast<Wide>(elapsed.count()) * drift_ppm_ / million));
  }

  Instant since_;
  Duration offset_{};
  std::int64_t drift_ppm_ = 0;
};

}  // namespace rollcall::sim
