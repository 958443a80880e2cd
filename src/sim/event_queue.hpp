// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"

namespace rollcall::sim {

/// What kind of thing is due; `slot` says which one.
enum class DueKind : std::uint32_t { datagram, unreachable, task, deadline };

struct Due {
  Instant time{};
  std::uint64_t order = 0;
  DueKind kind{};
  std::uint32_t slot = 0;
};

/// Everything that is going to happen, by virtual time.
///
/// Order:  by time, then in the order pushed; at one moment all deadlines come after everything
///         else, because a node is given the input that has arrived before its timer.
/// Limits: O(log pending) per push and pop; memory for what is pending.
class EventQueue {
 public:
  void push(Instant time, DueKind kind, std::uint32_t slot) {
    constexpr std::uint64_t after_input = std::uint64_t{1} << 63U;
    const std::uint64_t order = pushed_++ | (kind == DueKind::deadline ? after_input : 0U);
    heap_.push_back({time, order, kind, slot});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Instant next_time() const { return heap_.empty() ? never : heap_.front().time; }

  Due pop() {
    ROLLCALL_CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Due due = heap_.back();
    heap_.pop_back();
    return due;
  }

 private:
  static bool is_later(const Due& one, const Due& other) {
    if (one.time != other.time) return one.time > other.time;
    return one.order > other.order;
  }

  std::vector<Due> heap_;
  std::uint64_t pushed_ = 0;
};

}  // namespace rollcall::sim
