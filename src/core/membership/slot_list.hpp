// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <unordered_map>
#include <vector>

namespace rollcall::core {

/// A place in the member table, stable for as long as the name is known.
enum class Slot : std::uint32_t {};
constexpr std::size_t index_of(Slot slot) {
  return static_cast<std::size_t>(slot);
}

/// Slots in no useful order. It may begin as another list, and then keeps only what differs.
///
/// Limits: every call O(1); memory for what is its own.
class SlotList {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Slot;
    using difference_type = std::ptrdiff_t;
    using pointer = const Slot*;
    using reference = Slot;

    Iterator() = default;
    Iterator(const SlotList& list, std::size_t place) : list_(&list), place_(place) {}
    Slot operator*() const { return (*list_)[place_]; }
    Iterator& operator++() {
      ++place_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++place_;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const SlotList* list_ = nullptr;
    std::size_t place_ = 0;
  };

  /// The base must stay as it is, for as long as this list is used.
  void begin_as(const SlotList& base) {
    base_ = &base;
    shared_ = size_ = base.size();
    changed_.clear();
    own_.clear();
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Slot operator[](std::size_t place) const {
    if (place >= shared_) return own_[place - shared_];
    if (!changed_.empty()) {
      const auto found = changed_.find(static_cast<std::uint32_t>(place));
      if (found != changed_.end()) return found->second;
    }
    return (*base_)[place];
  }
  [[nodiscard]] Slot back() const { return (*this)[size_ - 1]; }
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size_}; }

  void set(std::size_t place, Slot slot) {
    if (place >= shared_) {
      own_[place - shared_] = slot;
    } else {
      changed_[static_cast<std::uint32_t>(place)] = slot;
    }
  }
  void push_back(Slot slot) {
    if (size_ >= shared_) own_.push_back(slot);
    ++size_;
    set(size_ - 1, slot);
  }
  void pop_back() {
    --size_;
    if (size_ >= shared_) {
      own_.pop_back();
    } else {
      changed_.erase(static_cast<std::uint32_t>(size_));
    }
  }

 private:
  const SlotList* base_ = nullptr;
  /// Places below it are the base's, unless they are in changed_.
  std::size_t shared_ = 0;
  std::size_t size_ = 0;
  std::unordered_map<std::uint32_t, Slot> changed_;  // looked up only, never iterated
  std::vector<Slot> own_;
};

}  // namespace rollcall::core
