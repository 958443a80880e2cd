// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/member_table.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace rollcall::core {
namespace {

/// Where a life stands on the ring.
std::uint64_t ring_position(const LifeId& id) {
  return hash_combine(id.high, id.low);
}

}  // namespace

std::optional<Slot> MemberTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Slot> MemberTable::find(const LifeId& life) const {
  const auto found = by_life_.find(life);
  return found == by_life_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Slot> MemberTable::find_live_at(const Address& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Slot>* MemberTable::list_for(State state) {
  if (is_live(state)) return &live_;
  return state == State::failed ? &failed_ : nullptr;
}

void MemberTable::link(Slot slot) {
  Entry& entry = entries_[index_of(slot)];
  const Record& record = entry.record;
  entry.hash = record_hash(record);
  by_life_[record.life.id] = slot;
  if (std::vector<Slot>* list = list_for(record.state)) {
    entry.list_place = static_cast<std::uint32_t>(list->size());
    list->push_back(slot);
  }
  if (is_live(record.state)) {
    by_address_[record.address] = slot;
    buckets_[bucket_of(entry.name_hash)] += entry.hash;
    digest_ += entry.hash;
    ring_is_stale_ = true;
  }
}

void MemberTable::unlink(Slot slot) {
  Entry& entry = entries_[index_of(slot)];
  const Record& record = entry.record;
  by_life_.erase(record.life.id);
  if (std::vector<Slot>* list = list_for(record.state)) {
    ROLLCALL_CHECK((*list)[entry.list_place] == slot);
    const Slot last = list->back();
    (*list)[entry.list_place] = last;
    entries_[index_of(last)].list_place = entry.list_place;
    list->pop_back();
  }
  if (is_live(record.state)) {
    const auto found = by_address_.find(record.address);
    if (found != by_address_.end() && found->second == slot) by_address_.erase(found);
    buckets_[bucket_of(entry.name_hash)] -= entry.hash;
    digest_ -= entry.hash;
    ring_is_stale_ = true;
  }
}

void MemberTable::mark_changed(Slot slot) {
  ++version_;
  Entry& entry = entries_[index_of(slot)];
  if (entry.changed) return;
  entry.changed = true;
  changed_.push_back(slot);
}

Slot MemberTable::put(Record record) {
  const auto known = find(record.name);
  Slot slot{};
  if (known) {
    slot = *known;
    unlink(slot);
    // The name string stays where it is, for by_name_ views it; all else is replaced.
    Record& old = entries_[index_of(slot)].record;
    std::swap(record.name, old.name);
    std::swap(record, old);
    std::swap(record.name, old.name);
  } else {
    if (free_.empty()) {
      slot = Slot{static_cast<std::uint32_t>(entries_.size())};
      entries_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Entry& entry = entries_[index_of(slot)];
    entry.record = std::move(record);
    entry.name_hash = hash_bytes(entry.record.name);
    entry.used = true;
    by_name_.emplace(entry.record.name, slot);
  }
  link(slot);
  mark_changed(slot);
  return slot;
}

void MemberTable::set_rtt(Slot slot, Duration rtt) {
  Entry& entry = entries_[index_of(slot)];
  const Duration before = entry.record.rtt;
  entry.record.rtt = rtt;
  // Readers are told of a first measurement and of marked changes, not of every jitter.
  if (before == Duration::zero() || rtt > before * 2 || rtt < before / 2) mark_changed(slot);
}

void MemberTable::erase(Slot slot) {
  Entry& entry = entries_[index_of(slot)];
  ROLLCALL_CHECK(entry.used);
  unlink(slot);
  by_name_.erase(std::string_view(entry.record.name));
  entry.used = false;
  entry.record = Record{};
  free_.push_back(slot);
  mark_changed(slot);
}

std::vector<Slot> MemberTable::slots() const {
  std::vector<Slot> result;
  result.reserve(size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].used) result.push_back(Slot{static_cast<std::uint32_t>(i)});
  }
  return result;
}

const std::vector<Slot>& MemberTable::ring() const {
  if (ring_is_stale_) {
    ring_ = live_;
    std::ranges::sort(ring_, {}, [this](Slot slot) {
      const LifeId& id = at(slot).life.id;
      return std::pair(ring_position(id), id);
    });
    ring_is_stale_ = false;
  }
  return ring_;
}

std::size_t MemberTable::ring_index(Slot slot) const {
  const auto key = [this](Slot at_slot) {
    const LifeId& id = at(at_slot).life.id;
    return std::pair(ring_position(id), id);
  };
  const std::vector<Slot>& sorted = ring();
  const auto found = std::ranges::lower_bound(sorted, key(slot), {}, key);
  ROLLCALL_CHECK(found != sorted.end() && *found == slot);
  return static_cast<std::size_t>(found - sorted.begin());
}

std::vector<Slot> MemberTable::take_changed() {
  for (const Slot slot : changed_) entries_[index_of(slot)].changed = false;
  return std::exchange(changed_, {});
}

}  // namespace rollcall::core
