// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// Elections: pre-votes, votes, and how leadership begins and ends.
///
/// Source: Ongaro 2014, sections 3.4, 3.6.1, 4.2.3 (whoever hears a leader votes for nobody), 6.2
///         (a leader without a majority steps down), 9.6 (pre-vote).
namespace rollcall::consensus::raft {

/// Also who is voter no more, as long as that may not be committed: perhaps nobody else has an
/// up-to-date log, and without its candidacy there would never be a leader again (Ongaro 2014,
/// section 4.2.2). All memberships but the last are committed.
bool Raft::State::is_eligible() const {
  const std::size_t size = memberships_.size();
  return membership().is_voter(config.self) ||
         (size > 1 && memberships_[size - 2].membership.is_voter(config.self));
}

void Raft::State::arm_election() {
  if (!is_eligible()) {
    // No candidate; the deadline only serves to forget a silent leader.
    election_at_ = leader == VoterId::nobody ? never : now_ + 2 * config.election_timeout;
    return;
  }
  if (membership().voters.size() == 1 && membership().is_voter(config.self)) {
    election_at_ = now_;
    return;
  }
  election_at_ = now_ + prng_.between(config.election_timeout, 2 * config.election_timeout);
}

/// The voters campaign one after the other, in the order of their ids, so that votes are not split:
/// the first leaves the verdict the time to reach the others, who ignore requests until it has;
/// each further one leaves those before it the time to win.
void Raft::State::on_failed(VoterId replica) {
  if (role != Role::follower || replica == VoterId::nobody || leader != replica) return;
  leader = VoterId::nobody;
  arm_election();
  if (!is_eligible()) return;
  const auto before = std::ranges::count_if(
      membership().voters, [&](VoterId voter) { return voter < config.self && voter != replica; });
  const Duration step = config.election_timeout / 10;
  election_at_ =
      std::min(election_at_, now_ + before * step + prng_.between(step / 3, 2 * step / 3));
}

bool Raft::State::can_campaign() const {
  return is_eligible() && !store_failing && !installing();
}

bool Raft::State::trusts_leader() const {
  if (role == Role::leader) return true;
  return leader != VoterId::nobody && now_ - leader_heard_ < config.election_timeout;
}

void Raft::State::become_follower(Term term, VoterId of) {
  if (role == Role::leader) leave_leadership();
  if (term > hard.term) {
    hard = {.term = term, .voted_for = VoterId::nobody};
    follower_match_ = Index::none;
    reply_round_ = 0;
    reply_when_stored_ = false;
    reply_.reset();
    install_reply_.reset();
    vote_reply_.reset();
    // Two leaders' snapshots of one index need not be the same bytes.
    receiving_.reset();
  }
  role = Role::follower;
  leader = of;
  votes_.clear();
  arm_election();
}

void Raft::State::step_down() {
  become_follower(hard.term, VoterId::nobody);
}

void Raft::State::leave_leadership() {
  ++counters.stepped_down;
  fail_reads();
  peers_.clear();
  transfer_.reset();
  heartbeat_at_ = never;
  term_start_ = Index::none;
}

void Raft::State::campaign(VoteKind kind, CampaignCause cause) {
  if (kind == VoteKind::pre_vote) {
    become_follower(hard.term, VoterId::nobody);
    role = Role::pre_candidate;
    votes_[config.self] = Vote::granted;
    ask_for_votes({.term = next(hard.term), .kind = kind, .cause = cause, .last = log.last()});
    return count_votes();
  }
  ++counters.campaigns;
  become_follower(next(hard.term), VoterId::nobody);
  hard.voted_for = config.self;
  role = Role::candidate;
  cause_ = cause;
  asked_for_votes_ = false;
  // Also a single voter gives its disk the time to keep the vote.
  election_at_ = now_ + prng_.between(config.election_timeout, 2 * config.election_timeout);
}

/// Only when the own vote is on the disk, and with it, because stores keep their order, the whole
/// log that the requests speak of.
void Raft::State::settle_election() {
  if (role != Role::candidate || asked_for_votes_) return;
  const bool is_stored = stored_hard == hard && stored == log.last().index;
  if (!is_stored && !is_mutant(Mutant::campaigns_unstored)) return;
  asked_for_votes_ = true;
  votes_[config.self] = Vote::granted;
  ask_for_votes({.term = hard.term, .kind = VoteKind::vote, .cause = cause_, .last = log.last()});
  count_votes();
}

void Raft::State::ask_for_votes(const VoteRequest& request) {
  for (const VoterId voter : membership().voters) {
    if (voter != config.self) send(voter, request);
  }
  if (!is_mutant(Mutant::learners_elect)) return;
  for (const VoterId learner : membership().learners) send(learner, request);
}

void Raft::State::count_votes() {
  const auto granted = static_cast<std::size_t>(std::ranges::count_if(votes_, [this](auto& vote) {
    const bool counts = membership().is_voter(vote.first) || is_mutant(Mutant::learners_elect);
    return counts && vote.second == Vote::granted;
  }));
  if (granted < membership().quorum()) return;
  if (role == Role::pre_candidate) {
    if (can_campaign()) campaign(VoteKind::vote, CampaignCause::silence);
    return;
  }
  become_leader();
}

void Raft::State::become_leader() {
  ROLLCALL_CHECK(role == Role::candidate);
  ROLLCALL_CHECK(stored_hard == hard && hard.voted_for == config.self);
  ++counters.elections_won;
  role = Role::leader;
  leader = config.self;
  votes_.clear();
  receiving_.reset();
  election_at_ = never;
  heartbeat_at_ = now_ + config.heartbeat_interval;
  round_ = 0;
  round_open_ = false;
  uncommitted_bytes_ = 0;
  for (Index index = next(commit); index <= log.last().index; index = next(index)) {
    uncommitted_bytes_ += size_of(log.at(index));
  }
  peers_.clear();
  sync_peers();
  append_own(EntryKind::no_op, {});
  term_start_ = log.last().index;
}

void Raft::State::on(VoterId from, VoteRequest& request) {
  if (trusts_leader() && request.cause != CampaignCause::transfer) {
    if (knows_is_no_member(from)) send(from, NotMember{hard.term});
    return;
  }
  if (request.kind == VoteKind::pre_vote) return on_pre_vote(from, request);
  on_vote(from, request);
}

void Raft::State::on_pre_vote(VoterId from, const VoteRequest& request) {
  const bool has_all = request.last >= log.last() || is_mutant(Mutant::votes_for_anybody);
  const bool granted = request.term > hard.term && has_all;
  // A term that the disk may yet forget is not spoken of.
  if (!granted && !term_stored()) return;
  send(from, VoteReply{.term = granted ? request.term : hard.term,
                       .kind = VoteKind::pre_vote,
                       .vote = granted ? Vote::granted : Vote::refused});
}

void Raft::State::on_vote(VoterId from, const VoteRequest& request) {
  if (request.term > hard.term) become_follower(request.term, VoterId::nobody);
  const bool free =
      hard.voted_for == VoterId::nobody || hard.voted_for == from || is_mutant(Mutant::votes_twice);
  const bool has_all = request.last >= log.last() || is_mutant(Mutant::votes_for_anybody);
  const bool granted = request.term == hard.term && role == Role::follower && free &&
                       leader == VoterId::nobody && has_all;
  if (granted) {
    hard.voted_for = from;
    arm_election();
  }
  // A vote that waits for the disk is worth more than a refusal.
  if (!granted && vote_reply_ && vote_reply_->reply.vote == Vote::granted) return;
  vote_reply_ = {.to = from,
                 .reply = {.term = hard.term,
                           .kind = VoteKind::vote,
                           .vote = granted ? Vote::granted : Vote::refused}};
}

void Raft::State::on(VoterId from, VoteReply& reply) {
  if (reply.vote == Vote::refused && reply.term > hard.term) {
    return become_follower(reply.term, VoterId::nobody);
  }
  const bool pre = reply.kind == VoteKind::pre_vote;
  const bool asked =
      pre ? role == Role::pre_candidate : role == Role::candidate && asked_for_votes_;
  const bool of_this_campaign =
      reply.term == (pre ? next(hard.term) : hard.term) || is_mutant(Mutant::any_vote_reply_counts);
  const bool from_voter = membership().is_voter(from) || is_mutant(Mutant::learners_elect);
  if (!asked || !of_this_campaign || !from_voter) return;
  votes_[from] = reply.vote;
  count_votes();
}

void Raft::State::on(VoterId from, TimeoutNow& message) {
  if (message.term != hard.term || from != leader || role != Role::follower) return;
  if (can_campaign()) campaign(VoteKind::vote, CampaignCause::transfer);
}

}  // namespace rollcall::consensus::raft
