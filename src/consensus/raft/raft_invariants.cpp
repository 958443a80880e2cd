// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "consensus/raft/raft_state.hpp"

/// What one replica alone can know of its safety; checked after every input in every build, so each
/// fact is O(members), never O(log). The facts between replicas are the simulator's to check.
namespace rollcall::consensus::raft {

void Raft::State::check_invariants() const {
  // The log, and how far it is stored, committed and applied.
  ROLLCALL_CHECK(applied <= commit);
  ROLLCALL_CHECK(applied <= stored);
  ROLLCALL_CHECK(stored <= log.last().index);
  ROLLCALL_CHECK(commit <= log.last().index);
  ROLLCALL_CHECK(log.base().index <= applied);
  ROLLCALL_CHECK(log.last().term <= hard.term);
  ROLLCALL_CHECK(!snapshot || snapshot->last.index <= applied);
  ROLLCALL_CHECK(!snapshot || log.base().index <= snapshot->last.index);
  ROLLCALL_CHECK(snapshot || log.base().index == Index::none);
  ROLLCALL_CHECK(follower_match_ <= log.last().index);

  // What the disk has is never ahead of what the replica wants it to have.
  ROLLCALL_CHECK(stored_hard.term <= hard.term);
  ROLLCALL_CHECK(stored_hard.term < hard.term || stored_hard.voted_for == VoterId::nobody ||
                 stored_hard.voted_for == hard.voted_for);
  ROLLCALL_CHECK(!store_ || store_->last <= log.last().index || store_->install);

  // Memberships: one change beyond the committed one at most.
  ROLLCALL_CHECK(!memberships_.empty());
  ROLLCALL_CHECK(memberships_.front().index <= applied);
  ROLLCALL_CHECK(memberships_.back().index <= log.last().index);

  // Roles.
  if (role == Role::leader) {
    ROLLCALL_CHECK(leader == config.self);
    ROLLCALL_CHECK(stored_hard == hard && hard.voted_for == config.self);
    ROLLCALL_CHECK(term_start_ > Index::none &&
                   log.term_at(term_start_).value_or(hard.term) == hard.term);
    ROLLCALL_CHECK(memberships_.size() == 1 || memberships_.back().index > applied);
    ROLLCALL_CHECK(!installing() && !store_failing);
    for (const auto& [id, peer] : peers_) {
      ROLLCALL_CHECK(membership().is_member(id) && id != config.self);
      ROLLCALL_CHECK(peer.match <= log.last().index && peer.next > peer.match);
      ROLLCALL_CHECK(peer.next <= next(log.last().index));
      ROLLCALL_CHECK(peer.in_flight.size() <= config.append_window);
      ROLLCALL_CHECK(peer.round <= round_);
    }
  } else {
    ROLLCALL_CHECK(peers_.empty() && leader != config.self);
    ROLLCALL_CHECK(reads_waiting_.empty() && reads_open_.empty() && reads_confirmed_.empty());
  }
  ROLLCALL_CHECK(role != Role::candidate || hard.voted_for == config.self);
  ROLLCALL_CHECK(role == Role::follower || !installing());
}

}  // namespace rollcall::consensus::raft
