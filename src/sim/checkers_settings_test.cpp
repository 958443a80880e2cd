// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster.hpp"

namespace rollcall::sim {
namespace {

using testing::HasSubstr;

class SettingsCheckerTest : public testing::Test {
 protected:
  SettingsCheckerTest() : cluster_({.size = 4}) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.form(), "");
    world().observe([this](const Observation& observation) { checker_.on_event(observation); });
  }

  World& world() { return cluster_.world(); }
  void change(HostId host, core::SettingsScope scope = core::SettingsScope::cluster) {
    world().command(host, core::ChangeSettingsCommand{.change = {.suspicion_time = 3s},
                                                      .scope = scope,
                                                      .expected_number = std::nullopt});
  }
  void run_and_look(Duration duration) {
    const Instant end = world().now() + duration;
    while (world().now() < end) {
      world().run_for(20ms);
      troubles_.look();
      checker_.look();
    }
  }

  Cluster cluster_;
  TroubleLog troubles_{cluster_.world()};
  SettingsChecker checker_{cluster_.world(), troubles_, 2s};
};

TEST_F(SettingsCheckerTest, IsSatisfiedWhereAChangeReachesAll) {
  change(HostId{2});
  run_and_look(10s);

  EXPECT_EQ(checker_.violations().text(), "");
  EXPECT_EQ(world().node(HostId{0}).settings().version.number, 1U);
}

TEST_F(SettingsCheckerTest, ObjectsToAMemberThatAChangeDoesNotReach) {
  // It hears nothing, and is blamed for it: a one-way loss that nobody noticed.
  for (const HostId host : world().hosts()) {
    if (host != HostId{3}) world().cut(host, HostId{3});
  }
  run_and_look(100ms);
  change(HostId{0});
  run_and_look(2200ms);

  EXPECT_THAT(checker_.violations().text(),
              HasSubstr("n0 has settings 1 of n0, n3 has settings 0"));
}

TEST_F(SettingsCheckerTest, WaitsForThoseWhoAreApart) {
  world().partition({{HostId{3}}});
  change(HostId{0});
  run_and_look(10s);

  EXPECT_EQ(checker_.violations().text(), "");
}

TEST_F(SettingsCheckerTest, LeavesAMemberItsOwnSettings) {
  change(HostId{1}, core::SettingsScope::local);
  run_and_look(10s);

  EXPECT_EQ(checker_.violations().text(), "");
}

}  // namespace
}  // namespace rollcall::sim
