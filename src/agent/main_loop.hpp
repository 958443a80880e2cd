// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/unique_fd.hpp"

namespace rollcall::agent {

/// The main thread of an agent: waits for signals, moments, and work that others give it.
///
/// SIGTERM, SIGINT and SIGHUP are blocked for the life of the loop, in the thread that made it
/// and in every thread that it starts afterwards, and come out of wait(). SIGPIPE is ignored:
/// a peer or a pipe that goes away is an error of the call.
///
/// Threads: post() any; the others by the thread that made it.
class MainLoop {
 public:
  using Clock = std::chrono::steady_clock;

  MainLoop();
  ~MainLoop();
  MainLoop(const MainLoop&) = delete;
  MainLoop& operator=(const MainLoop&) = delete;

  /// Has the work done by wait(), in the order given.
  void post(std::function<void()> work);

  /// Waits for a signal, which it gives; nothing when the moment has come or work was done.
  std::optional<int> wait(Clock::time_point until);

 private:
  std::vector<std::function<void()>> take_work();

  runtime::UniqueFd signals_;
  runtime::UniqueFd wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> work_;
};

}  // namespace rollcall::agent
