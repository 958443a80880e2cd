// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "rollcall/agent.hpp"
#include "rollcall/event.hpp"
#include "runtime/callback_slot.hpp"

namespace rollcall::runtime {

/// The newest events of one member, numbered, for readers that come and go.
///
/// Order:   indexes start at 1 and have no gap.
/// Limits:  the kept_max newest events; older ones are forgotten.
/// Threads: any; nothing waits longer than it takes to copy pointers. Wakers run on the thread
///          that appends.
class EventLog {
 public:
  explicit EventLog(std::size_t kept_max) : kept_max_(kept_max) {}

  /// Numbers and keeps the events, then wakes.
  void append(std::vector<Event> events);

  /// 0 before the first event.
  [[nodiscard]] std::uint64_t newest() const;
  /// Events with an index above since, at most max; gap tells that some were forgotten.
  [[nodiscard]] EventBatch since(std::uint64_t since, std::size_t max) const;

  /// Calls back after each append() for as long as the subscription lives.
  [[nodiscard]] Subscription on_append(std::function<void()> wake);

 private:
  using Waker = CallbackSlot<>;

  void keep(std::vector<Event> events);
  void wake_all();

  std::size_t kept_max_;
  mutable std::mutex mutex_;
  std::uint64_t newest_ = 0;
  std::deque<std::shared_ptr<const Event>> events_;
  std::vector<std::shared_ptr<Waker>> wakers_;
};

}  // namespace rollcall::runtime
