// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace rollcall::runtime {

/// A user's function that can be taken away while another thread may be calling it.
///
/// Threads: call() and end() from any thread. After end() has returned no call runs, except the
///          one that end() was called from: a function may end itself.
template <class... Arguments>
class CallbackSlot {
 public:
  explicit CallbackSlot(std::function<void(Arguments...)> function)
      : function_(std::move(function)) {}

  /// Does nothing after end().
  void call(Arguments... arguments) {
    std::function<void(Arguments...)> ended;  // what it holds goes after the lock
    // Recursive, so that end() from inside the function does not wait for itself.
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ++depth_;
    function_(arguments...);
    if (--depth_ == 0 && ended_) std::swap(ended, function_);
  }
  /// Also lets go of the function, or has call() do so when that is under way.
  void end() {
    std::function<void(Arguments...)> ended;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    if (depth_ == 0) std::swap(ended, function_);
  }
  [[nodiscard]] bool has_ended() const { return ended_; }

 private:
  std::recursive_mutex mutex_;
  std::atomic<bool> ended_ = false;
  int depth_ = 0;  // of calls under way
  std::function<void(Arguments...)> function_;
};

/// What a Subscription holds: ends the slot when the last copy goes.
template <class Slot>
std::shared_ptr<void> end_on_release(std::shared_ptr<Slot> slot) {
  Slot* const raw = slot.get();
  return {raw, [slot = std::move(slot)](Slot*) { slot->end(); }};
}

}  // namespace rollcall::runtime
