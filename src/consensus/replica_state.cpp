// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/replica_state.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace rollcall::consensus {
namespace {

/// Names of voters whom no member is known to be any more.
constexpr std::size_t forgotten_kept_max = 256;

}  // namespace

Replica::State::State(const ReplicaConfig& config, LogId log, std::optional<raft::Raft> raft,
                      Instant now)
    : config_(config),
      prng_(hash_combine(config.seed, hash_bytes(config.self))),
      start_(now),
      now_(now),
      raft_(std::move(raft)),
      log_(log),
      back_off_(config.fetch_retry_min),
      keeper_({.voters_wanted = config.voters_wanted,
               .replace_after = config.voter_replace_after,
               .heard_within = config.raft.election_timeout}) {}

void Replica::State::begin(Instant now, ReplicaEffects& effects) {
  ROLLCALL_CHECK(now >= now_);
  // A leader has something to do more often than that, unless it was stopped.
  if (leads() && now - now_ >= config_.raft.election_timeout) listens_since_ = now;
  now_ = now;
  effects_ = &effects;
  if (!std::exchange(started_, true)) give_up_stored_snapshot();
}

void Replica::State::give_up_stored_snapshot() {
  if (!raft_ || !raft_->snapshot()) return;
  const raft::SnapshotMeta& snapshot = *raft_->snapshot();
  effects_->emplace_back(raft::RestoreSnapshot{snapshot});
  effects_->emplace_back(GiveUpSnapshot{snapshot});
  delivered_ = served_ = snapshot.last.index;
}

void Replica::State::settle() {
  settle_begin();
  note_participation();
  settle_voters();
  settle_follow();
  settle_leadership();
  settle_reads();
  settle_held();
  check_invariants();
  effects_ = nullptr;
}

void Replica::State::note_participation() {
  if (!raft_) return;
  if (raft_->leader() != raft::VoterId::nobody) {
    leaderless_since_.reset();
    removed_ = false;
    if (participates()) note_freshness();
  } else if (!leaderless_since_) {
    leaderless_since_ = now_;
  }
}

/// What is given up is as fresh as the moment at which this member knew of nothing beyond it: a
/// disk that takes nothing holds it up, however well the leader is heard.
void Replica::State::note_freshness() {
  if (awaited_ && raft_->applied() < awaited_->commit) return;
  if (awaited_) sure_at_ = awaited_->known_at;
  awaited_ = {.commit = raft_->commit(), .known_at = now_};
  if (raft_->applied() >= awaited_->commit) sure_at_ = now_;
}

bool Replica::State::participates() const {
  return raft_ && !removed_ && raft_->membership().is_member(config_.raft.self) &&
         raft_->applied() >= delivered_;
}

void Replica::State::on_deadline() {
  if (!raft_ || now_ < raft_->next_deadline()) return;
  with_raft([](raft::Raft& raft, Instant at, raft::Effects& out) { raft.on_deadline(at, out); });
}

Instant Replica::State::next_deadline() const {
  if (!started_) return start_;
  Instant at = std::min({keep_at_, follow_deadline(), begin_deadline()});
  if (raft_) at = std::min(at, raft_->next_deadline());
  if (!held_due_.empty()) at = std::min(at, held_due_.begin()->first);
  if (!reads_due_.empty()) at = std::min(at, reads_due_.begin()->first);
  return at;
}

// --- who is who --------------------------------------------------------------------------------
void Replica::State::on_peers(const Peers& peers) {
  const std::optional<Life> led_before = leading_life();
  peers_ = peers;
  std::ranges::sort(peers_, {}, &Peer::name);
  for (const Peer& one : peers_) {
    if (one.voter == 0 || one.state == Peer::State::left) continue;
    std::string& name = names_[raft::VoterId{one.voter}];
    // Who lives has the better claim to an id.
    const Peer* known = peer(name);
    const bool stands = known != nullptr && known->voter == one.voter &&
                        known->state == Peer::State::alive && one.state != Peer::State::alive;
    if (!stands) name = one.name;
  }
  if (led_before && leading_life() != led_before) {
    with_raft([](raft::Raft& raft, Instant at, raft::Effects& out) {
      raft.on_failed(raft.leader(), at, out);
    });
  }
  note_return();
  if (names_.size() > peers_.size() + forgotten_kept_max) {
    std::erase_if(names_, [this](const auto& item) {
      return peer(item.second) == nullptr && !(raft_ && raft_->membership().is_member(item.first));
    });
  }
  keeper_.on_peers(peers_, now_);
  if (leads()) keep_at_ = now_;
  const Peer* source = source_.empty() ? nullptr : peer(source_);
  if (!source_.empty() && (source == nullptr || !is_source(*source))) fail_source();
  if (std::exchange(lacks_source_, false) && fetch_at_ != never) fetch_at_ = now_;
}

/// Of whom the raft core follows; nothing if that member is not known, or does not live.
std::optional<Life> Replica::State::leading_life() const {
  const Peer* const leader = raft_ ? peer(name_of(raft_->leader())) : nullptr;
  return leader != nullptr && leader->is_live() ? std::optional(leader->life) : std::nullopt;
}

/// Who has left and comes back stays.
void Replica::State::note_return() {
  const Peer* const self = peer(config_.self);
  if (self == nullptr) return;
  const bool is_here = self->is_live();
  const bool is_other = !own_life_.id.is_nobody() && self->life != own_life_;
  const bool is_back = is_here && (was_away_ || is_other);
  if (is_back) leaves_ = false;
  was_away_ = !is_here;
  own_life_ = self->life;
}

std::string_view Replica::State::name_of(raft::VoterId id) const {
  if (id == config_.raft.self && raft_) return config_.self;
  const auto found = names_.find(id);
  return found == names_.end() ? std::string_view() : std::string_view(found->second);
}

const Peer* Replica::State::peer(std::string_view name) const {
  const auto found = std::ranges::lower_bound(peers_, name, {}, &Peer::name);
  return found == peers_.end() || found->name != name ? nullptr : &*found;
}

// --- frames ------------------------------------------------------------------------------------
void Replica::State::on_frame(const std::string& from, Frame& frame) {
  if (from == config_.self) {
    ++counters_.frames_misdirected;
  } else if (auto* raft = std::get_if<RaftFrame>(&frame)) {
    on_raft_frame(from, *raft);
  } else if (auto* propose = std::get_if<ProposeFrame>(&frame)) {
    on_propose(from, *propose);
  } else if (auto* read = std::get_if<ReadFrame>(&frame)) {
    on_read(from, *read);
  } else if (auto* read_reply = std::get_if<ReadReply>(&frame)) {
    on_read_reply(from, *read_reply);
  } else if (auto* refused = std::get_if<ProposeRefused>(&frame)) {
    emit(ProposalRefused{.token = refused->token, .why = refused->why});
  } else if (auto* fetch = std::get_if<Fetch>(&frame)) {
    on_fetch(from, *fetch);
  } else if (auto* reply = std::get_if<FetchReply>(&frame)) {
    on_fetch_reply(from, *reply);
  } else if (auto* ask = std::get_if<BeginAsk>(&frame)) {
    on_begin_ask(from, *ask);
  } else if (auto* answer = std::get_if<BeginReply>(&frame)) {
    on_begin_reply(from, *answer);
  } else {
    ++counters_.frames_misdirected;
  }
}

void Replica::State::on_raft_frame(const std::string& from, RaftFrame& frame) {
  if (!raft_ || frame.to != config_.raft.self || frame.log.is_nobody()) {
    ++counters_.frames_misdirected;
    return;
  }
  if (log_.is_nobody()) adopt(frame.log);
  if (!is_of_this_log(from, frame.log)) return;
  if (names_.size() <= peers_.size() + forgotten_kept_max) names_.try_emplace(frame.from, from);
  with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    raft.on_message(frame.from, std::move(frame.message), at, out);
  });
}

/// What it takes part in from now on, whether as a voter or not.
void Replica::State::adopt(const LogId& log) {
  ROLLCALL_CHECK(log_.is_nobody() && !log.is_nobody());
  log_ = log;
  if (raft_) effects_->emplace_back(KeepLog{log});
}

bool Replica::State::is_of_this_log(const std::string& from, const LogId& log) {
  if (log == log_) return true;
  ++counters_.frames_of_another_log;
  if (!log.is_nobody()) other_log_ = {from, log};
  return false;
}

void Replica::State::on_unreachable(const std::string& peer) {
  if (const auto held = held_.find(peer); held != held_.end()) {
    held_due_.erase({held->second.until, peer});
    held_.erase(held);
  }
  if (peer == source_) fail_source();
  fail_reads_of(peer);
}

// --- the raft core's effects -------------------------------------------------------------------
void Replica::State::absorb() {
  for (raft::Effect& effect : raft_effects_.list()) {
    std::visit([this](auto& one) { on(one); }, effect);
  }
  raft_effects_.clear();
}

void Replica::State::on(raft::Send& effect) {
  const std::string_view name = name_of(effect.to);
  if (name.empty()) {
    ++counters_.sends_without_name;
    return;
  }
  send(std::string(name), RaftFrame{.log = log_,
                                    .from = config_.raft.self,
                                    .to = effect.to,
                                    .message = std::move(effect.message)});
}

void Replica::State::on(raft::SendChunk& effect) {
  const std::string_view name = name_of(effect.to);
  if (name.empty()) {
    ++counters_.sends_without_name;
    return;
  }
  raft::InstallChunk head{.term = effect.term,
                          .snapshot = std::move(effect.snapshot),
                          .offset = effect.offset,
                          .round = effect.round,
                          .data = {}};
  effects_->emplace_back(SendRaftChunk{
      .to = std::string(name),
      .head = {.log = log_, .from = config_.raft.self, .to = effect.to, .message = std::move(head)},
      .size = effect.size});
}

void Replica::State::on(raft::Apply& effect) {
  effects_->emplace_back(effect);
  for (raft::Index at = raft::next(std::max(delivered_, raft::previous(effect.first)));
       at <= effect.last; at = raft::next(at)) {
    const raft::Entry& entry = raft_->entry(at);
    if (entry.kind != raft::EntryKind::command) continue;
    emit(Committed{
        .term = raft::number(entry.term), .index = raft::number(at), .command = entry.payload});
  }
  delivered_ = std::max(delivered_, effect.last);
}

void Replica::State::on(raft::RestoreSnapshot& effect) {
  effects_->emplace_back(effect);
  if (effect.snapshot.last.index <= delivered_) return;
  delivered_ = effect.snapshot.last.index;
  effects_->emplace_back(GiveUpSnapshot{effect.snapshot});
}

void Replica::State::on(raft::RoleChanged&) {
  if (!leads()) {
    keep_at_ = never;
  } else if (led_term_ != raft_->term()) {
    led_term_ = raft_->term();
    term_start_ = raft_->last().index;
    ROLLCALL_CHECK(raft_->entry(term_start_).kind == raft::EntryKind::no_op);
    keep_at_ = listens_since_ = now_;
  }
}

void Replica::State::on(raft::MembershipChanged& effect) {
  if (leads() && effect.settled == raft::Settled::committed) keep_at_ = now_;
}

void Replica::State::on(raft::ReadReady& effect) {
  const auto found = readers_.find(effect.id);
  ROLLCALL_CHECK(found != readers_.end());
  const Reader reader = std::move(found->second);
  readers_.erase(found);
  if (reader.from.empty()) return emit(ReadReady{reader.token});
  send(reader.from, ReadReply{.token = reader.token, .confirmed = true, .index = effect.index});
}

void Replica::State::on(raft::ReadFailed& effect) {
  const auto found = readers_.find(effect.id);
  ROLLCALL_CHECK(found != readers_.end());
  const Reader reader = std::move(found->second);
  readers_.erase(found);
  if (reader.from.empty()) {
    return emit(ReadFailed{.token = reader.token, .why = LogRefusal::no_leader});
  }
  send(reader.from, ReadReply{.token = reader.token, .confirmed = false, .index = {}});
}

void Replica::State::on(raft::TransferFailed&) {
  keep_at_ = now_;
}

void Replica::State::on(raft::Removed&) {
  removed_ = true;
}

void Replica::State::check_invariants() const {
  // Whatever the raft core has applied was given up, and in this very order.
  ROLLCALL_CHECK(!raft_ || !started_ || raft_->applied() <= delivered_);
  ROLLCALL_CHECK(!raft_ || raft_->is_new() || !log_.is_nobody());
  ROLLCALL_CHECK(fetch_until_ == never || (!source_.empty() && fetch_at_ == never));
  ROLLCALL_CHECK(held_.size() == held_due_.size());
  ROLLCALL_CHECK(reads_.size() == reads_due_.size());
  ROLLCALL_CHECK(reads_confirmed_.size() <= reads_.size());
  ROLLCALL_CHECK(readers_.empty() || leads());
}

}  // namespace rollcall::consensus
