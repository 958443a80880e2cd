// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/member_table.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace rollcall::core {
namespace {

/// Whether nothing but the digest tells the two records apart.
bool share_indexes(const Record& one, const Record& other) {
  return is_live(one.state) && is_live(other.state) && one.life == other.life &&
         one.address == other.address;
}

}  // namespace

void MemberTable::begin_as(const MemberTable& base) {
  ROLLCALL_CHECK(base.base_ == nullptr && this != &base);
  *this = MemberTable();
  base_ = &base;
  shared_ = base.entries_.size();
  size_ = base.size_;
  free_ = base.free_;
  live_.begin_as(base.live_);
  failed_.begin_as(base.failed_);
  left_.begin_as(base.left_);
  ring_.begin_as(base.ring_);
  buckets_ = base.buckets_;
  digest_ = base.digest_;
}

// --- Queries ---------------------------------------------------------------------------------

std::optional<Slot> MemberTable::find(std::string_view name) const {
  return find(key_of(name));
}

std::optional<Slot> MemberTable::find(const NameKey& key) const {
  const auto found = by_name_.find(key);
  if (found != by_name_.end()) return found->second;
  if (base_ == nullptr) return std::nullopt;
  const auto shared = base_->find(key);
  const bool holds = shared && is_used(*shared) && at(*shared).name == key.name;
  return holds ? shared : std::nullopt;
}

std::optional<Slot> MemberTable::find(const LifeId& life) const {
  const auto found = by_life_.find(life);
  if (found != by_life_.end()) return found->second;
  if (base_ == nullptr) return std::nullopt;
  const auto shared = base_->find(life);
  const bool holds = shared && is_used(*shared) && at(*shared).life.id == life;
  return holds ? shared : std::nullopt;
}

std::optional<Slot> MemberTable::find_live_at(const Address& address) const {
  const auto found = by_address_.find(address);
  if (found != by_address_.end()) return found->second;
  if (base_ == nullptr) return std::nullopt;
  const auto shared = base_->find_live_at(address);
  const bool holds =
      shared && is_used(*shared) && is_live(at(*shared).state) && at(*shared).address == address;
  return holds ? shared : std::nullopt;
}

std::vector<Slot> MemberTable::slots() const {
  std::vector<Slot> result;
  result.reserve(size());
  for (std::size_t i = 0; i < shared_ + entries_.size(); ++i) {
    const Slot slot{static_cast<std::uint32_t>(i)};
    if (is_used(slot)) result.push_back(slot);
  }
  return result;
}

// --- Indexes ---------------------------------------------------------------------------------

SlotList* MemberTable::list_for(State state) {
  if (is_live(state)) return &live_;
  return state == State::failed ? &failed_ : &left_;
}

MemberTable::Entry& MemberTable::own_entry(Slot slot) {
  if (!is_shared(slot)) return entries_[index_of(slot) - shared_];
  const auto found = overlay_.find(slot);
  if (found != overlay_.end()) return found->second;
  Entry& own = overlay_.emplace(slot, base_->entry(slot)).first->second;
  own.changed = false;
  return own;
}

void MemberTable::count_in(Slot slot) {
  Entry& entry = own_entry(slot);
  entry.hash = record_hash(entry.record);
  if (!is_live(entry.record.state)) return;
  buckets_[bucket_of(entry.name_hash)] += entry.hash;
  digest_ += entry.hash;
}

void MemberTable::count_out(const Entry& entry) {
  if (!is_live(entry.record.state)) return;
  buckets_[bucket_of(entry.name_hash)] -= entry.hash;
  digest_ -= entry.hash;
}

void MemberTable::link(Slot slot) {
  count_in(slot);
  Entry& entry = own_entry(slot);
  const Record& record = entry.record;
  by_life_[record.life.id] = slot;
  SlotList& list = *list_for(record.state);
  entry.list_place = static_cast<std::uint32_t>(list.size());
  list.push_back(slot);
  if (!is_live(record.state)) return;
  by_address_[record.address] = slot;
  ring_.insert(Ring::place_of(record.life.id, slot));
}

void MemberTable::unlink(Slot slot) {
  const Entry& entry = own_entry(slot);
  const Record& record = entry.record;
  by_life_.erase(record.life.id);
  SlotList& list = *list_for(record.state);
  ROLLCALL_CHECK(list[entry.list_place] == slot);
  const Slot last = list.back();
  if (last != slot) {
    list.set(entry.list_place, last);
    own_entry(last).list_place = entry.list_place;
  }
  list.pop_back();
  count_out(entry);
  if (!is_live(record.state)) return;
  const auto found = by_address_.find(record.address);
  if (found != by_address_.end() && found->second == slot) by_address_.erase(found);
  ring_.remove(Ring::place_of(record.life.id, slot));
}

void MemberTable::mark_changed(Slot slot) {
  ++version_;
  Entry& entry = own_entry(slot);
  if (entry.changed) return;
  entry.changed = true;
  changed_.push_back(slot);
}

// --- Changes ---------------------------------------------------------------------------------

Slot MemberTable::take_free_slot() {
  if (free_.empty()) {
    entries_.emplace_back();
    return Slot{static_cast<std::uint32_t>(shared_ + entries_.size() - 1)};
  }
  const Slot slot = free_.back();
  free_.pop_back();
  return slot;
}

Slot MemberTable::put(Record record) {
  const NameKey key = key_of(record.name);
  const auto known = find(key);
  const Slot slot = known ? *known : take_free_slot();
  Entry& entry = own_entry(slot);
  const bool stays_linked = known && share_indexes(entry.record, record);
  if (stays_linked) {
    count_out(entry);
  } else if (known) {
    unlink(slot);
  }
  if (known) {
    // The name string stays where it is, for by_name_ views it; all else is replaced.
    std::swap(record.name, entry.record.name);
    std::swap(record, entry.record);
    std::swap(record.name, entry.record.name);
  } else {
    entry.record = std::move(record);
    entry.name_hash = key.hash;
    entry.used = true;
    by_name_.emplace(NameKey{key.hash, entry.record.name}, slot);
    ++size_;
  }
  if (stays_linked) {
    count_in(slot);
  } else {
    link(slot);
  }
  mark_changed(slot);
  return slot;
}

void MemberTable::set_rtt(Slot slot, Duration rtt) {
  Entry& entry = own_entry(slot);
  const Duration before = entry.record.rtt;
  entry.record.rtt = rtt;
  // Readers are told of a first measurement and of marked changes, not of every jitter.
  if (before == Duration::zero() || rtt > before * 2 || rtt < before / 2) mark_changed(slot);
}

void MemberTable::erase(Slot slot) {
  ROLLCALL_CHECK(is_used(slot));
  unlink(slot);
  Entry& entry = own_entry(slot);
  by_name_.erase({entry.name_hash, entry.record.name});
  entry.used = false;
  entry.record = Record{};
  free_.push_back(slot);
  --size_;
  mark_changed(slot);
}

std::vector<Slot> MemberTable::take_changed() {
  for (const Slot slot : changed_) own_entry(slot).changed = false;
  return std::exchange(changed_, {});
}

}  // namespace rollcall::core
