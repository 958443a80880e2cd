// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/time.hpp"

namespace rollcall::runtime {

/// The clock that drives the core: it never goes back, and it counts while the process is stopped.
using SteadyClock = std::chrono::steady_clock;

inline Instant to_instant(SteadyClock::time_point time) {
  return Instant(std::chrono::duration_cast<Duration>(time.time_since_epoch()));
}
inline SteadyClock::time_point to_steady(Instant instant) {
  return SteadyClock::time_point(
      std::chrono::duration_cast<SteadyClock::duration>(instant.time_since_epoch()));
}
inline Instant current_instant() {
  return to_instant(SteadyClock::now());
}

}  // namespace rollcall::runtime
