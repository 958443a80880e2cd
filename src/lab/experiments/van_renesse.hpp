// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace rollcall::lab {

/// The gossip-style failure detection service as it was published: every interval each member
/// sends its whole list, 8 bytes a member, to one other at random.
struct VanRenesse {
  std::size_t members = 2;
  std::size_t failed = 1;
  /// What each member may send in a second, on average.
  double bytes_per_second = 250;
  /// The chance that in one fail time the heartbeat of some live member does not reach all others.
  double mistakes = 1e-6;
};

/// T_gossip = 8 n / B.
[[nodiscard]] Duration gossip_interval(const VanRenesse& service);

/// T_fail: the least time with fewer mistakes, by the paper's recurrence over the number k of
/// members that a heartbeat has reached, when one member after another gossips:
/// P(k -> k + 1) = (k / n) (n - f - k) / (n - 1), n of which make one interval.
///
/// Source: van Renesse, Minsky, Hayden, "A Gossip-Style Failure Detection Service", Middleware
/// 1998,
///         section 2; its figure 1 reads about 99 s for 100 members, 250 B/s and 1e-6.
/// Limits: O(n^2 log n).
[[nodiscard]] Duration fail_time(const VanRenesse& service);

}  // namespace rollcall::lab
