// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "consensus/replica_state.hpp"
#include "registry/limits.hpp"

/// Following without a vote: one question at a time to one voter, which answers when there is
/// something. Which voter, each member draws for itself by its name, so that they share the work.
///
/// Source: KIP-595, "A Raft protocol for the metadata quorum", 2020: followers fetch.
namespace rollcall::consensus {
namespace {

constexpr std::uint32_t in_milliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

/// What a voter said of the leader is believed while it answers, and so much longer.
constexpr int believed_timeouts = 3;

}  // namespace

/// Who takes part needs nobody, unless no leader has been heard for so long that the others may
/// have gone on without it.
bool Replica::State::should_follow() const {
  if (!participates()) return true;
  return leaderless_since_ && now_ - *leaderless_since_ >= 2 * config_.raft.election_timeout;
}

void Replica::State::settle_follow() {
  if (!should_follow()) return stop_following();
  if (fetch_until_ != never) {
    if (now_ < fetch_until_) return;
    fail_source();
  }
  if (fetch_at_ == never) fetch_at_ = now_;
  if (now_ < fetch_at_) return;
  if (source_.empty()) source_ = choose_source();
  if (!source_.empty()) return send_fetch();
  lacks_source_ = true;
  fetch_at_ = now_ + config_.fetch_retry_max;
}

void Replica::State::stop_following() {
  source_.clear();
  assembling_.reset();
  fetch_at_ = fetch_until_ = never;
  attempts_ = 0;
  back_off_ = config_.fetch_retry_min;
  learned_.until = {};  // from now on the own raft core knows better
}

void Replica::State::fail_source() {
  ++counters_.fetches_failed;
  ++attempts_;
  source_.clear();
  fetch_until_ = never;
  fetch_at_ = now_ + prng_.between(back_off_ / 2, back_off_);
  back_off_ = std::min(2 * back_off_, config_.fetch_retry_max);
}

bool Replica::State::is_source(const Peer& peer) const {
  const bool same_log = log_.is_nobody() || peer.log.is_nobody() || peer.log == log_;
  return peer.is_live() && same_log && peer.voter != 0 && peer.name != config_.self;
}

/// First those that the last answer named, then everybody who may have the log; each time round the
/// next one.
std::string Replica::State::choose_source() const {
  struct Choice {
    std::uint64_t order = 0;
    const Peer* peer = nullptr;
  };
  std::vector<Choice> named;
  std::vector<Choice> others;
  const std::uint64_t self = hash_bytes(config_.self);
  for (const Peer& peer : peers_) {
    if (!is_source(peer)) continue;
    const Choice choice{.order = hash_combine(hash_bytes(peer.name), self), .peer = &peer};
    const bool votes = std::ranges::find(learned_.voters, peer.name) != learned_.voters.end();
    (votes ? named : others).push_back(choice);
  }
  std::ranges::sort(named, {}, &Choice::order);
  // Who does not say yet that it has a log may still have it.
  std::ranges::sort(others, {}, [](const Choice& choice) {
    return std::tuple(choice.peer->log.is_nobody(), choice.order);
  });
  named.insert(named.end(), others.begin(), others.end());
  return named.empty() ? std::string() : named[attempts_ % named.size()].peer->name;
}

void Replica::State::send_fetch() {
  Fetch fetch{.log = log_,
              .token = ++fetches_,
              .after = delivered_,
              .patience_ms = in_milliseconds(config_.fetch_patience),
              .snapshot = {},
              .offset = 0};
  if (assembling_) {
    fetch.snapshot = assembling_->snapshot;
    fetch.offset = assembling_->data.size();
  }
  fetch_sent_ = now_;
  fetch_until_ = now_ + config_.fetch_patience + config_.fetch_timeout;
  fetch_at_ = never;
  send(source_, fetch);
}

void Replica::State::on_fetch_reply(const std::string& from, FetchReply& reply) {
  if (fetch_until_ == never || from != source_ || reply.token != fetches_) {
    ++counters_.frames_late;
    return;
  }
  fetch_until_ = never;
  if (!reply.log.is_nobody()) {
    if (log_.is_nobody()) adopt(reply.log);
    if (!is_of_this_log(from, reply.log)) return fail_source();
  }
  learn(reply);
  std::visit([this](auto& what) { on_fetched(what); }, reply.what);
}

void Replica::State::learn(FetchReply& reply) {
  if (has_learned() && reply.term < learned_.term) return;
  learned_.term = reply.term;
  learned_.leader = std::move(reply.leader);
  if (!reply.voters.empty()) learned_.voters = std::move(reply.voters);
  learned_.until = now_ + believed_timeouts * config_.fetch_timeout;
  const auto* entries = std::get_if<FetchedEntries>(&reply.what);
  const bool is_all = entries != nullptr && entries->upto >= entries->applied;
  const bool was_sure = reply.stale_ms < UINT32_MAX;
  if (!is_all || !was_sure || learned_.leader.empty()) return;
  const Instant sure = now_ - std::chrono::milliseconds(reply.stale_ms);
  sure_at_ = std::max(sure, sure_at_.value_or(sure));
}

void Replica::State::on_fetched(FetchedEntries& fetched) {
  for (raft::Entry& entry : fetched.entries) {
    if (entry.index <= delivered_) continue;
    emit(Committed{.term = raft::number(entry.term),
                   .index = raft::number(entry.index),
                   .command = std::move(entry.payload)});
  }
  const bool progress = fetched.upto > delivered_;
  delivered_ = std::max(delivered_, fetched.upto);
  assembling_.reset();
  attempts_ = 0;
  back_off_ = config_.fetch_retry_min;
  // A voter that does not wait, or knows less, must not be asked without end.
  fetch_at_ = progress ? now_ : std::max(now_, fetch_sent_ + config_.fetch_retry_min);
}

void Replica::State::on_fetched(FetchedPiece& fetched) {
  if (!assembling_ || assembling_->snapshot != fetched.snapshot ||
      assembling_->size != fetched.size) {
    assembling_ = Assembling{.snapshot = fetched.snapshot, .size = fetched.size, .data = {}};
  }
  ByteVector& data = assembling_->data;
  const bool fits = fetched.offset == data.size() && fetched.snapshot.index > delivered_ &&
                    fetched.size <= registry::snapshot_bytes_max &&
                    fetched.data.size() <= fetched.size - data.size() &&
                    (!fetched.data.empty() || fetched.size == 0);
  if (!fits) {
    assembling_.reset();
    return fail_source();
  }
  data.insert(data.end(), fetched.data.begin(), fetched.data.end());
  fetch_at_ = now_;
  back_off_ = config_.fetch_retry_min;
  if (data.size() < assembling_->size) return;
  ++counters_.snapshots_fetched;
  delivered_ = fetched.snapshot.index;
  emit(Restored{.term = raft::number(fetched.snapshot.term),
                .index = raft::number(fetched.snapshot.index),
                .snapshot = std::move(data)});
  assembling_.reset();
}

void Replica::State::on_fetched(FetchElsewhere&) {
  fail_source();
}

Instant Replica::State::follow_deadline() const {
  Instant at = std::min(fetch_at_, fetch_until_);
  if (learned_.until > now_) at = std::min(at, learned_.until);
  if (leaderless_since_ && !should_follow()) {
    at = std::min(at, *leaderless_since_ + 2 * config_.raft.election_timeout);
  }
  return at;
}

}  // namespace rollcall::consensus
