// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// What a follower does with entries, and what it answers once they are stored.
///
/// Source: Ongaro 2014, section 3.5.
namespace rollcall::consensus::raft {

/// Whether the sender leads in a term that this replica accepts, which then follows it.
bool Raft::State::follow(VoterId from, Term of) {
  if (of < hard.term) {
    refuse_old_leader(from);
    return false;
  }
  if (of > hard.term || role == Role::candidate || role == Role::pre_candidate) {
    become_follower(of, from);
  }
  if (role == Role::leader || (leader != VoterId::nobody && leader != from)) {
    ++counters.impossible_messages;  // a second leader in this term
    return false;
  }
  leader = from;
  leader_heard_ = now_;
  arm_election();
  return true;
}

void Raft::State::refuse_old_leader(VoterId from) {
  if (!term_stored()) return;
  send(from, AppendReply{.term = hard.term, .result = AppendResult::mismatch});
}

bool Raft::State::is_well_formed(const Append& append) const {
  Position before = append.previous;
  if (before.term > append.term) return false;
  return std::ranges::all_of(append.entries, [&](const Entry& entry) {
    const bool follows =
        entry.index == next(before.index) && entry.term >= before.term && entry.term <= append.term;
    before = {.term = entry.term, .index = entry.index};
    if (entry.kind == EntryKind::membership) {
      return follows && decode_membership(entry.payload).has_value();
    }
    return follows;
  });
}

void Raft::State::on(VoterId from, Append& append) {
  if (!is_well_formed(append)) {
    ++counters.messages_refused;
    return;
  }
  if (!follow(from, append.term)) return;
  // The log is about to be replaced whole; the leader will ask again.
  if (installing()) return;
  reply_round_ = std::max(reply_round_, append.round);

  const Index at = append.previous.index;
  const bool follows = log.contains(append.previous) ||
                       (is_mutant(Mutant::skips_previous) && at <= log.last().index);
  if (at >= log.base().index && !follows) {
    if (at <= commit) {
      ++counters.impossible_messages;  // the leader lacks what is committed
      return;
    }
    reply_ = mismatch(append);
    return;
  }
  take_entries(append);
}

/// Whether entries that begin before the log's base have another term than the base itself.
bool Raft::State::is_beside_base(const Append& append) const {
  return std::ranges::any_of(append.entries, [this](const Entry& entry) {
    return entry.index == log.base().index && entry.term != log.base().term;
  });
}

void Raft::State::take_entries(Append& append) {
  const Index reaches = advanced(append.previous.index, append.entries.size());
  const auto conflict = std::ranges::find_if(append.entries, [this](const Entry& entry) {
    return entry.index > log.base().index && log.term_at(entry.index) != entry.term;
  });
  if (is_mutant(Mutant::stale_append_cuts) && reaches < log.last().index && reaches > commit) {
    follower_match_ = std::min(follower_match_, reaches);
    truncate(next(reaches));
  }
  if (conflict != append.entries.end()) {
    // Against what is committed, before what the log begins after, or of what this leader said.
    if (conflict->index <= commit || is_beside_base(append) ||
        (log.has(conflict->index) && conflict->index <= follower_match_)) {
      ++counters.impossible_messages;
      return;
    }
    // A disk that refuses or lags must not fill the memory.
    if (store_failing || distance(stored, reaches) > 2 * config.uncommitted_entries_max) return;
    if (log.has(conflict->index)) truncate(conflict->index);
    for (auto entry = conflict; entry != append.entries.end(); ++entry) {
      const Index index = entry->index;
      std::optional<Membership> found;
      if (entry->kind == EntryKind::membership) found = decode_membership(entry->payload);
      log.append(std::move(*entry));
      if (found) note_membership(index, std::move(*found));
    }
  }
  follower_match_ = std::max(follower_match_, reaches);
  const bool beyond = is_mutant(Mutant::commits_beyond_match);
  commit = std::max(commit, std::min(append.commit, beyond ? log.last().index : follower_match_));
  if (append.entries.empty() || follower_match_ <= stored ||
      is_mutant(Mutant::acknowledges_unstored)) {
    reply_ = AppendReply{.result = AppendResult::accepted};
  } else {
    reply_when_stored_ = true;
  }
}

AppendReply Raft::State::mismatch(const Append& append) const {
  const Index below = std::min(previous(append.previous.index), log.last().index);
  const Index hint = log.last_with_term_at_most(below, append.previous.term);
  return {.term = hard.term,
          .result = AppendResult::mismatch,
          .match = hint,
          .match_term = log.term_at(hint).value_or(Term::none),
          .refused = append.previous.index};
}

void Raft::State::truncate(Index from) {
  ROLLCALL_CHECK(from > commit);
  ROLLCALL_CHECK(from > follower_match_);
  log.truncate(from);
  stored = std::min(stored, previous(from));
  if (store_) store_->last = std::min(store_->last, previous(from));
  bool rolled_back = false;
  while (memberships_.back().index >= from && !is_mutant(Mutant::forgets_rolled_back)) {
    memberships_.pop_back();
    rolled_back = true;
  }
  if (rolled_back) {
    effects_->add(MembershipChanged{memberships_.back().membership, memberships_.back().index,
                                    Settled::appended});
  }
}

/// Answers speak of the term, so that they wait until it is stored; a vote waits for itself too.
void Raft::State::settle_replies() {
  const bool needs_vote_stored = vote_reply_ && vote_reply_->reply.vote == Vote::granted &&
                                 !is_mutant(Mutant::tells_unstored_vote);
  if (vote_reply_ && (needs_vote_stored ? stored_hard == hard : term_stored())) {
    send(vote_reply_->to, vote_reply_->reply);
    vote_reply_.reset();
  }
  if (role != Role::follower || leader == VoterId::nobody || !term_stored()) return;
  if (reply_) {
    reply_->term = hard.term;
    reply_->round = reply_round_;
    if (reply_->result == AppendResult::accepted) {
      reply_->match = is_mutant(Mutant::acknowledges_unstored) ? follower_match_
                                                               : std::min(follower_match_, stored);
    }
    send(leader, *reply_);
    reply_.reset();
  }
  if (install_reply_) {
    install_reply_->term = hard.term;
    install_reply_->round = reply_round_;
    send(leader, *install_reply_);
    install_reply_.reset();
  }
}

}  // namespace rollcall::consensus::raft
