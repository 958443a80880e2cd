// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/worker.hpp"

#include <utility>

namespace rollcall::runtime {

Worker::Worker(const char* name, std::size_t queue_max, AtEnd at_end)
    : name_(name),
      queue_max_(queue_max),
      at_end_(at_end),
      state_(std::make_shared<State>()) {}

bool Worker::post(std::function<void()> job) {
  const std::lock_guard lock(state_->mutex);
  if (state_->jobs.size() >= queue_max_) return false;
  state_->jobs.push_back(std::move(job));
  if (!thread_.is_running()) {
    thread_ = Thread(name_, Thread::helper_stack_bytes, [state = state_] { run(*state); });
  }
  state_->wake.notify_one();
  return true;
}

void Worker::run(State& state) {
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.wake.wait(lock, [&state] { return !state.jobs.empty() || state.is_ending; });
    if (state.jobs.empty()) return;
    std::function<void()> job = std::move(state.jobs.front());
    state.jobs.pop_front();
    state.is_busy = true;
    lock.unlock();
    job();
    job = nullptr;  // what it holds goes without the lock
    lock.lock();
    state.is_busy = false;
  }
}

Worker::~Worker() {
  bool is_left_to_itself = false;
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_ending = true;
    if (at_end_ == AtEnd::abandon) std::swap(dropped, state_->jobs);
    is_left_to_itself = at_end_ == AtEnd::abandon && state_->is_busy;
    state_->wake.notify_one();
  }
  if (!thread_.is_running()) return;
  if (is_left_to_itself || thread_.is_current()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

}  // namespace rollcall::runtime
