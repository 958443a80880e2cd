// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Deliberately broken replicas, as core/mutants.hpp has broken members: each mutant is one mistake
/// that an implementer of Raft could make, or that a shipped library did make, at the place where
/// it would be made. The checkers of the simulated group are believed because they object to every
/// one of them (tests/simulation/known_bad/raft).
///
/// In the library that everybody links, is_mutant() is false at compile time. Only
/// rollcall_consensus_mutable, made of the same sources with ROLLCALL_MUTANTS defined, has the one
/// global that chooses a mutant.
///
/// Limits: hooks are in sources only, never in a header.
namespace rollcall::consensus::raft {

enum class Mutant : std::uint8_t {
  none,
  // Elections.
  forgets_vote,           // a restarted replica does not know whom it voted for
  votes_twice,            // in one term, for whoever asks
  votes_for_anybody,      // without a look at the candidate's log
  tells_unstored_vote,    // the grant leaves before the disk has the vote
  campaigns_unstored,     // asks for votes before its vote and its log are on the disk
  learners_elect,         // the votes of learners count
  any_vote_reply_counts,  // also one given in an earlier term
  // Replication.
  skips_previous,         // appends without comparing the entry before
  stale_append_cuts,      // an old append takes back what came after it
  commits_beyond_match,   // what the leader committed, though its own log may differ there
  acknowledges_unstored,  // answers before its disk has the entries
  applies_unstored,       // hands over what a crash may take back
  counts_old_terms,       // commits entries of earlier terms by counting (figure 8)
  counts_unstored,        // a leader counts itself before its own disk has the entries
  counts_learners,        // what learners have counts
  counts_old_answers,     // an answer of an earlier term counts
  // Membership.
  changes_at_once,       // changes the voters before its own term has a commit (2015)
  changes_side_by_side,  // begins a change before the one before is committed
  forgets_rolled_back,   // a replaced change stays in force
  // Reads.
  reads_unconfirmed,          // answers without asking whether it still leads
  reads_before_own_term,      // answers before it knows what is committed
  reads_on_old_confirmation,  // an answer to an earlier round counts
  // Snapshots.
  snapshot_of_later_voters,  // a snapshot has the membership in force, not that at its end
  snapshot_cuts_log,         // a received snapshot takes away what the log has beyond it
};

inline constexpr std::array mutant_names = {
    std::string_view("none"),
    std::string_view("forgets_vote"),
    std::string_view("votes_twice"),
    std::string_view("votes_for_anybody"),
    std::string_view("tells_unstored_vote"),
    std::string_view("campaigns_unstored"),
    std::string_view("learners_elect"),
    std::string_view("any_vote_reply_counts"),
    std::string_view("skips_previous"),
    std::string_view("stale_append_cuts"),
    std::string_view("commits_beyond_match"),
    std::string_view("acknowledges_unstored"),
    std::string_view("applies_unstored"),
    std::string_view("counts_old_terms"),
    std::string_view("counts_unstored"),
    std::string_view("counts_learners"),
    std::string_view("counts_old_answers"),
    std::string_view("changes_at_once"),
    std::string_view("changes_side_by_side"),
    std::string_view("forgets_rolled_back"),
    std::string_view("reads_unconfirmed"),
    std::string_view("reads_before_own_term"),
    std::string_view("reads_on_old_confirmation"),
    std::string_view("snapshot_of_later_voters"),
    std::string_view("snapshot_cuts_log"),
};
static_assert(mutant_names.size() == static_cast<std::size_t>(Mutant::snapshot_cuts_log) + 1);

constexpr std::string_view to_text(Mutant mutant) {
  return mutant_names[static_cast<std::size_t>(mutant)];
}

#ifdef ROLLCALL_MUTANTS
/// The mistake that every replica of this process makes from now on.
void choose_mutant(Mutant mutant);
[[nodiscard]] bool is_mutant(Mutant mutant);
#else
[[nodiscard]] constexpr bool is_mutant(Mutant) {
  return false;
}
#endif

}  // namespace rollcall::consensus::raft
