// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/dispatcher.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace rollcall::runtime {
namespace {

/// Events given to one subscriber before the next has its turn.
constexpr std::size_t events_per_turn = 64;

}  // namespace

Dispatcher::Dispatcher(std::shared_ptr<EventLog> log) : state_(std::make_shared<State>()) {
  state_->log = std::move(log);
}

Dispatcher::~Dispatcher() {
  close();
}

Subscription Dispatcher::subscribe(std::function<void(const Event&)> callback) {
  auto subscriber = std::make_shared<Subscriber>(std::move(callback), state_->log->newest());
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->closing) return {};
    state_->subscribers.push_back(subscriber);
  }
  note_news(*state_);  // an event may have come before the waker was in place
  start();
  auto* const slot = &subscriber->slot;
  return Subscription(
      end_on_release(std::shared_ptr<CallbackSlot<const Event&>>(std::move(subscriber), slot)));
}

void Dispatcher::start() {
  const std::lock_guard lock(thread_mutex_);
  if (thread_.is_running() || is_closing(*state_)) return;
  waker_ = state_->log->on_append([state = state_] { note_news(*state); });
  thread_ = Thread("rollcall-events", Thread::user_stack_bytes, [state = state_] { run(*state); });
}

void Dispatcher::note_news(State& state) {
  const std::lock_guard lock(state.mutex);
  state.has_news = true;
  state.wake.notify_one();
}

void Dispatcher::run(State& state) {
  for (;;) {
    std::vector<std::shared_ptr<Subscriber>> turn;
    {
      std::unique_lock lock(state.mutex);
      state.wake.wait(lock, [&state] { return state.has_news || state.closing; });
      if (state.closing) return;
      state.has_news = false;
      std::erase_if(state.subscribers, [](const auto& one) { return one->slot.has_ended(); });
      turn = state.subscribers;
    }
    bool is_more = true;
    while (is_more && !is_closing(state)) {
      is_more = false;
      for (const auto& subscriber : turn) is_more |= deliver_some(state, *subscriber);
    }
  }
}

/// Returns whether there may be more.
bool Dispatcher::deliver_some(State& state, Subscriber& subscriber) {
  const EventBatch batch = state.log->since(subscriber.seen, events_per_turn);
  if (batch.events.empty()) return false;
  const std::uint64_t first = batch.events.front()->index;
  if (batch.gap) subscriber.slot.call(lost_events(subscriber.seen + 1, first - 1));
  for (const auto& event : batch.events) {
    if (is_closing(state)) return false;
    subscriber.seen = event->index;
    subscriber.slot.call(*event);
  }
  return true;
}

bool Dispatcher::is_closing(State& state) {
  const std::lock_guard lock(state.mutex);
  return state.closing;
}

Event Dispatcher::lost_events(std::uint64_t first, std::uint64_t last) {
  Event event;
  event.index = last;
  event.type = EventType::protocol_warning;
  event.time = std::chrono::system_clock::now();
  event.message = "events " + std::to_string(first) + " to " + std::to_string(last) +
                  " were dropped, because this subscriber was slower than they came";
  return event;
}

void Dispatcher::close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->wake.notify_one();
  }
  Thread ending;
  {
    const std::lock_guard lock(thread_mutex_);
    waker_ = {};
    ending = std::move(thread_);
  }
  if (!ending.is_running()) return;
  if (ending.is_current()) {
    ending.detach();  // it holds its state, and ends after this callback
  } else {
    ending.join();
  }
}

}  // namespace rollcall::runtime
