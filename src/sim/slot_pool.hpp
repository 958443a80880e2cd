// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace rollcall::sim {

/// Things in flight, in numbered places that are used again: on the steady path nothing is
/// allocated, because a place keeps the memory of what it held before.
///
/// Limits: memory for the most that was ever in flight at once.
template <class T>
class SlotPool {
 public:
  std::uint32_t take() {
    if (free_.empty()) {
      items_.emplace_back();
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }

  [[nodiscard]] T& at(std::uint32_t slot) { return items_[slot]; }

 private:
  std::deque<T> items_;  // a deque: references stay good while others are taken
  std::vector<std::uint32_t> free_;
};

}  // namespace rollcall::sim
