// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include <pthread.h>

namespace rollcall::runtime {

/// A named thread of the library.
///
/// All signals are blocked in it: a program's handlers run on the program's own threads, and no
/// system call here is interrupted by them.
///
/// Limits:  the stack is the one asked for; only touched pages of it are resident.
/// Threads: join() and detach() by one thread at a time. One of them must come before the end.
class Thread {
 public:
  static constexpr std::size_t helper_stack_bytes = std::size_t{512} << 10U;
  static constexpr std::size_t user_stack_bytes = std::size_t{8} << 20U;

  Thread() = default;
  /// The name has at most 15 characters; the system cuts the rest.
  Thread(const char* name, std::size_t stack_bytes, std::function<void()> body);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  Thread(Thread&&) = delete;
  Thread& operator=(Thread&& other) noexcept;

  [[nodiscard]] bool is_running() const { return running_; }
  [[nodiscard]] bool is_current() const {
    return running_ && pthread_equal(handle_, pthread_self()) != 0;
  }
  void join();
  /// Lets it go on by itself; what it uses must belong to it.
  void detach();

 private:
  pthread_t handle_{};
  bool running_ = false;
};

}  // namespace rollcall::runtime
