// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Deliberately broken registries, as core/mutants.hpp has broken members: the checkers of the
/// simulated agreement are believed because they object to every one of them
/// (tests/simulation/known_bad/agreement).
///
/// In the library that everybody links, is_mutant() is false at compile time. Only
/// rollcall_registry_mutable, made of the same sources with ROLLCALL_MUTANTS defined, has the one
/// global that chooses a mutant.
///
/// Limits: hooks are in sources only, never in a header.
namespace rollcall::registry {

enum class Mutant : std::uint8_t {
  none,
  retries_done_again,             // a request that is committed twice is done twice
  sessions_lost_in_snapshot,      // and so what was done before it is done again
  empty_groups_lost_in_snapshot,  // and with them their numbers, which are given again
  old_life_accepted,              // takes the place of the later one
  evicts_whoever_is_there,        // also who has joined again since
  whole_lease_not_given,          // a new leader counts from a time that it cannot know
  one_report_cuts,                // a single observer has a live member removed
};

inline constexpr std::array mutant_names = {
    std::string_view("none"),
    std::string_view("retries_done_again"),
    std::string_view("sessions_lost_in_snapshot"),
    std::string_view("empty_groups_lost_in_snapshot"),
    std::string_view("old_life_accepted"),
    std::string_view("evicts_whoever_is_there"),
    std::string_view("whole_lease_not_given"),
    std::string_view("one_report_cuts"),
};
static_assert(mutant_names.size() == static_cast<std::size_t>(Mutant::one_report_cuts) + 1);

constexpr std::string_view to_text(Mutant mutant) {
  return mutant_names[static_cast<std::size_t>(mutant)];
}

#ifdef ROLLCALL_MUTANTS
/// The mistake that everybody in this process makes from now on.
void choose_mutant(Mutant mutant);
[[nodiscard]] bool is_mutant(Mutant mutant);
#else
[[nodiscard]] constexpr bool is_mutant(Mutant) {
  return false;
}
#endif

}  // namespace rollcall::registry
