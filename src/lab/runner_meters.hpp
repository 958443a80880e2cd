// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lab/runner.hpp"
#include "sim/world.hpp"

namespace rollcall::lab {

/// Counts suspicions.
class SuspicionMeter {
 public:
  void on_event(const sim::Observation& observation);
  void report(Measurements& into) const;

 private:
  using Claim = std::pair<LifeId, std::uint32_t>;

  std::set<Claim> suspicions_;
  std::set<Claim> refutations_;
};

/// Times how long it takes until those who could hear of a change of settings have the newest: the
/// members that were in, sound and within reach of whoever changed them, and still are.
class SettingsMeter {
 public:
  explicit SettingsMeter(const sim::World& world) : world_(world) {}

  void on_event(const sim::Observation& observation);
  void report(Measurements& into);

 private:
  void begin(const sim::Observation& observation);
  /// Ends the time if nobody is left who waits for the newest.
  void look(Instant now);
  [[nodiscard]] bool waits(sim::HostId host) const;

  const sim::World& world_;
  core::SettingsVersion newest_;
  std::optional<Instant> since_;
  std::set<sim::HostId> waiting_;
  std::vector<Duration> times_;
  std::size_t unsettled_ = 0;
};

/// Adds up what members send, through their restarts.
class TrafficMeter {
 public:
  explicit TrafficMeter(const sim::World& world) : world_(world) {}

  /// Counts from now on.
  void begin();
  void on_start(sim::HostId host);
  /// The host's process is about to end.
  void on_end(sim::HostId host);
  /// Ends the count.
  void report(Measurements& into);

 private:
  struct Base {
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    Instant since{};
  };

  [[nodiscard]] Base& base(sim::HostId host);

  const sim::World& world_;
  std::vector<Base> bases_;
  std::uint64_t stream_bytes_before_ = 0;
  std::uint64_t datagrams_ = 0;
  std::uint64_t bytes_ = 0;
  Duration member_time_{};
};

/// One number for all that happened.
class RunHash {
 public:
  void on_datagram(Instant time, sim::HostId from, sim::HostId to, Bytes bytes);
  void on_event(const sim::Observation& observation);
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void mix(std::uint64_t word) { hash_ = hash_combine(hash_, word); }

  std::uint64_t hash_ = 0;
};

}  // namespace rollcall::lab
