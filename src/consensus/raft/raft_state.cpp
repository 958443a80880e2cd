// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft_state.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"

namespace rollcall::consensus::raft {

Raft::State::State(const Config& wanted, Stored kept, std::uint64_t seed, Instant now)
    : config(wanted),
      hard(kept.hard),
      stored_hard(kept.hard),
      snapshot(std::move(kept.snapshot)),
      prng_(seed),
      now_(now) {
  Membership base;
  if (snapshot) {
    log = Log(snapshot->last);
    base = snapshot->membership;
  }
  if (is_mutant(Mutant::forgets_vote)) hard.voted_for = stored_hard.voted_for = VoterId::nobody;
  const Index begins = log.base().index;
  memberships_.push_back({begins, std::move(base)});
  for (Entry& entry : kept.entries) {
    if (entry.index <= begins) continue;
    if (entry.kind == EntryKind::membership) {
      memberships_.push_back({entry.index, decode_membership(entry.payload).value()});
    }
    log.append(std::move(entry));
  }
  stored = log.last().index;
  commit = applied = membership_settled_ = begins;
  keep_from_ = keep_from_stored_ = kept.entries.empty() ? log.first() : kept.entries.front().index;
  // A log that ends before the snapshot goes, for nothing can be added to it.
  if (!kept.entries.empty() && kept.entries.back().index < begins) keep_from_ = log.first();
  announced_ = {.role = role, .term = hard.term, .leader = leader};
  arm_election();
}

bool Raft::State::is_new() const {
  return hard == HardState{} && log.last() == Position{} && !store_ && !snapshot;
}

void Raft::State::begin(Instant now, Effects& effects) {
  ROLLCALL_CHECK(now >= now_);
  now_ = now;
  effects_ = &effects;
}

void Raft::State::bootstrap(const Membership& first) {
  ROLLCALL_CHECK(is_new());
  ROLLCALL_CHECK(first.is_valid() && !first.voters.empty());
  hard.term = next(Term::none);
  log.append({.index = log.first(),
              .term = hard.term,
              .kind = EntryKind::membership,
              .payload = encode(first)});
  note_membership(log.last().index, first);
}

void Raft::State::on_message(VoterId from, Message& message) {
  if (from == config.self || from == VoterId::nobody) {
    ++counters.messages_refused;
    return;
  }
  std::visit([&](auto& concrete) { on(from, concrete); }, message);
}

void Raft::State::on_deadline() {
  if (now_ >= retry_at_) retry_at_ = never;
  if (role == Role::leader) {
    if (transfer_ && now_ >= transfer_->until) {
      effects_->add(TransferFailed{transfer_->to});
      transfer_.reset();
    }
    if (now_ >= heartbeat_at_) heartbeat();
    return;
  }
  if (now_ < election_at_) return;
  leader = VoterId::nobody;
  if (can_campaign()) return campaign(VoteKind::pre_vote, CampaignCause::silence);
  if (role != Role::follower) step_down();
  election_at_ = is_eligible() ? now_ + config.election_timeout : never;
}

Instant Raft::State::next_deadline() const {
  Instant at = std::min(retry_at_, role == Role::leader ? heartbeat_at_ : election_at_);
  if (role == Role::leader && transfer_) at = std::min(at, transfer_->until);
  return at;
}

void Raft::State::settle() {
  settle_election();
  announce();
  settle_leader();
  settle_apply();
  settle_membership();
  settle_reads();
  settle_replies();
  settle_snapshot();
  settle_store();
  announce();
  effects_ = nullptr;
  check_invariants();
}

void Raft::State::send(VoterId to, Message message) {
  effects_->add(Send{to, std::move(message)});
}

void Raft::State::announce() {
  const Announced is{.role = role, .term = hard.term, .leader = leader};
  if (is == announced_) return;
  announced_ = is;
  effects_->add(RoleChanged{.role = role, .term = hard.term, .leader = leader});
}

std::vector<PeerStatus> Raft::State::peers() const {
  std::vector<PeerStatus> list;
  list.reserve(peers_.size());
  for (const auto& [id, peer] : peers_) {
    list.push_back({.id = id,
                    .match = peer.match,
                    .heard = peer.heard,
                    .receives_snapshot = peer.mode == Progress::Mode::snapshot});
  }
  return list;
}

}  // namespace rollcall::consensus::raft
