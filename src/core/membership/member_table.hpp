// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "core/membership/record.hpp"

namespace rollcall::core {

/// A place in the table, stable for as long as the name is known.
enum class Slot : std::uint32_t {};
constexpr std::size_t index_of(Slot slot) {
  return static_cast<std::size_t>(slot);
}

/// Everything known about everybody, one record a name, and the indexes over it.
///
/// Order:   the iteration orders (slots, ring) depend only on the inputs, never on hashing of
///          pointers or on the standard library.
/// Limits:  O(records) memory; find, update and random choice O(1), the ring sorted when asked
///          for after a change.
/// Threads: none; the caller serialises calls.
class MemberTable {
 public:
  /// Digests are kept for this many buckets of names.
  static constexpr std::size_t bucket_count = 256;

  [[nodiscard]] std::size_t size() const { return by_name_.size(); }
  [[nodiscard]] std::size_t live_count() const { return live_.size(); }

  [[nodiscard]] std::optional<Slot> find(std::string_view name) const;
  [[nodiscard]] std::optional<Slot> find(const LifeId& life) const;
  [[nodiscard]] std::optional<Slot> find_live_at(const Address& address) const;
  [[nodiscard]] const Record& at(Slot slot) const { return entries_[index_of(slot)].record; }
  [[nodiscard]] std::uint64_t name_hash(Slot slot) const {
    return entries_[index_of(slot)].name_hash;
  }
  [[nodiscard]] std::uint64_t hash(Slot slot) const { return entries_[index_of(slot)].hash; }

  /// Adds a record of a new name, or replaces the record of a known one. No order is checked
  /// here: that is the caller's rule (supersedes).
  Slot put(Record record);
  void set_rtt(Slot slot, Duration rtt);
  void erase(Slot slot);

  /// Every slot in use, in slot order.
  [[nodiscard]] std::vector<Slot> slots() const;
  /// The live (alive or suspect) ones, in no useful order.
  [[nodiscard]] const std::vector<Slot>& live() const { return live_; }
  /// The failed ones, in no useful order.
  [[nodiscard]] const std::vector<Slot>& failed() const { return failed_; }

  /// The live members by the hash of their life: neighbours differ from restart to restart and
  /// have nothing to do with names or racks.
  [[nodiscard]] const std::vector<Slot>& ring() const;
  /// The place of a live member on the ring.
  [[nodiscard]] std::size_t ring_index(Slot slot) const;

  /// The digest of all live records, and of each bucket of names.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] const std::array<std::uint64_t, bucket_count>& buckets() const { return buckets_; }
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t name_hash) {
    return static_cast<std::size_t>(name_hash >> 56U);
  }

  /// Grows with every change of a record.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Slots whose record changed, appeared or went since the last call.
  [[nodiscard]] std::vector<Slot> take_changed();
  [[nodiscard]] bool is_used(Slot slot) const { return entries_[index_of(slot)].used; }

 private:
  struct Entry {
    Record record;
    std::uint64_t name_hash = 0;
    std::uint64_t hash = 0;
    std::uint32_t list_place = 0;  // in live_ or failed_
    bool used = false;
    bool changed = false;
  };

  void link(Slot slot);
  void unlink(Slot slot);
  void mark_changed(Slot slot);
  [[nodiscard]] std::vector<Slot>* list_for(State state);

  std::deque<Entry> entries_;  // a deque: names are viewed by by_name_, so entries stay put
  std::vector<Slot> free_;
  std::unordered_map<std::string_view, Slot> by_name_;
  std::unordered_map<LifeId, Slot> by_life_;
  std::unordered_map<Address, Slot> by_address_;
  std::vector<Slot> live_;
  std::vector<Slot> failed_;
  mutable std::vector<Slot> ring_;
  mutable bool ring_is_stale_ = false;
  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t digest_ = 0;
  std::uint64_t version_ = 0;
  std::vector<Slot> changed_;
};

}  // namespace rollcall::core
