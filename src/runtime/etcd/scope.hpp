// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.hpp"

namespace rollcall::runtime::etcd {

/// A function that does nothing once its scope has ended.
template <class Function>
struct Guarded {
  std::weak_ptr<char> alive;
  Function function;

  template <class... Values>
    requires std::invocable<const Function&, Values...>
  void operator()(Values&&... values) const {
    if (!alive.expired()) function(std::forward<Values>(values)...);
  }
};

/// What was begun and may no longer matter when it ends: callbacks that it wrapped are not run once
/// the scope was reset or is gone.
///
/// Threads: one.
class Scope {
 public:
  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  template <class Function>
  [[nodiscard]] Guarded<Function> wrap(Function function) const {
    return Guarded<Function>{alive_, std::move(function)};
  }
  void reset() { alive_ = std::make_shared<char>(); }

 private:
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

/// One thing to be done later.
class Timer {
 public:
  explicit Timer(boost::asio::io_context& io) : timer_(io) {}

  /// In place of what was to be done before.
  void after(Duration delay, std::function<void()> what) {
    cancel();
    is_set_ = true;
    timer_.expires_after(delay);
    timer_.async_wait(scope_.wrap([this, what = std::move(what)](boost::system::error_code error) {
      if (error) return;
      is_set_ = false;
      what();
    }));
  }
  void cancel() {
    is_set_ = false;
    scope_.reset();
    timer_.cancel();
  }
  [[nodiscard]] bool is_set() const { return is_set_; }

 private:
  boost::asio::steady_timer timer_;
  Scope scope_;
  bool is_set_ = false;
};

}  // namespace rollcall::runtime::etcd
