// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// Linearizable reads without a log entry: one round of heartbeats confirms the leader for all
/// reads that waited for it. One round is open at a time; a lost one rides on the next heartbeats.
///
/// Source: Ongaro 2014, section 6.4.
namespace rollcall::consensus::raft {

std::expected<void, ReadError> Raft::State::read(ReadId id) {
  if (role != Role::leader) return std::unexpected(ReadError::not_leader);
  const std::size_t pending = reads_waiting_.size() + reads_open_.size() + reads_confirmed_.size();
  if (pending >= config.reads_max) return std::unexpected(ReadError::backlog);
  reads_waiting_.push_back(id);
  return {};
}

void Raft::State::fail_reads() {
  for (const PendingRead& read : reads_confirmed_) effects_->add(ReadFailed{read.id});
  for (const PendingRead& read : reads_open_) effects_->add(ReadFailed{read.id});
  for (const ReadId id : reads_waiting_) effects_->add(ReadFailed{id});
  reads_confirmed_.clear();
  reads_open_.clear();
  reads_waiting_.clear();
  round_open_ = false;
}

void Raft::State::settle_reads() {
  if (role != Role::leader) return;
  const auto confirmed = [this] {
    const auto votes =
        static_cast<std::size_t>(std::ranges::count_if(membership().voters, [this](VoterId voter) {
          return voter == config.self || peers_.at(voter).round >= round_ ||
                 is_mutant(Mutant::reads_unconfirmed);
        }));
    return votes >= membership().quorum();
  };
  const auto close = [&] {
    if (!round_open_ || !confirmed()) return;
    reads_confirmed_.insert(reads_confirmed_.end(), reads_open_.begin(), reads_open_.end());
    reads_open_.clear();
    round_open_ = false;
  };
  close();
  // Before an entry of its own term is committed, a leader may not know what is.
  if (!round_open_ && !reads_waiting_.empty() &&
      (committed_own_term() || is_mutant(Mutant::reads_before_own_term))) {
    if (!is_mutant(Mutant::reads_on_old_confirmation) || round_ == 0) ++round_;
    round_open_ = true;
    for (const ReadId id : reads_waiting_) reads_open_.push_back({.id = id, .index = commit});
    reads_waiting_.clear();
    for (auto& [id, peer] : peers_) {
      if (membership().is_voter(id)) send_heartbeat(id, peer);
    }
    close();
  }
  while (!reads_confirmed_.empty() && reads_confirmed_.front().index <= applied) {
    effects_->add(
        ReadReady{.id = reads_confirmed_.front().id, .index = reads_confirmed_.front().index});
    reads_confirmed_.pop_front();
  }
}

}  // namespace rollcall::consensus::raft
