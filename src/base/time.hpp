// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace rollcall {

using Duration = std::chrono::nanoseconds;

/// The protocol's clock has no now(), on purpose: time enters the core only as an argument, so
/// code that would read the system clock does not compile.
struct ProtocolClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ProtocolClock>;
  static constexpr bool is_steady = true;
};

/// A moment of one node's own monotonic clock. Never compared with another machine's.
using Instant = ProtocolClock::time_point;

/// A deadline that never comes.
inline constexpr Instant never = Instant::max();

constexpr double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
/// What a Duration cannot hold becomes the longest one, of the same sign.
constexpr Duration from_seconds(double seconds) {
  const double nanoseconds = seconds * 1e9;
  if (nanoseconds <= static_cast<double>(Duration::min().count())) return Duration::min();
  // Asked this way round, it also answers for what is not a number.
  if (!(nanoseconds < static_cast<double>(Duration::max().count()))) return Duration::max();
  return Duration(static_cast<Duration::rep>(nanoseconds));
}
/// The duration times a factor, for back-off and scaling; at most the longest duration.
constexpr Duration scaled(Duration duration, double factor) {
  return from_seconds(to_seconds(duration) * factor);
}

}  // namespace rollcall
