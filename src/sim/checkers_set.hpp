// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "sim/checkers.hpp"
#include "sim/checkers_accuracy.hpp"
#include "sim/checkers_agreement.hpp"
#include "sim/checkers_bounds.hpp"
#include "sim/checkers_endings.hpp"
#include "sim/checkers_names.hpp"
#include "sim/checkers_records.hpp"
#include "sim/checkers_settings.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

struct CheckerOptions {
  /// How long after its trouble a member may still be blamed for it.
  Duration grace = std::chrono::seconds(6);
  EndingBounds endings{};
  /// See AgreementChecker; nothing is watched without it.
  std::optional<Duration> agreement{};
  /// How soon all must have the newest settings.
  Duration settings = std::chrono::seconds(20);
  enum class Depth : std::uint8_t {
    all,
    /// For clusters so large that to follow every event and every change is too much:
    /// accuracy alone, at events alone, with the excuses of one who has not watched.
    verdicts
  };
  Depth depth = Depth::all;
};

/// All checkers, watching one world: at every event, before every datagram that a member gets,
/// and at the world as a whole every TroubleLog::look_interval.
///
/// Order: make it before anything starts, for it excuses only what it has seen; the world must
///        outlive its last run.
class CheckerSet {
 public:
  CheckerSet(World& world, const CheckerOptions& options);
  CheckerSet(const CheckerSet&) = delete;
  CheckerSet& operator=(const CheckerSet&) = delete;

  /// All that the checkers object to, a line each that begins with the checker's name; empty when
  /// nothing. Looks a last time.
  [[nodiscard]] std::string violations();
  [[nodiscard]] const AccuracyChecker& accuracy() const { return accuracy_; }

 private:
  void on_event(const Observation& observation);
  void before_datagram(HostId to);
  void look_at(HostId host);
  void look_at_all();
  void compare_all();
  void look_if_due();
  void look();

  World& world_;
  CheckerOptions::Depth depth_;
  Instant next_look_{};
  TroubleLog troubles_;
  EventOrderChecker order_;
  AccuracyChecker accuracy_;
  RecordChecker records_;
  CompletenessChecker completeness_;
  DepartureChecker departures_;
  NameChecker names_;
  BoundsChecker bounds_;
  AgreementChecker agreement_;
  SettingsChecker settings_;
};

}  // namespace rollcall::sim
