// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Crash : public SimulationTest {
 protected:
  /// How long until all survivors know that the host's life is over.
  template <class Fault>
  std::optional<Duration> detection(HostId host, Duration limit, Fault fault) {
    const LifeId life = cluster_->life(host).id;
    const Instant since = world().now();
    fault(host);
    const auto took = cluster_->until_all_know(life, since, limit);
    world().run_for(10s);
    EXPECT_EQ(cluster_->converge(10s), "");
    return took;
  }
  std::optional<Duration> crash(HostId host, Duration limit) {
    return detection(host, limit, [&](HostId target) { world().crash(target); });
  }
  std::optional<Duration> power_off(HostId host, Duration limit) {
    return detection(host, limit, [&](HostId target) { world().power_off(target); });
  }
};

TEST_P(Crash, OfAProcessIsKnownToAllAtOnce) {
  make_joined(10);
  world().run_for(5s);

  EXPECT_TRUE(crash(draw_host(), 200ms));

  EXPECT_EQ(failures(), 9U);
}

TEST_P(Crash, OfAProcessIsKnownUnderLoss) {
  make_joined({.size = 20, .world = {.link = {.loss = 0.2}}});
  world().run_for(5s);

  EXPECT_TRUE(crash(draw_host(), 5s));

  EXPECT_EQ(failures(), 19U);
}

TEST_P(Crash, OfASilentHostIsKnownUnderLoss) {
  make_joined({.size = 20, .world = {.link = {.loss = 0.2}}});
  world().run_for(5s);

  EXPECT_TRUE(power_off(draw_host(), 5s));

  EXPECT_EQ(failures(), 19U);
}

TEST_P(Crash, OfASilentHostIsKnownWithinItsPauseBudget) {
  make_joined(10);
  world().run_for(5s);

  const auto took = power_off(draw_host(), 4s);

  ASSERT_TRUE(took);
  EXPECT_GE(*took, 2s);
  EXPECT_EQ(failures(), 9U);
}

TEST_P(Crash, OfOneOfTwoIsKnown) {
  make_joined(2);
  world().run_for(5s);

  EXPECT_TRUE(crash(HostId{1}, 5s));
}

TEST_P(Crash, OfASilentMemberOfTwoIsKnown) {
  make_joined(2);
  world().run_for(5s);

  EXPECT_TRUE(power_off(HostId{1}, 8s));
}

TEST_P(Crash, OfASilentHostIsKnownAcrossSlowLinks) {
  make_joined({.size = 10, .world = {.link = {.delay_min = 80ms, .delay_max = 120ms}}});
  world().run_for(20s);

  EXPECT_TRUE(power_off(draw_host(), 8s));

  EXPECT_EQ(failures(), 9U);
}

TEST_P(Crash, OfSeveralAtOnceFailsThemAndNobodyElse) {
  make_joined(20);
  world().run_for(5s);
  const Instant since = world().now();
  std::vector<LifeId> lives;
  for (std::uint32_t i = 3; i < 10; ++i) {
    lives.push_back(cluster_->life(HostId{i}).id);
    if (i % 2 == 0) {
      world().crash(HostId{i});
    } else {
      world().power_off(HostId{i});
    }
  }

  // Longer than for one: members that are gone may be those that should have looked.
  for (const LifeId& life : lives) EXPECT_TRUE(cluster_->until_all_know(life, since, 8s));
  EXPECT_EQ(cluster_->converge(10s), "");
}

TEST_P(Crash, IsDetectedByProfileSwimWithinItsFormulas) {
  core::Config config;
  config.profile = core::Profile::swim;
  make_joined({.size = 10, .config = config});
  world().run_for(5s);

  // A probe round over 10 members, the longest suspicion (6 × 4 s), and gossip.
  EXPECT_TRUE(power_off(draw_host(), 40s));

  EXPECT_EQ(failures(), 9U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Crash, testing::ValuesIn(seeds(50)), seed_name);

class SilentLoss : public SimulationTest {};

TEST_P(SilentLoss, OfOneOfAHundredTakesThreeSecondsInTheMedian) {
  make_joined({.size = 100});
  world().run_for(5s);
  std::vector<Duration> took;
  for (std::uint32_t i = 1; i <= 30; ++i) {
    const LifeId life = cluster_->life(HostId{i}).id;
    world().run_for(std::chrono::milliseconds(draw(1000)));
    const Instant since = world().now();
    world().power_off(HostId{i});
    const auto known = cluster_->until_all_know(life, since, 20s);
    ASSERT_TRUE(known);
    took.push_back(*known);
  }

  EXPECT_LE(percentile(took, 0.5), 3s);
  EXPECT_LE(percentile(took, 0.99), 4s);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SilentLoss, testing::ValuesIn(seeds(2)), seed_name);

}  // namespace
}  // namespace rollcall::sim
