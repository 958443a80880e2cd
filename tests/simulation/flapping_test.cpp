// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Members that come and go, and come and go.
#include <algorithm>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Flapping : public SimulationTest {
 protected:
  void restart_again_and_again(HostId host, int times) {
    for (int i = 0; i < times; ++i) {
      world().crash(host);
      world().run_for(500ms);
      world().restart(host, Disk::kept, {world().seed_of(HostId{1})});
      world().run_for(3s);
    }
  }
  /// What the observer holds against the host; nothing if nothing.
  [[nodiscard]] std::optional<core::Steadiness> held_against(HostId host, HostId observer) {
    const core::Node& node = world().node(observer);
    const auto slot = node.members().find(world().name(host));
    const auto list = node.unsteady();
    const auto found = std::ranges::find(
        list, slot, [](const core::Steadiness& one) { return std::optional(one.slot); });
    return found == list.end() ? std::nullopt : std::optional(*found);
  }
  std::optional<Duration> known_after(HostId host, Duration limit, void (World::*fault)(HostId)) {
    const LifeId life = cluster_->life(host).id;
    const Instant since = world().now();
    (world().*fault)(host);
    return cluster_->until_all_know(life, since, limit);
  }
};

TEST_P(Flapping, IsHeldAgainstTheNameThroughAllItsLives) {
  make_joined(8);
  restart_again_and_again(HostId{3}, 6);

  const auto held = held_against(HostId{3}, HostId{5});

  ASSERT_TRUE(held);
  EXPECT_GE(held->flaps, 6U);
  EXPECT_GT(held->penalty, 4);
  EXPECT_GT(held->time_allowed, 2 * core::suspicion_time_auto);
  EXPECT_FALSE(held_against(HostId{2}, HostId{5}));
}

TEST_P(Flapping, IsForgotten) {
  make_joined(8);
  restart_again_and_again(HostId{3}, 6);

  world().run_for(6min);

  EXPECT_FALSE(held_against(HostId{3}, HostId{5}));
}

TEST_P(Flapping, DoesNotDelayProofOfDeath) {
  make_joined(8);
  restart_again_and_again(HostId{3}, 6);

  EXPECT_TRUE(known_after(HostId{3}, 200ms, &World::crash));
}

TEST_P(Flapping, DelaysASilentDeathWithinABound) {
  make_joined(8);
  restart_again_and_again(HostId{3}, 6);

  const auto flapping = known_after(HostId{3}, 20s, &World::power_off);
  const auto steady = known_after(HostId{4}, 20s, &World::power_off);

  ASSERT_TRUE(flapping && steady);
  EXPECT_GT(*flapping, *steady + core::suspicion_time_auto) << "it was given more time";
  // A probe's time, the hold-down of two budgets, and three times the time with its witnesses.
  EXPECT_LT(*flapping, 3s + 5 * core::suspicion_time_auto);
}

TEST_P(Flapping, LetsALongerPausePassThanOneOfASteadyMember) {
  make_joined(8);
  restart_again_and_again(HostId{3}, 6);
  const LifeId life = cluster_->life(HostId{3}).id;

  world().freeze(HostId{3});
  world().run_for(5s);
  world().thaw(HostId{3});
  world().run_for(20s);

  EXPECT_EQ(cluster_->life(HostId{3}).id, life) << "it has not failed";
}

TEST_P(Flapping, DeadIsFinalForALife) {
  make_joined(8);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const LifeId life = cluster_->life(host).id;
  world().freeze(host);
  world().run_for(10s);

  world().thaw(host);
  world().run_for(20s);

  EXPECT_NE(cluster_->life(host).id, life);
  for (const HostId observer : world().hosts()) {
    EXPECT_TRUE(knows_end_of(world().node(observer), life));
  }
  EXPECT_EQ(cluster_->converge(1s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Flapping, testing::ValuesIn(seeds(10)), seed_name);

}  // namespace
}  // namespace rollcall::sim
