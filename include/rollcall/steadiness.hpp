// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "rollcall/member.hpp"

namespace rollcall {

/// A member that is suspected, or that has come and gone again and again, as one observer sees it.
struct Steadiness {
  Member member;
  /// Flaps (suspicions that it refuted, failures, restarts), each counting half as much after a
  /// minute. Above 1, the next suspicion is given more time.
  double penalty = 0;
  /// Flaps since it was last steady.
  std::uint32_t flaps = 0;
  /// For so long from now on no suspicion of it begins.
  std::chrono::nanoseconds hold_down{0};
  /// How long it may stay silent before it fails: of the suspicion there is, or else of the next.
  std::chrono::nanoseconds time_allowed{0};
};

}  // namespace rollcall
