// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "consensus/log.hpp"
#include "rollcall/groups.hpp"
#include "runtime/callback_slot.hpp"

namespace rollcall::runtime {

/// Those who want to be called, each until he takes that back.
///
/// Threads: subscribe() and size() from any; call() from one at a time.
template <class... Arguments>
class Subscribers {
 public:
  using Function = std::function<void(Arguments...)>;

  [[nodiscard]] Subscription subscribe(Function function) {
    auto slot = std::make_shared<Slot>(std::move(function));
    const std::lock_guard lock(mutex_);
    forget_ended();
    slots_.push_back(slot);
    size_ = slots_.size();
    return Subscription(end_on_release(std::move(slot)));
  }
  /// Those who have ended may still be counted.
  [[nodiscard]] std::size_t size() const { return size_; }
  void call(Arguments... arguments) {
    for (const auto& slot : present()) slot->call(arguments...);
  }

 private:
  using Slot = CallbackSlot<Arguments...>;

  std::vector<std::shared_ptr<Slot>> present() {
    const std::lock_guard lock(mutex_);
    forget_ended();
    return slots_;
  }
  void forget_ended() {
    std::erase_if(slots_, [](const auto& slot) { return slot->has_ended(); });
    size_ = slots_.size();
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Slot>> slots_;
  std::atomic<std::size_t> size_ = 0;
};

/// What readers of the agreed side see without waiting: who leads, and how it goes; and whom to
/// tell of news.
///
/// Threads: the agreement's thread writes, any thread reads. The lock is held for copying a
///          pointer or two.
class GroupsBoard {
 public:
  [[nodiscard]] std::expected<ClusterLeader, Error> leader() const;
  /// How stale it is counts on from when it was published.
  [[nodiscard]] AgreementStatus status() const;

  void set_leader(std::optional<ClusterLeader> leader);
  void set_status(consensus::LogStatus status, Instant now);

  Subscribers<const std::shared_ptr<const ViewChange>&> changes;
  Subscribers<const std::optional<ClusterLeader>&> leaders;

 private:
  struct Published {
    consensus::LogStatus status;
    Instant at{};
  };

  mutable std::mutex mutex_;
  std::shared_ptr<const ClusterLeader> leader_;  // null: there is none
  std::shared_ptr<const Published> status_ = std::make_shared<const Published>();
};

}  // namespace rollcall::runtime
