// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace rollcall::sim {

/// A fixed course of events, long enough for the checkers to see what came of them.
struct Trial {
  std::string_view name;
  /// Runs it; what the checkers object to.
  std::string (*run)(std::uint64_t seed);
};

inline void PrintTo(const Trial& trial, std::ostream* out) {
  *out << trial.name;
}

[[nodiscard]] std::span<const Trial> trials();
[[nodiscard]] const Trial& trial(std::string_view name);

}  // namespace rollcall::sim
