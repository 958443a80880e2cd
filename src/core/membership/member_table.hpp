// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

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
#include "core/membership/ring.hpp"
#include "core/membership/slot_list.hpp"

namespace rollcall::core {

/// Everything known about everybody, one record a name, and the indexes over it.
///
/// A table may begin as another one, and then keeps only what differs from it: so simulated
/// members by the thousand share what they all know.
///
/// Order:   the iteration orders (slots, ring) depend only on the inputs, never on hashing of
///          pointers or on the standard library.
/// Limits:  O(records) memory, or O(records that differ); find, update and random choice O(1),
///          the ring as ring.hpp says.
/// Threads: none; the caller serialises calls.
class MemberTable {
 public:
  /// Digests are kept for this many buckets of names.
  static constexpr std::size_t bucket_count = 256;

  /// Forgets everything, and knows what the base knows. The base must stay as it is, for as long
  /// as this table is used, and must not itself have begun as another.
  void begin_as(const MemberTable& base);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t live_count() const { return live_.size(); }

  [[nodiscard]] std::optional<Slot> find(std::string_view name) const;
  [[nodiscard]] std::optional<Slot> find(const LifeId& life) const;
  [[nodiscard]] std::optional<Slot> find_live_at(const Address& address) const;
  [[nodiscard]] const Record& at(Slot slot) const { return entry(slot).record; }
  [[nodiscard]] std::uint64_t name_hash(Slot slot) const { return entry(slot).name_hash; }
  [[nodiscard]] std::uint64_t hash(Slot slot) const { return entry(slot).hash; }

  /// Adds a record of a new name, or replaces the record of a known one. No order is checked
  /// here: that is the caller's rule (supersedes).
  Slot put(Record record);
  void set_rtt(Slot slot, Duration rtt);
  void erase(Slot slot);

  /// Every slot in use, in slot order.
  [[nodiscard]] std::vector<Slot> slots() const;
  /// The live (alive or suspect) ones, in no useful order.
  [[nodiscard]] const SlotList& live() const { return live_; }
  /// Those that failed, and those that left, in no useful order.
  [[nodiscard]] const SlotList& failed() const { return failed_; }
  [[nodiscard]] const SlotList& left() const { return left_; }

  /// The live members in the order in which they look after one another.
  [[nodiscard]] const Ring& ring() const { return ring_; }
  /// The place of a live member on the ring.
  [[nodiscard]] std::size_t ring_index(Slot slot) const {
    return ring_.index_of(Ring::place_of(at(slot).life.id, slot));
  }

  /// The digest of all live records, and of each bucket of names.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] const std::vector<std::uint64_t>& buckets() const { return buckets_; }
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t name_hash) {
    return static_cast<std::size_t>(name_hash >> 56U);
  }

  /// Grows with every change of a record.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Slots whose record changed, appeared or went since the last call.
  [[nodiscard]] std::vector<Slot> take_changed();
  [[nodiscard]] bool is_used(Slot slot) const { return entry(slot).used; }

 private:
  struct Entry {
    Record record;
    std::uint64_t name_hash = 0;
    std::uint64_t hash = 0;
    std::uint32_t list_place = 0;  // in live_, failed_ or left_
    bool used = false;
    bool changed = false;
  };

  struct NameKey {
    std::uint64_t hash = 0;
    std::string_view name;
    bool operator==(const NameKey&) const = default;
  };
  struct NameKeyHash {
    std::size_t operator()(const NameKey& key) const { return key.hash; }
  };
  [[nodiscard]] static NameKey key_of(std::string_view name) { return {hash_bytes(name), name}; }

  [[nodiscard]] std::optional<Slot> find(const NameKey& key) const;
  [[nodiscard]] bool is_shared(Slot slot) const { return index_of(slot) < shared_; }
  [[nodiscard]] const Entry& entry(Slot slot) const {
    if (!is_shared(slot)) return entries_[index_of(slot) - shared_];
    if (!overlay_.empty()) {
      const auto found = overlay_.find(slot);
      if (found != overlay_.end()) return found->second;
    }
    return base_->entry(slot);
  }
  [[nodiscard]] Entry& own_entry(Slot slot);
  [[nodiscard]] Slot take_free_slot();

  void link(Slot slot);
  void unlink(Slot slot);
  void count_in(Slot slot);
  void count_out(const Entry& entry);
  void mark_changed(Slot slot);
  [[nodiscard]] SlotList* list_for(State state);

  const MemberTable* base_ = nullptr;
  /// Slots below it are the base's, unless they are in overlay_.
  std::size_t shared_ = 0;
  std::size_t size_ = 0;
  // Looked up only, never iterated. Names are viewed by by_name_, so entries stay put.
  std::unordered_map<Slot, Entry> overlay_;
  std::deque<Entry> entries_;
  std::vector<Slot> free_;
  // What is not in these may still be in the base's; what was found there is compared.
  std::unordered_map<NameKey, Slot, NameKeyHash> by_name_;
  std::unordered_map<LifeId, Slot> by_life_;
  std::unordered_map<Address, Slot> by_address_;
  SlotList live_;
  SlotList failed_;
  SlotList left_;
  Ring ring_;
  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(bucket_count);
  std::uint64_t digest_ = 0;
  std::uint64_t version_ = 0;
  std::vector<Slot> changed_;
};

}  // namespace rollcall::core
