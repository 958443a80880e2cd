// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Joining : public SimulationTest {};

TEST_P(Joining, EverybodyListsEverybodyWhoJoinedThroughOne) {
  make({.size = 2 + draw(12)});

  EXPECT_EQ(cluster_->form(5s), "");

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(verdicts().count(core::EventKind::member_suspect), 0U);
}

TEST_P(Joining, SucceedsUnderLoss) {
  make({.size = 8, .world = {.link = {.loss = 0.2}}});

  EXPECT_EQ(cluster_->form(60s), "");

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Joining, LoneMemberFindsTheClusterWhenASeedAppears) {
  make({.size = 3});
  world().start(HostId{1}, {cluster_->seed()});
  world().run_for(20s);
  EXPECT_EQ(world().node(HostId{1}).phase(), core::Phase::alone);

  world().start(HostId{0});
  world().start(HostId{2}, {cluster_->seed()});

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Joining, SeedNameIsLookedUpAgainAtEachTry) {
  make({.size = 2});
  world().start(HostId{0});
  world().start(HostId{1}, {{.host = "seeds.example", .port = 7420}});
  world().run_for(5s);

  world().set_name("seeds.example", {world().address(HostId{0})});

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Joining, ReturnsToItsSavedPeersWithoutSeeds) {
  make_joined(5);
  world().run_for(90s);
  const HostId host = draw_joiner();
  ASSERT_FALSE(world().saved_peers(host).empty());
  world().crash(host);
  world().run_for(5s);

  world().restart(host, Disk::kept);

  EXPECT_EQ(cluster_->converge(15s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Joining, testing::ValuesIn(seeds(50)), seed_name);

class JoiningAtOnce : public SimulationTest {};

TEST_P(JoiningAtOnce, HundredMembersThroughOneTakeOneSecond) {
  make({.size = 100, .start_gap = 0ms});

  EXPECT_EQ(cluster_->form(1s), "");

  EXPECT_EQ(failures(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, JoiningAtOnce, testing::ValuesIn(seeds(5)), seed_name);

}  // namespace
}  // namespace rollcall::sim
