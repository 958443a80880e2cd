// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "runtime/thread.hpp"

namespace rollcall::runtime {

/// One thread for jobs that may block; it starts with the first job.
///
/// Order:   jobs run one after the other, in the order of post().
/// Limits:  at most queue_max jobs wait; more are refused.
/// Threads: post() from any thread.
class Worker {
 public:
  enum class AtEnd : std::uint8_t {
    finish,  // the destructor waits until every job has run
    abandon  // jobs that wait are dropped, and the one that runs is left to itself
  };

  Worker(const char* name, std::size_t queue_max, AtEnd at_end);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// False when the queue is full: the job will not run.
  [[nodiscard]] bool post(std::function<void()> job);

 private:
  /// Shared with the thread, which outlives an abandoning worker.
  struct State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool is_busy = false;
    bool is_ending = false;
  };

  static void run(State& state);

  const char* name_;
  std::size_t queue_max_;
  AtEnd at_end_;
  std::shared_ptr<State> state_;
  Thread thread_;
};

}  // namespace rollcall::runtime
