// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Deliberately broken agreement above the raft core, which has mutants of its own
/// (raft/mutants.hpp): see registry/mutants.hpp. They are in rollcall_consensus_mutable.
///
/// Limits: hooks are in sources only, never in a header.
namespace rollcall::consensus {

enum class Mutant : std::uint8_t {
  none,
  reads_what_is_here,     // a linearizable read is answered without asking the leader
  fetch_skips_entries,    // who follows without a vote is not given all
  proposal_is_answer,     // a write is acknowledged when it is proposed
  heartbeat_unconfirmed,  // a leader takes heartbeats without asking whether it still leads
  reset_not_told,         // readers are not told that views were skipped
};

inline constexpr std::array mutant_names = {
    std::string_view("none"),
    std::string_view("reads_what_is_here"),
    std::string_view("fetch_skips_entries"),
    std::string_view("proposal_is_answer"),
    std::string_view("heartbeat_unconfirmed"),
    std::string_view("reset_not_told"),
};
static_assert(mutant_names.size() == static_cast<std::size_t>(Mutant::reset_not_told) + 1);

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

}  // namespace rollcall::consensus
