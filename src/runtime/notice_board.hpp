// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "core/node.hpp"
#include "rollcall/member.hpp"
#include "runtime/clock.hpp"
#include "runtime/event_log.hpp"

namespace rollcall::runtime {

/// The numbers that status() is made of, as the loop last published them.
struct StatusNumbers {
  core::Phase phase = core::Phase::starting;
  unsigned health = 0;
  Duration lag{};
  core::Counters counters;
  /// Refused by the socket before the core saw them: too long.
  std::uint64_t datagrams_cut = 0;
  /// Thrown away on purpose (Options::drop_rate).
  std::uint64_t datagrams_dropped = 0;
  std::uint64_t streams_refused = 0;
};

/// Everything that readers see of a running member: who is there, how it goes, what happened.
///
/// Threads: the loop's thread writes, any thread reads. The lock is held for copying a pointer or
///          some numbers, so a reader never holds up the protocol.
class NoticeBoard {
 public:
  explicit NoticeBoard(std::size_t events_kept)
      : events_(std::make_shared<EventLog>(events_kept)),
        started_(SteadyClock::now()) {}

  void set_members(MemberList members) {
    {
      const std::lock_guard lock(mutex_);
      std::swap(members_, members);
    }
    // The list before is freed here, after the lock, if nobody else holds it.
  }
  void set_numbers(const StatusNumbers& numbers) {
    const std::lock_guard lock(mutex_);
    numbers_ = numbers;
  }

  [[nodiscard]] MemberList members() const {
    const std::lock_guard lock(mutex_);
    return members_;
  }
  [[nodiscard]] StatusNumbers numbers() const {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  [[nodiscard]] EventLog& events() const { return *events_; }
  [[nodiscard]] std::shared_ptr<EventLog> shared_events() const { return events_; }
  [[nodiscard]] Duration uptime() const { return SteadyClock::now() - started_; }

 private:
  mutable std::mutex mutex_;
  MemberList members_;
  StatusNumbers numbers_;
  std::shared_ptr<EventLog> events_;
  SteadyClock::time_point started_;
};

}  // namespace rollcall::runtime
