// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "core/membership/slot_list.hpp"

namespace rollcall::core {

/// The live members by the hash of their life: neighbours differ from restart to restart, and
/// have nothing to do with names or racks. It may begin as another ring, and then keeps only what
/// differs.
///
/// Order:  by position, which is the same at every member that lists the same lives.
/// Limits: a query O(log size); an insertion or removal moves a few bytes for each member; many
///         insertions in a row are sorted once.
class Ring {
 public:
  struct Place {
    std::uint64_t position = 0;
    Slot slot{};
    auto operator<=>(const Place&) const = default;
  };
  [[nodiscard]] static Place place_of(const LifeId& id, Slot slot) {
    return {hash_combine(id.high, id.low), slot};
  }

  /// The base must stay as it is, for as long as this ring is used.
  void begin_as(const Ring& base);

  void insert(const Place& place);
  void remove(const Place& place);

  [[nodiscard]] std::size_t size() const {
    return shared_size() - removed_.size() + own_.size() + pending_.size();
  }
  [[nodiscard]] Slot operator[](std::size_t index) const;
  /// The index of a member that is on the ring.
  [[nodiscard]] std::size_t index_of(const Place& place) const;

 private:
  [[nodiscard]] std::size_t shared_size() const { return base_ ? base_->own_.size() : 0; }
  /// How many of the base's places come before it and are not removed.
  [[nodiscard]] std::size_t shared_before(const Place& place) const;
  [[nodiscard]] std::size_t index_of_own(std::size_t place) const {
    return place + shared_before(own_[place]);
  }
  [[nodiscard]] Slot nth_shared(std::size_t n) const;
  void sort_in() const;

  /// One that begins as nothing else itself.
  const Ring* base_ = nullptr;
  std::vector<std::uint32_t> removed_;  // indexes in the base, sorted
  mutable std::vector<Place> own_;      // sorted
  mutable std::vector<Place> pending_;  // not yet among own_
};

}  // namespace rollcall::core
