// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/anti_entropy.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/mutants.hpp"

namespace rollcall::core {
namespace {

std::array<bool, MemberTable::bucket_count> chosen(const std::vector<std::uint16_t>& buckets) {
  std::array<bool, MemberTable::bucket_count> result{};
  for (const std::uint16_t bucket : buckets) {
    if (bucket < result.size()) result[bucket] = true;
  }
  return result;
}

wire::Update told_in_full(const Record& record) {
  wire::Update update = to_update(record);
  update.age = wire::Age::history;
  return update;
}

}  // namespace

void AntiEntropy::start() {
  settling_left_ = 0;
  schedule();
}

void AntiEntropy::settle_in() {
  settling_left_ = settling_steps;
  settling_step_ = settling_first;
  schedule();
}

void AntiEntropy::schedule() {
  if (settling_left_ > 0) {
    --settling_left_;
    next_compare_ = context_.now + context_.prng.between(settling_step_, 2 * settling_step_);
    settling_step_ *= 2;
    return;
  }
  const Duration interval = context_.config.anti_entropy_interval;
  next_compare_ = context_.now + context_.prng.between(interval / 2, interval);
}

void AntiEntropy::on_digest(Slot slot, std::uint64_t digest) {
  const bool is_swim = context_.config.profile == Profile::swim;
  if (is_swim && !context_.config.swim.compares_digests) return;
  if (context_.now < next_allowed_) return;
  const bool is_quiet = context_.now >= context_.last_change + quiet_time;
  if (!is_quiet && context_.now < next_allowed_ + overdue_time) return;
  on_compared(slot, digest);
}

void AntiEntropy::on_compared(Slot slot, std::uint64_t digest) {
  if (digest == context_.digest() || is_mutant(Mutant::digests_always_equal)) return;
  if (exchanges_.count(ExchangePurpose::sync) > 0) return;
  compare_with(slot);
}

void AntiEntropy::compare_with(Slot slot) {
  next_allowed_ =
      context_.now + exchange_spacing + context_.prng.between(Duration::zero(), exchange_spacing);
  const auto& buckets = context_.table.buckets();
  exchanges_.start(
      {.purpose = ExchangePurpose::sync,
       .to = context_.table.at(slot).address,
       .slot = slot,
       .life = context_.table.at(slot).life.id},
      wire::SyncOpen{.buckets = {buckets.begin(), buckets.end()}, .settings = settings_.to_tell()},
      context_.config.exchange_timeout);
}

wire::SyncEntries AntiEntropy::answer(const wire::SyncOpen& open) const {
  wire::SyncEntries result;
  if (open.buckets.size() != MemberTable::bucket_count) return result;
  if (is_mutant(Mutant::sync_answers_nothing)) return result;
  for (std::size_t i = 0; i < open.buckets.size(); ++i) {
    if (open.buckets[i] != context_.table.buckets()[i]) {
      result.buckets.push_back(static_cast<std::uint16_t>(i));
    }
  }
  const auto differs = chosen(result.buckets);
  for (const Slot slot : context_.table.slots()) {
    const std::uint64_t name_hash = context_.table.name_hash(slot);
    if (!differs[MemberTable::bucket_of(name_hash)]) continue;
    if (is_live(context_.table.at(slot).state)) {
      result.entries.push_back({name_hash, context_.table.hash(slot)});
    }
  }
  return result;
}

void AntiEntropy::on_entries(ExchangeId id, const wire::SyncEntries& entries) {
  const auto differs = chosen(entries.buckets);
  std::unordered_map<std::uint64_t, std::uint64_t> theirs;
  for (const wire::SyncEntry& entry : entries.entries) {
    theirs.emplace(entry.name_hash, entry.record_hash);
  }
  wire::SyncRecords request;
  for (const Slot slot : context_.table.slots()) {
    const std::uint64_t name_hash = context_.table.name_hash(slot);
    if (!differs[MemberTable::bucket_of(name_hash)]) continue;
    const Record& record = context_.table.at(slot);
    const auto their_entry = theirs.find(name_hash);
    if (their_entry == theirs.end()) {
      // They have no live record of it: they lack ours, or know of its end.
      if (!is_live(record.state)) continue;
      request.records.push_back(told_in_full(record));
      request.wanted.push_back(name_hash);
    } else {
      const bool is_same =
          is_live(record.state) && their_entry->second == context_.table.hash(slot);
      theirs.erase(their_entry);
      if (is_same) continue;
      request.records.push_back(told_in_full(record));
      request.wanted.push_back(name_hash);
    }
  }
  for (const wire::SyncEntry& entry : entries.entries) {
    if (theirs.contains(entry.name_hash)) request.wanted.push_back(entry.name_hash);
  }
  if (request.wanted.empty()) return exchanges_.end(id);
  exchanges_.go_on(id, request, context_.config.exchange_timeout);
}

wire::SyncRecords AntiEntropy::answer(const wire::SyncRecords& records) {
  for (const wire::Update& update : records.records) registrar_.learn(update, Provenance::sync);
  std::vector<std::uint64_t> wanted = records.wanted;
  std::ranges::sort(wanted);
  wire::SyncRecords result;
  for (const Slot slot : context_.table.slots()) {
    if (std::ranges::binary_search(wanted, context_.table.name_hash(slot))) {
      result.records.push_back(told_in_full(context_.table.at(slot)));
    }
  }
  return result;
}

void AntiEntropy::on_records(ExchangeId id, const wire::SyncRecords& records) {
  for (const wire::Update& update : records.records) registrar_.learn(update, Provenance::sync);
  exchanges_.end(id);
}

void AntiEntropy::on_deadline() {
  if (context_.now < next_compare_) return;
  schedule();
  for (const Slot slot : context_.pick_live(1, [](Slot) { return true; })) {
    pings_.ping(slot, PingPurpose::compare);
  }
}

}  // namespace rollcall::core
