// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// What a leader does: takes commands, sends entries, and counts what is stored.
///
/// Source: Ongaro 2014, sections 3.5, 3.6.2 (only entries of the own term are committed by
///         counting), 10.2.1 (the leader's disk writes while the entries travel).
namespace rollcall::consensus::raft {

Progress* Raft::State::peer(VoterId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

void Raft::State::append_own(EntryKind kind, ByteVector payload) {
  Entry entry{.index = next(log.last().index),
              .term = hard.term,
              .kind = kind,
              .payload = std::move(payload)};
  uncommitted_bytes_ += size_of(entry);
  log.append(std::move(entry));
}

std::expected<Position, ProposeError> Raft::State::propose(ByteVector command) {
  if (role != Role::leader) return std::unexpected(ProposeError::not_leader);
  if (command.size() > config.command_bytes_max) return std::unexpected(ProposeError::too_large);
  if (transfer_) return std::unexpected(ProposeError::transferring);
  const bool full = distance(commit, log.last().index) >= config.uncommitted_entries_max ||
                    (uncommitted_bytes_ > 0 &&
                     uncommitted_bytes_ + command.size() > config.uncommitted_bytes_max);
  if (full) return std::unexpected(ProposeError::backlog);
  append_own(EntryKind::command, std::move(command));
  return log.last();
}

bool Raft::State::has_quorum_contact() const {
  const auto heard =
      static_cast<std::size_t>(std::ranges::count_if(membership().voters, [this](VoterId voter) {
        if (voter == config.self) return true;
        return now_ - peers_.at(voter).heard < config.election_timeout;
      }));
  return heard >= membership().quorum();
}

void Raft::State::heartbeat() {
  heartbeat_at_ = now_ + config.heartbeat_interval;
  // A disk that hangs is as bad as one that refuses: somebody else may have a better one.
  const bool hangs = store_ && now_ - store_->since > 2 * config.election_timeout &&
                     membership().voters.size() > 1;
  if (hangs || !has_quorum_contact()) return step_down();
  if (transfer_) transfer_->asked = false;
  for (auto& [id, peer] : peers_) {
    switch (peer.mode) {
      case Progress::Mode::probe:
        peer.waiting = false;  // the probe may be lost: settle_leader() sends it again
        break;
      case Progress::Mode::snapshot:
        if (now_ - peer.chunk_sent >= config.election_timeout) peer.waiting = false;
        send_heartbeat(id, peer);
        break;
      case Progress::Mode::replicate:
        send_heartbeat(id, peer);
        break;
    }
  }
}

/// Without entries. Says the position before the next entry, so that a follower that lost some
/// objects; or none to one that receives a snapshot.
void Raft::State::send_heartbeat(VoterId to, Progress& peer) {
  Append append{
      .term = hard.term, .previous = {}, .commit = commit, .round = round_, .entries = {}};
  const Index before = previous(peer.next);
  const auto term = log.term_at(before);
  if (peer.mode != Progress::Mode::snapshot && term) {
    append.previous = {.term = *term, .index = before};
    peer.commit_sent = commit;
  }
  send(to, std::move(append));
}

void Raft::State::send_append(VoterId to, Progress& peer) {
  const Index before = previous(peer.next);
  Append append{.term = hard.term,
                .previous = {.term = log.term_at(before).value(), .index = before},
                .commit = commit,
                .round = round_,
                .entries = log.copy(peer.next, log.last().index, config.append_entries_max,
                                    config.append_bytes_max)};
  peer.commit_sent = commit;
  if (peer.mode == Progress::Mode::replicate) {
    peer.next = advanced(peer.next, append.entries.size());
    peer.in_flight.push_back(previous(peer.next));
  } else {
    peer.waiting = true;
  }
  send(to, std::move(append));
}

/// Sends what the peer lacks and its window has room for.
void Raft::State::pump(VoterId to, Progress& peer) {
  const bool needs_snapshot = !log.term_at(previous(peer.next)).has_value();
  if (peer.mode != Progress::Mode::snapshot && needs_snapshot) {
    ROLLCALL_CHECK(snapshot.has_value());
    peer.begin_snapshot(*snapshot);
  }
  switch (peer.mode) {
    case Progress::Mode::snapshot:
      return send_chunk(to, peer);
    case Progress::Mode::probe:
      if (!peer.waiting) send_append(to, peer);
      return;
    case Progress::Mode::replicate:
      break;
  }
  while (peer.next <= log.last().index && peer.in_flight.size() < config.append_window &&
         log.term_at(previous(peer.next))) {
    send_append(to, peer);
  }
  // Nothing follows that would carry the news.
  if (peer.next > log.last().index && peer.commit_sent < commit) send_heartbeat(to, peer);
}

void Raft::State::on(VoterId from, AppendReply& reply) {
  if (reply.term > hard.term) return become_follower(reply.term, VoterId::nobody);
  Progress* sender = peer(from);
  const bool of_this_term = reply.term == hard.term || is_mutant(Mutant::counts_old_answers);
  if (role != Role::leader || !of_this_term || sender == nullptr) return;
  if (reply.match > log.last().index || reply.round > round_) {
    ++counters.impossible_messages;
    return;
  }
  sender->heard = now_;
  sender->round = std::max(sender->round, reply.round);
  if (reply.result == AppendResult::mismatch) return on_mismatch(*sender, reply);

  sender->matched(reply.match);
  if (sender->mode == Progress::Mode::probe) sender->begin_replicate();
  if (sender->mode == Progress::Mode::snapshot && next(sender->match) >= log.first()) {
    sender->begin_replicate();
  }
}

void Raft::State::on_mismatch(Progress& peer, const AppendReply& reply) {
  // Late answers: what was refused then is there now, or was not the last thing asked.
  if (peer.mode == Progress::Mode::snapshot || reply.refused <= peer.match) return;
  if (peer.mode == Progress::Mode::probe && reply.refused != previous(peer.next)) return;
  const Index hint = std::min(reply.match, previous(reply.refused));
  Index shared = hint;
  if (hint > log.base().index) shared = log.last_with_term_at_most(hint, reply.match_term);
  peer.begin_probe(next(std::max(shared, peer.match)));
}

void Raft::State::advance_commit() {
  std::vector<Index> matches;
  const Index own = is_mutant(Mutant::counts_unstored) ? log.last().index : stored;
  for (const VoterId voter : membership().voters) {
    matches.push_back(voter == config.self ? own : peers_.at(voter).match);
  }
  if (is_mutant(Mutant::counts_learners)) {
    for (const VoterId id : membership().learners) matches.push_back(peers_.at(id).match);
  }
  const auto place = static_cast<std::ptrdiff_t>(membership().quorum()) - 1;
  std::ranges::nth_element(matches, matches.begin() + place, std::ranges::greater{});
  const Index reached = matches[static_cast<std::size_t>(place)];
  // Entries of earlier terms may yet be replaced, however many have them, until one of this term
  // stands behind them (Figure 8 of the Raft papers).
  const bool own_term = log.term_at(reached) == hard.term || is_mutant(Mutant::counts_old_terms);
  if (reached <= commit || !own_term) return;
  for (Index index = next(commit); index <= reached; index = next(index)) {
    uncommitted_bytes_ -= size_of(log.at(index));
  }
  commit = reached;
}

bool Raft::State::committed_own_term() const {
  return role == Role::leader && commit >= term_start_;
}

void Raft::State::settle_leader() {
  if (role != Role::leader) return;
  advance_commit();
  for (auto& [id, peer] : peers_) pump(id, peer);
  continue_transfer();
}

void Raft::State::settle_apply() {
  const Index target = is_mutant(Mutant::applies_unstored) ? commit : std::min(commit, stored);
  if (applied >= target) return;
  effects_->add(Apply{.first = next(applied), .last = target});
  applied = target;
}

}  // namespace rollcall::consensus::raft
