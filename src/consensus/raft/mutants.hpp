// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/mutants.hpp"

/// Deliberately broken replicas (base/mutants.hpp): each mutant is one mistake that an implementer
/// of Raft could make, or that a shipped library did make, at the place where it would be made.
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

}  // namespace rollcall::consensus::raft
