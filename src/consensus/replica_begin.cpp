// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "consensus/replica_state.hpp"

/// How a log comes to be: one member begins it with itself as the only voter, and as its leader
/// makes the others voters. So two that begin at once could never both be in the right, and nobody
/// needs to know who all the first voters are.
namespace rollcall::consensus {
namespace {

/// Half of a log's id says who drew it: whoever was stopped between keeping the id and the first
/// entry can begin the same log again, and nobody else takes a log for an unbegun one of his.
std::uint64_t mark_of(raft::VoterId voter, std::uint64_t drawn) {
  return hash_combine(drawn, raft::number(voter));
}

constexpr Duration ask_again_min = std::chrono::milliseconds(100);
constexpr Duration ask_again_max = std::chrono::milliseconds(500);

}  // namespace

bool Replica::State::drew(const LogId& log) const {
  return log.low == mark_of(config_.raft.self, log.high);
}

/// Also who is not here now: to wait for it is better than to have two logs.
bool Replica::State::somebody_has_a_log() const {
  if (!config_.lost_log.is_nobody()) return true;
  return std::ranges::any_of(peers_, [this](const Peer& peer) {
    return peer.name != config_.self && !peer.log.is_nobody();
  });
}

void Replica::State::settle_begin() {
  if (peers_.empty()) return;
  const bool interrupted = raft_ && raft_->is_new() && !log_.is_nobody() && drew(log_);
  if (interrupted && !somebody_has_a_log()) return begin_log();
  if (interrupted) log_ = {};
  if (!is_blank() || somebody_has_a_log()) {
    beginning_.reset();
    return;
  }
  const bool promised_away = is_promised() && promise_->to != config_.raft.self;
  if (config_.begins_alone && !promised_away) return begin_log();
  if (config_.bootstrap_expect > 0) settle_expect();
}

void Replica::State::begin_log() {
  if (log_.is_nobody()) {
    LogId log{.high = prng_.next(), .low = 0};
    log.low = mark_of(config_.raft.self, log.high);
    adopt(log);
  }
  beginning_.reset();
  promise_.reset();
  with_raft([this](raft::Raft& raft, Instant at, raft::Effects& out) {
    raft.bootstrap({.voters = {config_.raft.self}, .learners = {}}, at, out);
  });
}

/// The others that wait for as many as this member does.
std::vector<const Peer*> Replica::State::expecting() const {
  std::vector<const Peer*> others;
  for (const Peer& peer : peers_) {
    const bool waits = peer.state == Peer::State::alive && peer.voter != 0 &&
                       peer.expects == config_.bootstrap_expect;
    if (waits && peer.name != config_.self) others.push_back(&peer);
  }
  return others;
}

void Replica::State::settle_expect() {
  const auto others = expecting();
  const bool is_first = std::ranges::all_of(
      others, [this](const Peer* peer) { return peer->voter > raft::number(config_.raft.self); });
  if (others.size() + 1 < config_.bootstrap_expect || !is_first) {
    beginning_.reset();
    if (promise_ && promise_->to == config_.raft.self) promise_.reset();
    return;
  }
  if (is_promised() && promise_->to != config_.raft.self) return;
  if (beginning_) {
    const bool all = std::ranges::all_of(
        others, [this](const Peer* peer) { return beginning_->granted.contains(peer->name); });
    if (all) return begin_log();
    if (now_ < beginning_->until) return;
    beginning_.reset();
    begin_again_at_ = now_ + prng_.between(ask_again_min, ask_again_max);
  }
  if (others.empty()) return begin_log();
  if (now_ >= begin_again_at_) ask_to_begin(others);
}

void Replica::State::ask_to_begin(const std::vector<const Peer*>& others) {
  // Every yes counts for less time than it was given for.
  constexpr int askings_a_promise = 8;
  beginning_ = Beginning{.token = ++beginnings_,
                         .until = now_ + config_.begin_promise / askings_a_promise,
                         .asked = {},
                         .granted = {}};
  promise_ = Promise{.to = config_.raft.self, .until = now_ + config_.begin_promise};
  for (const Peer* peer : others) {
    beginning_->asked.insert(peer->name);
    send(peer->name, BeginAsk{.from = config_.raft.self, .token = beginning_->token});
  }
}

void Replica::State::on_begin_ask(const std::string& from, const BeginAsk& ask) {
  const bool free = !is_promised() || promise_->to == ask.from;
  const bool granted = is_blank() && free && !somebody_has_a_log();
  if (granted) {
    promise_ = Promise{.to = ask.from, .until = now_ + config_.begin_promise};
    beginning_.reset();
  }
  send(from, BeginReply{.granted = granted, .log = log_, .token = ask.token});
}

void Replica::State::on_begin_reply(const std::string& from, const BeginReply& reply) {
  const bool awaited =
      beginning_ && beginning_->token == reply.token && beginning_->asked.contains(from);
  if (!awaited) {
    ++counters_.frames_late;
    return;
  }
  if (reply.granted) {
    beginning_->granted.insert(from);
    return;
  }
  // Somebody else asks too, or has begun: what the others say of their logs will tell.
  beginning_.reset();
  promise_.reset();
  begin_again_at_ = now_ + prng_.between(ask_again_min, ask_again_max);
}

Instant Replica::State::begin_deadline() const {
  if (!is_blank()) return never;
  Instant at = never;
  const auto add = [&](Instant when) {
    if (when > now_) at = std::min(at, when);
  };
  if (beginning_) add(beginning_->until);
  if (promise_) add(promise_->until);
  add(begin_again_at_);
  return at;
}

}  // namespace rollcall::consensus
