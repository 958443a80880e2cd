// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

class EventOrderChecker;

/// Nobody says "failed" of a life that runs, is reachable and was not in trouble for as long as
/// the pause budget.
///
/// Trouble shorter than the budget excuses nobody. A member that was in trouble for longer may be
/// blamed until grace after it was over. So may one that was cut off from its observer or, while
/// the verdict is news, from its accuser. One that never
/// met a life may hear of its end, however false. A member that stands aside because of another's
/// verdict only says what that one said (PROTOCOL.md, "Standing aside"). Reachable means: by most
/// of those who are sound and on the observer's side. An accuser with a broken link to the accused,
/// or hardly reachable itself, is not held to this; what a broken link alone may do is tested by
/// itself. In profile swim, whose time-outs are not a pause budget, any trouble excuses.
///
/// Order:  what the order checker knows of the observer must be from before the event.
/// Limits: without a log of troubles it excuses as in profile swim, and everybody until grace
///         after any healing.
class AccuracyChecker {
 public:
  /// A pause begins a little before it is seen, and a verdict takes a moment to arrive.
  static constexpr Duration budget_slack = std::chrono::milliseconds(150);
  /// A verdict is news for a second, and may be on its way for another.
  static constexpr Duration news_time = std::chrono::seconds(2);

  AccuracyChecker(const World& world, Duration grace, const TroubleLog* troubles = nullptr,
                  const EventOrderChecker* order = nullptr)
      : world_(world),
        grace_(grace),
        troubles_(troubles),
        order_(order) {}

  void on_event(const Observation& observation);
  [[nodiscard]] const Violations& violations() const { return violations_; }
  /// Lives that somebody declared failed while they ran: at all, and without an excuse.
  [[nodiscard]] std::size_t failures_of_living() const { return failed_living_.size(); }
  [[nodiscard]] std::size_t false_failures() const { return falsely_failed_.size(); }

 private:
  [[nodiscard]] bool is_over_by_own_word(HostId target, const Observation& observation) const;
  [[nodiscard]] bool is_excused_by_trouble(HostId target, const Observation& observation) const;
  [[nodiscard]] bool is_excused_by_a_cut(HostId target, const Observation& observation) const;
  [[nodiscard]] bool is_reachable(HostId target, HostId observer) const;
  [[nodiscard]] bool is_trusted(const std::string& accuser, HostId target) const;
  [[nodiscard]] std::optional<HostId> running(const std::string& name) const;

  const World& world_;
  Duration grace_;
  const TroubleLog* troubles_;
  const EventOrderChecker* order_;
  /// When the verdict of each accuser on each life was first told.
  std::map<std::pair<LifeId, std::string>, Instant> first_said_;
  std::set<LifeId> failed_living_;
  std::set<LifeId> falsely_failed_;
  Violations violations_{"accuracy"};
};

}  // namespace rollcall::sim
