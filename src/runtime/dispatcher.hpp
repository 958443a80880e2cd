// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "rollcall/agent.hpp"
#include "runtime/callback_slot.hpp"
#include "runtime/event_log.hpp"
#include "runtime/thread.hpp"

namespace rollcall::runtime {

/// Calls subscribers back for each event, on one thread of its own that starts with the first
/// subscriber.
///
/// Order:   each subscriber gets every event after its subscription once, in order.
/// Limits:  events wait for a slow subscriber in the log; those that the log forgets meanwhile are
///          replaced by one protocol_warning event that says how many.
/// Threads: subscribe() and close() from any thread, also from a callback. close() waits for the
///          callback under way, except when called from it.
class Dispatcher {
 public:
  explicit Dispatcher(std::shared_ptr<EventLog> log);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  [[nodiscard]] Subscription subscribe(std::function<void(const Event&)> callback);
  void close();

 private:
  struct Subscriber {
    Subscriber(std::function<void(const Event&)> callback, std::uint64_t newest)
        : slot(std::move(callback)),
          seen(newest) {}

    CallbackSlot<const Event&> slot;
    std::uint64_t seen;  // the dispatcher's thread only, once it is in the list
  };
  /// Shared with the thread, which outlives the dispatcher when a callback destroys it.
  struct State {
    std::shared_ptr<EventLog> log;
    std::mutex mutex;
    std::condition_variable wake;
    bool has_news = false;
    bool closing = false;
    std::vector<std::shared_ptr<Subscriber>> subscribers;
  };

  static void run(State& state);
  static void note_news(State& state);
  static bool deliver_some(State& state, Subscriber& subscriber);
  static bool is_closing(State& state);
  static Event lost_events(std::uint64_t first, std::uint64_t last);
  void start();

  std::shared_ptr<State> state_;
  std::mutex thread_mutex_;
  Thread thread_;
  Subscription waker_;
};

}  // namespace rollcall::runtime
