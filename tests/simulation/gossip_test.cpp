// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Detector gossip: heartbeats that spread, instead of probes.
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

core::Config gossip() {
  core::Config config;
  config.detector = core::DetectorKind::gossip;
  return config;
}

core::Config gossip_by_accrual() {
  core::Config config = gossip();
  config.accrual_threshold = 8;
  return config;
}

core::Config gossip_by_broadcast() {
  core::Config config = gossip();
  config.broadcast = true;
  config.heartbeat_cast = core::HeartbeatCast::broadcast;
  return config;
}

class Gossip : public SimulationTest {
 protected:
  void make_gossip(std::size_t size, double loss = 0, const core::Config& config = gossip()) {
    make_joined({.size = size, .world = {.link = {.loss = loss}}, .config = config});
    world().run_for(10s);
  }
  std::optional<Duration> known_after(HostId host, Duration limit, void (World::*fault)(HostId)) {
    const LifeId life = cluster_->life(host).id;
    const Instant since = world().now();
    (world().*fault)(host);
    return cluster_->until_all_know(life, since, limit);
  }
};

TEST_P(Gossip, KnowsACrashAtOnce) {
  make_gossip(10);

  EXPECT_TRUE(known_after(draw_host(), 200ms, &World::crash));

  EXPECT_EQ(failures(), 9U);
}

TEST_P(Gossip, FindsASilentMember) {
  make_gossip(10);

  EXPECT_TRUE(known_after(draw_host(), 10s, &World::power_off));

  EXPECT_EQ(failures(), 9U);
}

TEST_P(Gossip, FindsTwoThatFallSilentTogether) {
  make_gossip(12);
  const HostId one = draw_joiner();
  const LifeId first = cluster_->life(HostId{0}).id;
  const LifeId second = cluster_->life(one).id;
  const Instant since = world().now();

  world().power_off(HostId{0});
  world().power_off(one);

  EXPECT_TRUE(cluster_->until_all_know(first, since, 15s));
  EXPECT_TRUE(cluster_->until_all_know(second, since, 15s));
}

TEST_P(Gossip, ToleratesPauses) {
  make_gossip(10);

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

TEST_P(Gossip, FailsNobodyUnderHeavyLoss) {
  make_gossip(20, 0.3);

  world().run_for(3min);

  EXPECT_EQ(failures(), 0U);
  EXPECT_TRUE(known_after(draw_host(), 20s, &World::power_off));
}

TEST_P(Gossip, JudgesByTheDistributionOfArrivals) {
  make_gossip(20, 0.1, gossip_by_accrual());
  world().run_for(1min);
  EXPECT_EQ(failures(), 0U);

  EXPECT_TRUE(known_after(draw_host(), 20s, &World::power_off));
}

TEST_P(Gossip, SpreadsByBroadcast) {
  make_gossip(20, 0.1, gossip_by_broadcast());
  world().run_for(1min);
  EXPECT_EQ(failures(), 0U);

  EXPECT_TRUE(known_after(draw_host(), 15s, &World::power_off));
}

TEST_P(Gossip, HealsAfterAPartition) {
  make_gossip(20);
  world().partition({range(0, 10), range(10, 20)});
  world().run_for(60s);

  world().heal();

  EXPECT_EQ(cluster_->converge(5s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Gossip, testing::ValuesIn(seeds(20)), seed_name);

}  // namespace
}  // namespace rollcall::sim
