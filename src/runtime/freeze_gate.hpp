// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

namespace rollcall::runtime {

/// Stops a thread as SIGSTOP stops a process: what was on its way to it waits in the sockets, and
/// its timers come late, once it goes on.
///
/// Threads: close() and open() from any; the thread to be stopped passes through pass(), which is
///          posted to it after each close().
class FreezeGate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_closed_ = false;
    opened_.notify_all();
  }
  /// Waits while it is closed.
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return !is_closed_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_closed_ = false;
};

}  // namespace rollcall::runtime
