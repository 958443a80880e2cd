// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Leaving : public SimulationTest {
 protected:
  [[nodiscard]] bool all_list(HostId absent, const LifeId& life, core::State state) {
    for (const HostId host : world().hosts()) {
      if (host == absent || !world().is_running(host)) continue;
      const core::MemberTable& table = world().node(host).members();
      const auto slot = table.find(life);
      if (!slot || table.at(*slot).state != state) return false;
    }
    return true;
  }
  bool run_until_done(core::CommandId id, Duration limit) {
    return world().run_until([&] { return world().outcome(id) != nullptr; }, limit);
  }
};

TEST_P(Leaving, IsKnownToAllAndNeverAFailure) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();
  const LifeId life = cluster_->life(host).id;

  const auto leave = world().command(host, core::LeaveCommand{});
  ASSERT_TRUE(run_until_done(leave, 3s));
  EXPECT_EQ(world().outcome(leave)->result, core::CommandResult::done);
  world().crash(host);
  world().run_for(1s);

  EXPECT_TRUE(all_list(host, life, core::State::left));
  world().run_for(30s);
  EXPECT_TRUE(all_list(host, life, core::State::left));
  EXPECT_EQ(failures(), 0U);
}

TEST_P(Leaving, UnderLossIsKnownToAllAndNeverAFailure) {
  make_joined({.size = 10, .world = {.link = {.loss = 0.2}}});
  world().run_for(5s);
  const HostId host = draw_host();
  const LifeId life = cluster_->life(host).id;

  const auto leave = world().command(host, core::LeaveCommand{});
  ASSERT_TRUE(run_until_done(leave, 3s));
  world().crash(host);
  world().run_for(5s);

  EXPECT_TRUE(all_list(host, life, core::State::left));
  EXPECT_EQ(failures(), 0U);
}

TEST_P(Leaving, BeforeTheWelcomeHasArrivedIsNoFailureEither) {
  make({.size = 2});
  const HostId introducer{0};
  const HostId host{1};
  world().start(introducer);
  world().start(host, {cluster_->seed()});
  const LifeId life = cluster_->life(host).id;
  const auto is_let_in = [&] { return world().node(introducer).members().find(life).has_value(); };
  ASSERT_TRUE(world().run_until(is_let_in, 1s, 10us));
  ASSERT_EQ(world().node(host).members().live_count(), 1U);  // it knows nobody whom it could tell

  world().command(host, core::LeaveCommand{});
  world().run_for(20s);

  EXPECT_TRUE(all_list(host, life, core::State::left));
  EXPECT_EQ(failures(), 0U);
}

TEST_P(Leaving, CanBeFollowedByANewLife) {
  make_joined(5);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const LifeId old = cluster_->life(host).id;
  ASSERT_TRUE(run_until_done(world().command(host, core::LeaveCommand{}), 3s));

  world().command(host, core::JoinCommand{.seeds = {cluster_->seed()}});

  EXPECT_EQ(cluster_->converge(5s), "");
  EXPECT_NE(cluster_->life(host).id, old);
  EXPECT_EQ(failures(), 0U);
}

TEST_P(Leaving, ForcedUponAFailedMemberIsKnownToAll) {
  make_joined(10);
  world().run_for(5s);
  const HostId host{3};
  const LifeId life = cluster_->life(host).id;
  world().crash(host);
  world().run_for(5s);

  const auto force =
      world().command(HostId{0}, core::ForceLeaveCommand{.name = world().name(host)});
  world().run_for(5s);

  ASSERT_NE(world().outcome(force), nullptr);
  EXPECT_EQ(world().outcome(force)->result, core::CommandResult::done);
  EXPECT_TRUE(all_list(host, life, core::State::left));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Leaving, testing::ValuesIn(seeds(50)), seed_name);

}  // namespace
}  // namespace rollcall::sim
