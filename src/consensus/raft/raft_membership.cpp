// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// Membership changes, one at a time, and the handing over of leadership.
///
/// Source: Ongaro 2014, sections 3.10, 4.1, 4.2; Ongaro, "bug in single-server membership changes",
///         raft-dev, 10 July 2015: no change before an entry of the own term is committed.
namespace rollcall::consensus::raft {

std::expected<Position, ChangeError> Raft::State::change(const MembershipChange& wanted) {
  if (role != Role::leader) return std::unexpected(ChangeError::not_leader);
  if (transfer_) return std::unexpected(ChangeError::transferring);
  if (!committed_own_term() && !is_mutant(Mutant::changes_at_once)) {
    return std::unexpected(ChangeError::not_ready);
  }
  if (memberships_.back().index > commit && !is_mutant(Mutant::changes_side_by_side)) {
    return std::unexpected(ChangeError::in_progress);
  }
  auto after = changed(membership(), wanted);
  if (!after) return std::unexpected(ChangeError::invalid);
  if (wanted.kind == ChangeKind::promote && !has_caught_up(wanted.member)) {
    return std::unexpected(ChangeError::not_caught_up);
  }
  append_own(EntryKind::membership, encode(*after));
  note_membership(log.last().index, std::move(*after));
  return log.last();
}

bool Raft::State::has_caught_up(VoterId id) {
  // A leader that made itself a learner, and has not stepped down for it yet.
  if (id == config.self) return true;
  const Progress* learner = peer(id);
  return learner != nullptr && learner->mode == Progress::Mode::replicate &&
         distance(learner->match, log.last().index) <= config.promote_gap_max &&
         now_ - learner->heard < config.election_timeout;
}

/// Committed, as far as this member knows: one that is behind may not know of the latest entry into
/// the group, so that only who hears no leader is to believe it.
bool Raft::State::knows_is_no_member(VoterId id) const {
  return memberships_.back().index <= commit && term_stored() &&
         membership().is_member(config.self) && !membership().is_member(id);
}

void Raft::State::note_membership(Index index, Membership membership) {
  ROLLCALL_CHECK(memberships_.empty() || index > memberships_.back().index);
  effects_->add(MembershipChanged{membership, index, Settled::appended});
  memberships_.push_back({index, std::move(membership)});
  if (role == Role::leader) {
    sync_peers();
  } else if (election_at_ == never || memberships_.back().membership.voters.size() == 1) {
    arm_election();
  }
}

/// One Progress for every member but this one.
void Raft::State::sync_peers() {
  std::erase_if(peers_, [this](const auto& peer) { return !membership().is_member(peer.first); });
  const auto add = [this](VoterId id) {
    if (id == config.self || peers_.contains(id)) return;
    Progress& peer = peers_[id];
    peer.heard = now_;
    peer.begin_probe(next(log.last().index));
  };
  for (const VoterId id : membership().voters) add(id);
  for (const VoterId id : membership().learners) add(id);
}

void Raft::State::settle_membership() {
  for (const MembershipAt& at : memberships_) {
    if (at.index <= membership_settled_ || at.index > applied) continue;
    effects_->add(MembershipChanged{at.membership, at.index, Settled::committed});
    membership_settled_ = at.index;
  }
  while (memberships_.size() > 1 && memberships_[1].index <= applied) {
    memberships_.erase(memberships_.begin());
  }
  const bool done = memberships_.back().index <= applied;
  if (role != Role::leader || !done || membership().is_voter(config.self)) return;
  // The others need not wait for the silence of a leader that took itself out.
  const VoterId heir = transfer_target();
  if (heir != VoterId::nobody) send(heir, TimeoutNow{hard.term});
  step_down();
}

VoterId Raft::State::transfer_target() const {
  VoterId best = VoterId::nobody;
  Index best_match{};
  for (const auto& [id, peer] : peers_) {
    const bool lives = now_ - peer.heard < config.election_timeout;
    if (!lives || !membership().is_voter(id)) continue;
    if (best != VoterId::nobody && peer.match <= best_match) continue;
    best = id;
    best_match = peer.match;
  }
  return best;
}

std::expected<void, TransferError> Raft::State::transfer(VoterId to) {
  if (role != Role::leader) return std::unexpected(TransferError::not_leader);
  if (transfer_) return std::unexpected(TransferError::busy);
  if (to == config.self || !membership().is_voter(to)) {
    return std::unexpected(TransferError::not_voter);
  }
  transfer_ = {.to = to, .until = now_ + config.election_timeout};
  return {};
}

/// Once the heir has the whole log, and again with each heartbeat, as words may be lost.
void Raft::State::continue_transfer() {
  if (!transfer_ || transfer_->asked) return;
  const Progress* heir = peer(transfer_->to);
  if (heir == nullptr || heir->match != log.last().index) return;
  transfer_->asked = true;
  send(transfer_->to, TimeoutNow{hard.term});
}

void Raft::State::on(VoterId from, NotMember& message) {
  if (message.term < hard.term || trusts_leader()) return;
  effects_->add(Removed{.by = from, .term = message.term});
}

}  // namespace rollcall::consensus::raft
