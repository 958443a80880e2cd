// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Partition : public SimulationTest {};

TEST_P(Partition, OfTwoHalvesHealsByItself) {
  make_joined(20);
  world().run_for(5s);

  world().partition({range(0, 10), range(10, 20)});
  world().run_for(60s);
  EXPECT_EQ(convergence_gap(world(), range(0, 10)), "");
  EXPECT_EQ(convergence_gap(world(), range(10, 20)), "");
  world().heal();

  EXPECT_EQ(cluster_->converge(10s), "");
  world().run_for(30s);
  EXPECT_EQ(cluster_->converge(1s), "");
}

class HealedPartition : public testing::TestWithParam<std::tuple<core::DetectorKind, unsigned>> {};

/// Those that the other side had buried begin new lives; to their own side none of them has failed.
TEST_P(HealedPartition, BuriesNobodyOnTheSameSide) {
  constexpr std::uint32_t half = 10;
  const auto [detector, seed] = GetParam();
  World world({.seed = seed, .link = {.loss = 0}});
  for (std::uint32_t i = 0; i < 2 * half; ++i) {
    core::Config config;
    config.name = "n" + std::to_string(i);
    config.detector = detector;
    world.add_host(config);
  }
  world.start_formed();
  std::string buried;
  const std::vector<HostId> hosts = world.hosts();
  const std::vector<HostId> left(hosts.begin(), hosts.begin() + half);
  world.observe([&](const Observation& observation) {
    if (observation.event.kind != core::EventKind::member_failed) return;
    const auto is_left = [&](const std::string& name) {
      return std::ranges::any_of(left, [&](HostId host) { return world.name(host) == name; });
    };
    const std::string& observer = world.name(observation.observer.host);
    if (is_left(observer) == is_left(observation.event.name)) {
      buried += observer + " buries " + observation.event.name + "; ";
    }
  });
  world.run_for(5s);

  world.partition({left});
  world.run_for(60s);
  world.heal();
  world.run_for(5s);

  EXPECT_EQ(buried, "");
}

// Where somebody asked a member in its new life for the old one, before it had heard of the new
// one.
INSTANTIATE_TEST_SUITE_P(Found, HealedPartition,
                         testing::Values(std::tuple{core::DetectorKind::gossip, 13U},
                                         std::tuple{core::DetectorKind::gossip, 34U},
                                         std::tuple{core::DetectorKind::pingack, 58U}),
                         [](const auto& found) {
                           return std::string(core::to_text(std::get<0>(found.param))) + "_seed" +
                                  std::to_string(std::get<1>(found.param));
                         });

TEST_P(Partition, OfOneMemberHealsByItself) {
  make_joined(10);
  world().run_for(5s);
  const HostId host = draw_host();

  world().partition({{host}});
  world().run_for(60s);
  world().heal();

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Partition, ShorterThanThePauseBudgetFailsNobody) {
  make_joined(10);
  world().run_for(5s);

  world().partition({range(0, 5), range(5, 10)});
  world().run_for(1500ms);
  world().heal();
  world().run_for(20s);

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Partition, IntoThreeHealsByItself) {
  make_joined(12);
  world().run_for(5s);

  world().partition({range(0, 4), range(4, 8), range(8, 12)});
  world().run_for(30s);
  world().heal();

  EXPECT_EQ(cluster_->converge(15s), "");
}

/// Verdicts on the other side waited in its socket while it did not run: they are news no more.
TEST_P(Partition, AMemberThatWakesWhenItHealsBuriesNobody) {
  make_joined(10);
  world().run_for(5s);
  const HostId sleeper{9};

  world().partition({range(0, 5), range(5, 10)});
  world().run_for(1s);
  world().freeze(sleeper);
  world().run_for(20s);
  world().heal();
  world().thaw(sleeper);
  world().run_for(20s);

  EXPECT_EQ(cluster_->converge(1s), "");
}

TEST_P(Partition, AMemberThatHearsAgainWhenItHealsBuriesNobody) {
  make_joined(10);
  world().run_for(5s);
  const HostId deaf{9};

  world().partition({range(0, 5), range(5, 10)});
  world().run_for(1s);
  world().hold_input(deaf);
  world().run_for(12s);  // deaf for longer, it would stand aside
  world().heal();
  world().release_input(deaf);
  world().run_for(20s);

  EXPECT_EQ(cluster_->converge(1s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Partition, testing::ValuesIn(seeds(30)), seed_name);

}  // namespace
}  // namespace rollcall::sim
