// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/time.hpp"
#include "lab/plan.hpp"
#include "lab/plan_formulas.hpp"
#include "lab/plan_traffic.hpp"

namespace rollcall::lab {

/// As many as are asked, of those that there are.
[[nodiscard]] std::size_t helpers_of(const PlanQuestion& question);

/// What profile rollcall does (PROTOCOL.md, "Failure detection"), in numbers.
class RollcallModel {
 public:
  explicit RollcallModel(const PlanQuestion& question) : question_(question) {}

  [[nodiscard]] Times crash() const;
  [[nodiscard]] Times silent_loss() const;
  [[nodiscard]] Duration spread(double share) const;

  /// Of one member, for so many changes anywhere.
  [[nodiscard]] UpdateLoad update_load(double changes_per_second) const;
  [[nodiscard]] double probes_per_second() const;
  /// Pings beside the probes, by which a member measures its own network.
  [[nodiscard]] double samples_per_second() const;
  [[nodiscard]] double suspicions_per_probe() const;
  [[nodiscard]] double failures_per_suspicion() const;
  [[nodiscard]] Duration pause_tolerated() const { return question_.pause; }

  /// How long a probe waits for an answer.
  [[nodiscard]] Duration patience() const;
  [[nodiscard]] Duration look_interval() const;
  /// Members told at once of a change, and messages by which each tells it again, on average.
  [[nodiscard]] double fanout() const;
  [[nodiscard]] double repeats() const;

 private:
  [[nodiscard]] double judges() const;
  /// Looks that must stay unanswered before a doubt is told.
  [[nodiscard]] double looks_in_doubt() const;
  [[nodiscard]] Duration suspicion_to_verdict() const;
  /// How the last member hears: shares of all news, and how long it takes.
  struct Spread {
    double pushed = 0;  // everybody by the push
    double ticked = 0;  // somebody by a repetition
    Duration push{};
  };
  [[nodiscard]] Spread spread_parts() const;
  /// How long the digest takes to bring it to whoever was missed by all that.
  [[nodiscard]] Duration until_compared(double share) const;

  const PlanQuestion& question_;
};

/// What profile swim does, in numbers.
class SwimModel {
 public:
  explicit SwimModel(const PlanQuestion& question) : question_(question) {}

  /// No proof of death: a process that ends is found like a machine that is gone.
  [[nodiscard]] Times crash() const { return silent_loss(); }
  [[nodiscard]] Times silent_loss() const;
  [[nodiscard]] Duration spread(double share) const;

  /// Of one member, for so many changes anywhere.
  [[nodiscard]] UpdateLoad update_load(double changes_per_second) const;
  [[nodiscard]] double probes_per_second() const;
  [[nodiscard]] double samples_per_second() const { return 0; }
  [[nodiscard]] double suspicions_per_probe() const;
  [[nodiscard]] double failures_per_suspicion() const;
  [[nodiscard]] Duration pause_tolerated() const { return shortest_suspicion(); }

  [[nodiscard]] Duration shortest_suspicion() const;
  [[nodiscard]] double repeats() const;

 private:
  [[nodiscard]] double tick_fanout() const;
  [[nodiscard]] formulas::TickGossip gossip() const;

  const PlanQuestion& question_;
};

}  // namespace rollcall::lab
