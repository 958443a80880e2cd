// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "core/node.hpp"
#include "rollcall/member.hpp"
#include "rollcall/settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/event_log.hpp"
#include "runtime/fault_layer.hpp"

namespace rollcall::runtime {

/// The numbers that status() is made of, as the loop last published them.
struct StatusNumbers {
  core::Phase phase = core::Phase::starting;
  core::JoinStage join_stage = core::JoinStage::none;
  unsigned health = 0;
  Duration lag{};
  core::Counters counters;
  /// Refused by the socket before the core saw them: too long.
  std::uint64_t datagrams_cut = 0;
  /// Thrown away on purpose (ClusterSettings::drop_rate).
  std::uint64_t datagrams_dropped = 0;
  std::uint64_t streams_refused = 0;
  /// Faults on purpose that are in force, and what they did.
  std::size_t faults = 0;
  FaultCounts fault_counts;
};

/// Everything that readers see of a running member: who is there, how it goes, what it is tuned
/// by, what happened.
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
  void set_settings(std::shared_ptr<const SettingsInForce> settings) {
    const std::lock_guard lock(mutex_);
    std::swap(settings_, settings);
  }

  [[nodiscard]] MemberList members() const {
    const std::lock_guard lock(mutex_);
    return members_;
  }
  [[nodiscard]] StatusNumbers numbers() const {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const {
    const std::lock_guard lock(mutex_);
    return settings_;
  }
  void set_faults(FaultReport faults) {
    const std::lock_guard lock(mutex_);
    std::swap(faults_, faults);
  }
  [[nodiscard]] FaultReport faults() const {
    const std::lock_guard lock(mutex_);
    return faults_;
  }
  [[nodiscard]] EventLog& events() const { return *events_; }
  [[nodiscard]] std::shared_ptr<EventLog> shared_events() const { return events_; }
  [[nodiscard]] Duration uptime() const { return SteadyClock::now() - started_; }

 private:
  mutable std::mutex mutex_;
  MemberList members_;
  StatusNumbers numbers_;
  FaultReport faults_;
  std::shared_ptr<const SettingsInForce> settings_ = std::make_shared<const SettingsInForce>();
  std::shared_ptr<EventLog> events_;
  SteadyClock::time_point started_;
};

}  // namespace rollcall::runtime
