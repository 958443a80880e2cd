// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/agreement/history.hpp"

namespace rollcall::sim::agreement {

struct Linearizability {
  enum class Verdict : std::uint8_t {
    holds,
    broken,    // no order of the operations explains what clients were told
    undecided  // more orders than steps_max
  };

  Verdict verdict = Verdict::holds;
  /// Unless it holds: the group, how far an order could be found, and what did not fit.
  std::string why;
  std::size_t steps = 0;
};

/// Whether each operation can have happened at one moment between its call and its answer, so that
/// everybody was told what GroupModel says. Operations without an answer may happen at any moment
/// after their call, or never.
///
/// Limits:  each group on its own, which is enough, as a group's view follows from what is done to
///          it alone; steps_max operations are tried a group.
/// Source:  Herlihy, Wing, "Linearizability", TOPLAS 1990 (locality); Wing, Gong, "Testing and
///          verifying concurrent objects", 1993; Lowe, "Testing for linearizability", 2017, for
///          what was tried before being remembered.
[[nodiscard]] Linearizability check_linearizability(const std::vector<Operation>& operations,
                                                    std::size_t steps_max = 2'000'000);

}  // namespace rollcall::sim::agreement
