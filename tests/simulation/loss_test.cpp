// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Loss : public SimulationTest {};

TEST_P(Loss, OfThirtyPercentBothWaysFailsNobodyInFiveMinutes) {
  make_joined(20);
  world().run_for(5s);

  world().set_link({.loss = 0.3});
  world().run_for(5min);

  EXPECT_EQ(failures(), 0U);
  world().set_link({});
  EXPECT_EQ(cluster_->converge(10s), "");
}

TEST_P(Loss, OfHalfOfOneMembersPacketsFailsNobody) {
  make_joined(10);
  world().run_for(5s);

  world().set_loss(draw_host(), {.in = 0.3, .out = 0.3});
  world().run_for(2min);

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Loss, OfMostOfOneMembersPacketsPutsItAsideUntilItsNetworkIsSound) {
  make_joined(20);
  world().run_for(30s);
  const HostId gray = draw_host();
  const LifeId life = world().node(gray).life().id;

  draw(2) == 0 ? world().set_loss(gray, {.in = 0.8}) : world().set_loss(gray, {.out = 0.8});
  world().run_for(4min);
  EXPECT_EQ(failures(), world().host_count()) << "once, at each";
  EXPECT_EQ(verdicts().verdict_count(life), world().host_count());
  EXPECT_EQ(world().node(gray).phase(), core::Phase::aside);

  world().set_loss(gray, {});
  EXPECT_EQ(cluster_->converge(60s), "");
  EXPECT_EQ(failures(), world().host_count());
}

TEST_P(Loss, AMemberThatStandsAsideCanLeave) {
  make_joined(20);
  world().run_for(30s);
  const HostId gray = draw_host();
  world().set_loss(gray, {.out = 0.8});
  world().run_for(4min);
  ASSERT_EQ(world().node(gray).phase(), core::Phase::aside);

  world().command(gray, core::LeaveCommand{});
  world().run_for(10s);

  EXPECT_EQ(world().node(gray).phase(), core::Phase::left);
  world().set_loss(gray, {});
  world().run_for(60s);
  EXPECT_EQ(world().node(gray).phase(), core::Phase::left) << "it does not come back by itself";
}

TEST_P(Loss, AMemberThatStandsAsideComesBackAtOnceWhenToldTo) {
  make_joined(20);
  world().run_for(30s);
  const HostId gray = draw_joiner();
  world().set_loss(gray, {.in = 0.8});
  world().run_for(4min);
  ASSERT_EQ(world().node(gray).phase(), core::Phase::aside);
  world().set_loss(gray, {});

  world().command(gray, core::JoinCommand{.seeds = {cluster_->seed()}, .keep_trying = false});

  EXPECT_EQ(cluster_->converge(5s), "");
  world().run_for(60s);
  EXPECT_EQ(failures(), world().host_count()) << "once, at each: it has stayed";
}

TEST_P(Loss, OfTheInputOfOneMemberAgainAndAgainFailsItOnce) {
  make_joined(20);
  world().run_for(30s);
  const HostId gray = draw_host();

  for (int i = 0; i < 4; ++i) {
    world().set_loss(gray, {.in = 1});
    world().run_for(20s);
    world().set_loss(gray, {});
    world().run_for(20s);
  }
  EXPECT_EQ(failures(), world().host_count()) << "once, at each";

  EXPECT_EQ(cluster_->converge(60s), "");
}

TEST_P(Loss, OfAllDatagramsOfOneMemberFailsNobodyWhileStreamsPass) {
  make_joined(10);
  world().run_for(5s);

  world().set_loss(draw_host(), {.in = 1, .out = 1, .scope = LossScope::datagrams});
  world().run_for(1min);

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Loss, DuplicatesAndReorderingDoNoHarm) {
  make_joined(
      {.size = 10, .world = {.link = {.duplicate = 0.5, .reorder = 0.5, .reorder_by = 300ms}}});
  world().run_for(1min);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_P(Loss, OfOneLinkInOneDirectionFailsNobody) {
  make_joined(10);
  world().run_for(5s);
  const HostId from = draw_joiner();

  world().cut(from, HostId{0});
  world().run_for(2min);

  EXPECT_EQ(failures(), 0U);
  world().mend(from, HostId{0});
  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_P(Loss, OfOneLinkFailsNobody) {
  make_joined(10);
  world().run_for(5s);
  const HostId from = draw_joiner();

  world().cut(from, HostId{0});
  world().cut(HostId{0}, from);
  world().run_for(2min);

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Loss, OfOneLinkFailsNobodyEvenWhenAllLinksAreLossy) {
  make_joined(10);
  world().run_for(5s);
  world().set_link({.loss = 0.2});
  const HostId from = draw_joiner();

  world().cut(from, HostId{0});
  world().run_for(5min);

  EXPECT_EQ(failures(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Loss, testing::ValuesIn(seeds(40)), seed_name);

}  // namespace
}  // namespace rollcall::sim
