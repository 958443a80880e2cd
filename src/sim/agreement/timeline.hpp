// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/time.hpp"
#include "sim/event_queue.hpp"
#include "sim/slot_pool.hpp"

namespace rollcall::sim::agreement {

/// Virtual time, and what is going to happen in it.
///
/// Order: by time, then in the order given; at one moment all deadlines come last, because a member
///        is given the input that has arrived before its timer.
class Timeline {
 public:
  using Task = std::function<void()>;

  [[nodiscard]] Instant now() const { return now_; }
  /// A moment that has passed is now.
  void at(Instant when, Task task, DueKind kind = DueKind::task) {
    const std::uint32_t slot = tasks_.take();
    tasks_.at(slot) = std::move(task);
    queue_.push(std::max(when, now_), kind, slot);
  }
  void after(Duration delay, Task task) { at(now_ + delay, std::move(task)); }

  /// Runs what is due next; false, and time is `end`, if nothing is due by then.
  bool step(Instant end) {
    Due due;
    if (queue_.empty() || !queue_.pop_until(end, due)) {
      now_ = std::max(now_, end);
      return false;
    }
    now_ = due.time;
    const Task task = std::exchange(tasks_.at(due.slot), {});
    tasks_.give_back(due.slot);
    task();
    return true;
  }

 private:
  Instant now_{};
  EventQueue queue_;
  SlotPool<Task> tasks_;
};

}  // namespace rollcall::sim::agreement
