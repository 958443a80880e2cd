// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/swarm.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "lab/runner.hpp"
#include "lab/scenario_check.hpp"
#include "lab/scenario_yaml.hpp"

namespace rollcall::lab {
namespace {

TEST(SwarmTest, DrawsTheSameScenarioFromTheSameSeed) {
  EXPECT_EQ(to_yaml(draw_scenario(5)), to_yaml(draw_scenario(5)));
  EXPECT_NE(to_yaml(draw_scenario(5)), to_yaml(draw_scenario(6)));
}

TEST(SwarmTest, DrawsWhatCanBeRun) {
  std::size_t least = 1000;
  std::size_t most = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    EXPECT_TRUE(check_scenario(scenario).empty()) << seed;
    EXPECT_EQ(scenario.faults.back().kind, FaultKind::peace);
    least = std::min(least, scenario.cluster.members);
    most = std::max(most, scenario.cluster.members);
  }
  EXPECT_EQ(least, 3U);
  EXPECT_EQ(most, 40U);
}

bool has(const Scenario& scenario, FaultKind kind) {
  return std::ranges::any_of(scenario.faults,
                             [&](const Fault& fault) { return fault.kind == kind; });
}

/// A drawn scenario with both kinds of faults, and more.
Scenario drawn_with(FaultKind one, FaultKind other) {
  for (std::uint64_t seed = 1;; ++seed) {
    Scenario scenario = draw_scenario(seed);
    if (has(scenario, one) && has(scenario, other) && scenario.faults.size() > 8) return scenario;
  }
}

TEST(ShrinkTest, KeepsOnlyWhatTheFailureNeeds) {
  const Scenario scenario = drawn_with(FaultKind::crash, FaultKind::partition);
  const auto fails = [](const Scenario& candidate) {
    return has(candidate, FaultKind::crash) && has(candidate, FaultKind::partition) &&
           candidate.cluster.members >= 4;
  };

  const Scenario small = shrink(scenario, {.fails = fails});

  EXPECT_TRUE(fails(small));
  EXPECT_EQ(small.faults.size(), 3U);  // and peace
  EXPECT_EQ(small.cluster.members, 4U);
  EXPECT_EQ(small.network.loss, 0);
  EXPECT_LE(last_change(small), 10s);
  EXPECT_TRUE(parse_scenario(to_yaml(small)));
}

/// What no cluster can keep: that a silent machine is known at once.
TEST(ShrinkTest, CutsARunThatFailsDownToASmallOneThatFails) {
  Scenario scenario = drawn_with(FaultKind::power_off, FaultKind::link);
  scenario.expect.silence_known_within = 100ms;
  const auto fails = [](const Scenario& candidate) {
    return !run_scenario(candidate, {.seed = 1}).broken.empty();
  };
  ASSERT_TRUE(fails(scenario));

  const Scenario small = shrink(scenario, {.fails = fails, .tries_max = 200});

  EXPECT_TRUE(fails(small));
  EXPECT_EQ(small.faults.size(), 2U);  // and peace
  EXPECT_LE(small.cluster.members, 3U);
  EXPECT_TRUE(parse_scenario(to_yaml(small)));
}

TEST(ShrinkTest, GivesUpWhenItHasTriedEnough) {
  const Scenario scenario = draw_scenario(1);
  std::size_t tries = 0;

  const Scenario same = shrink(scenario, {.fails =
                                              [&](const Scenario&) {
                                                ++tries;
                                                return false;
                                              },
                                          .tries_max = 5});

  EXPECT_EQ(tries, 5U);
  EXPECT_EQ(to_yaml(same), to_yaml(scenario));
}

}  // namespace
}  // namespace rollcall::lab
