// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/event_log.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::runtime {

void EventLog::append(std::vector<Event> events) {
  if (events.empty()) return;
  keep(std::move(events));
  wake_all();
}

void EventLog::keep(std::vector<Event> events) {
  std::vector<std::shared_ptr<const Event>> forgotten;  // freed after the lock
  const std::lock_guard lock(mutex_);
  for (Event& event : events) {
    event.index = ++newest_;
    events_.push_back(std::make_shared<const Event>(std::move(event)));
    if (events_.size() > kept_max_) {
      forgotten.push_back(std::move(events_.front()));
      events_.pop_front();
    }
  }
}

void EventLog::wake_all() {
  std::vector<std::shared_ptr<Waker>> wakers;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(wakers_, [](const auto& waker) { return waker->has_ended(); });
    wakers = wakers_;
  }
  for (const auto& waker : wakers) waker->call();
}

std::uint64_t EventLog::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

EventBatch EventLog::since(std::uint64_t since, std::size_t max) const {
  EventBatch batch;
  const std::lock_guard lock(mutex_);
  if (since >= newest_) return batch;
  const std::uint64_t oldest = newest_ - events_.size() + 1;
  batch.gap = since + 1 < oldest;
  const std::uint64_t first = std::max(since + 1, oldest);
  const std::size_t count = std::min<std::size_t>(max, newest_ - first + 1);
  const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(first - oldest);
  batch.events.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  return batch;
}

Subscription EventLog::on_append(std::function<void()> wake) {
  auto waker = std::make_shared<Waker>(std::move(wake));
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(wakers_, [](const auto& one) { return one->has_ended(); });
    wakers_.push_back(waker);
  }
  return Subscription(end_on_release(std::move(waker)));
}

}  // namespace rollcall::runtime
