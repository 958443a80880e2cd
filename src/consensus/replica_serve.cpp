// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "consensus/mutants.hpp"
#include "consensus/replica_state.hpp"

/// What a voter or learner does for those who follow without a vote: gives what is applied here,
/// and holds a question until there is something new.
namespace rollcall::consensus {

void Replica::State::on_fetch(const std::string& from, const Fetch& fetch) {
  if (const auto held = held_.find(from); held != held_.end()) {
    held_due_.erase({held->second.until, from});
    held_.erase(held);
  }
  if (!fetch.log.is_nobody()) (void)is_of_this_log(from, fetch.log);
  const bool wanted = participates() && (fetch.log.is_nobody() || fetch.log == log_);
  const bool waits = wanted && fetch.after >= raft_->applied() && fetch.patience_ms > 0;
  if (waits && held_.size() < config_.fetches_held_max) return hold(from, fetch);
  answer(from, fetch);
}

void Replica::State::hold(const std::string& from, const Fetch& fetch) {
  const Duration patience =
      std::min<Duration>(std::chrono::milliseconds(fetch.patience_ms), config_.fetch_patience);
  held_[from] = {.fetch = fetch, .until = now_ + patience};
  held_due_.emplace(now_ + patience, from);
}

void Replica::State::answer(const std::string& to, const Fetch& fetch) {
  FetchReply reply = reply_to(fetch);
  const auto* piece = std::get_if<FetchedPiece>(&reply.what);
  if (piece == nullptr) return send(to, std::move(reply));
  const raft::Position snapshot = piece->snapshot;
  const std::uint64_t offset = piece->offset;
  const std::uint64_t size =
      std::min<std::uint64_t>(config_.fetch_bytes_max, piece->size - piece->offset);
  effects_->emplace_back(SendFetchedPiece{
      .to = to, .reply = std::move(reply), .snapshot = snapshot, .offset = offset, .size = size});
}

FetchReply Replica::State::reply_to(const Fetch& fetch) const {
  // A log that this member draws is told of when the disk has it: else, after a crash, others would
  // wait for a log that nobody begins.
  const bool is_kept = !raft_ || raft_->stored() > raft::Index::none || !drew(log_);
  FetchReply reply{.log = is_kept ? log_ : LogId{},
                   .token = fetch.token,
                   .term = term_now(),
                   .leader = std::string(leader_now()),
                   .voters = {},
                   .stale_ms = 0,
                   .what = FetchElsewhere{}};
  const auto stale = std::chrono::ceil<std::chrono::milliseconds>(stale_for(now_)).count();
  reply.stale_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(stale, UINT32_MAX));
  if (!participates()) {
    if (has_learned()) reply.voters = learned_.voters;
    return reply;
  }
  for (const raft::VoterId voter : raft_->membership().voters) {
    const std::string_view name = name_of(voter);
    if (!name.empty()) reply.voters.emplace_back(name);
  }
  if (!fetch.log.is_nobody() && fetch.log != log_) return reply;
  if (raft::next(fetch.after) >= raft_->first() || !raft_->snapshot()) {
    reply.what = entries_after(fetch.after);
    return reply;
  }
  const raft::SnapshotMeta& snapshot = *raft_->snapshot();
  const bool goes_on = fetch.snapshot == snapshot.last && fetch.offset < snapshot.size;
  reply.what = FetchedPiece{.snapshot = snapshot.last,
                            .size = snapshot.size,
                            .offset = goes_on ? fetch.offset : 0,
                            .data = {}};
  return reply;
}

FetchedEntries Replica::State::entries_after(raft::Index after) const {
  FetchedEntries fetched{
      .entries = {}, .upto = after, .applied = std::max(after, raft_->applied())};
  std::size_t bytes = 0;
  for (raft::Index at = raft::next(after); at <= raft_->applied(); at = raft::next(at)) {
    const raft::Entry& entry = raft_->entry(at);
    constexpr std::uint64_t skipped = 8;
    const bool is_skipped = raft::number(at) % skipped == 0;
    if (is_skipped && is_mutant(Mutant::fetch_skips_entries)) {
      fetched.upto = at;
      continue;
    }
    if (entry.kind == raft::EntryKind::command) {
      bytes += size_of(entry);
      const bool full =
          bytes > config_.fetch_bytes_max || fetched.entries.size() >= raft::Config::entries_max;
      if (full && !fetched.entries.empty()) break;
      fetched.entries.push_back(entry);
    }
    fetched.upto = at;
  }
  return fetched;
}

void Replica::State::answer_held(const std::string& to) {
  const auto held = held_.find(to);
  const HeldFetch of = std::move(held->second);
  held_due_.erase({of.until, to});
  held_.erase(held);
  answer(to, of.fetch);
}

void Replica::State::settle_held() {
  if (held_.empty()) {
    leader_news_ = false;
    return;
  }
  const bool all = std::exchange(leader_news_, false) || !participates();
  if (all || raft_->applied() > served_) {
    std::vector<std::string> ready;
    for (const auto& [to, held] : held_) {
      if (all || held.fetch.after < raft_->applied()) ready.push_back(to);
    }
    for (const std::string& to : ready) answer_held(to);
    if (raft_) served_ = raft_->applied();
  }
  while (!held_due_.empty() && held_due_.begin()->first <= now_) {
    answer_held(std::string(held_due_.begin()->second));
  }
}

}  // namespace rollcall::consensus
