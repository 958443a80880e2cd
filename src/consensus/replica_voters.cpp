// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/replica_state.hpp"

/// Who leads, and what the leader does about who votes.
namespace rollcall::consensus {
namespace {

/// How often the leader looks at its voters when nothing calls for it; they may be silent, too.
constexpr Duration keep_interval = std::chrono::seconds(1);

}  // namespace

void Replica::State::settle_voters() {
  if (!leads() || now_ < keep_at_) return;
  const auto progress = raft_->peers();
  const raft::Membership membership = raft_->membership();
  const auto steps = keeper_.next({.membership = membership,
                                   .progress = progress,
                                   .self = config_.raft.self,
                                   .self_leaves = leaves_,
                                   .log = log_,
                                   .listens_since = listens_since_,
                                   .now = now_});
  // Beforehand: what is taken may be committed at once, and ask for the next step.
  keep_at_ = now_ + (steps.empty() ? keep_interval : config_.raft.heartbeat_interval);
  for (const VoterStep& step : steps) {
    if (take(step)) return;
  }
}

bool Replica::State::take(const VoterStep& step) {
  bool taken = false;
  with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    if (const auto* change = std::get_if<raft::MembershipChange>(&step)) {
      taken = raft.change(*change, at, out).has_value();
    } else {
      taken = raft.transfer(std::get<HandOver>(step).to, at, out).has_value();
    }
  });
  return taken;
}

void Replica::State::prepare_to_leave() {
  leaves_ = true;
  if (leads()) keep_at_ = now_;
}

bool Replica::State::has_handed_over() const {
  if (!leaves_) return false;
  if (!leads()) return true;
  const auto progress = raft_->peers();
  return !keeper_.has_heir({.membership = raft_->membership(),
                            .progress = progress,
                            .self = config_.raft.self,
                            .self_leaves = true,
                            .log = log_,
                            .listens_since = listens_since_,
                            .now = now_});
}

std::string_view Replica::State::leader_now() const {
  if (raft_ && raft_->leader() != raft::VoterId::nobody) return name_of(raft_->leader());
  // Whoever names this member speaks of what is over.
  if (!has_learned() || learned_.leader == config_.self) return {};
  return participates() && learned_.term <= raft_->term() ? std::string_view() : learned_.leader;
}

raft::Term Replica::State::term_now() const {
  const raft::Term own = raft_ ? raft_->term() : raft::Term::none;
  if (raft_ && raft_->leader() != raft::VoterId::nobody) return own;
  return leader_now().empty() ? std::max(own, learned_.term) : learned_.term;
}

bool Replica::State::is_leading_now() const {
  return leads() && led_term_ == raft_->term() && raft_->applied() >= term_start_;
}

void Replica::State::settle_leadership() {
  const bool is_leading = is_leading_now();
  const std::uint64_t term = raft::number(term_now());
  const std::string_view leader = leader_now();
  if (leadership_.is_leading == is_leading && leadership_.term == term &&
      leadership_.leader == leader) {
    return;
  }
  if (leadership_.leader != leader) fail_reads_of(leadership_.leader);
  leadership_ = {.is_leading = is_leading, .term = term, .leader = std::string(leader)};
  leader_news_ = true;
  emit(leadership_);
}

}  // namespace rollcall::consensus
