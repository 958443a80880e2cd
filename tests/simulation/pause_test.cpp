// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Pause : public SimulationTest {};

TEST_P(Pause, BelowTheBudgetFailsNobody) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();

  world().freeze(host);
  world().run_for(1500ms);
  world().thaw(host);
  world().run_for(20s);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Pause, BelowTheBudgetFailsNobodyAgainAndAgain) {
  make_joined(10);
  world().run_for(5s);

  for (int round = 0; round < 10; ++round) {
    const HostId host = draw_host();
    world().freeze(host);
    world().run_for(1500ms);
    world().thaw(host);
    world().run_for(std::chrono::milliseconds(500 + draw(1500)));
  }
  world().run_for(10s);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Pause, BeyondTheBudgetFailsAndThenANewLifeIsAliveEverywhereAtOnce) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();
  const LifeId life = cluster_->life(host).id;

  world().freeze(host);
  world().run_for(10s);
  for (const HostId other : world().hosts()) {
    EXPECT_TRUE(other == host || knows_end_of(world().node(other), life));
  }
  world().thaw(host);

  EXPECT_EQ(cluster_->converge(1s), "");
  world().run_for(20s);
  EXPECT_EQ(verdicts().count(core::EventKind::member_failed), 9U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Pause, AccusesNobodyOnWaking) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();
  std::size_t accusations = 0;
  world().observe([&](const Observation& observation) {
    const auto kind = observation.event.kind;
    const bool accuses =
        kind == core::EventKind::member_suspect || kind == core::EventKind::member_failed;
    if (accuses && observation.event.name != world().name(host)) ++accusations;
  });

  world().freeze(host);
  world().run_for(std::chrono::milliseconds(200 + draw(10'000)));
  world().thaw(host);
  world().run_for(20s);

  EXPECT_EQ(accusations, 0U);
}

TEST_P(Pause, OfManyAtOnceFailsNobody) {
  make_joined(20);
  world().run_for(5s);

  for (std::uint32_t i = 0; i < 10; ++i) world().freeze(HostId{i});
  world().run_for(1500ms);
  for (std::uint32_t i = 0; i < 10; ++i) world().thaw(HostId{i});
  world().run_for(20s);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Pause, OfTheReceivingSideMakesNobodyAnAccuser) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();

  world().hold_input(host);
  world().run_for(1500ms);
  world().release_input(host);
  world().run_for(20s);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Pause, OfTheReceivingSideFailsNobodyElseHoweverLong) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();
  std::vector<std::string> failed;
  world().observe([&](const Observation& observation) {
    if (observation.event.kind == core::EventKind::member_failed) {
      failed.push_back(observation.event.name);
    }
  });

  world().hold_input(host);
  world().run_for(10s);
  world().release_input(host);

  EXPECT_EQ(cluster_->converge(2s), "");
  world().run_for(20s);
  EXPECT_TRUE(std::ranges::all_of(failed, [&](const std::string& name) {
    return name == world().name(host);
  })) << failed.front();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Pause, testing::ValuesIn(seeds(50)), seed_name);

}  // namespace
}  // namespace rollcall::sim
