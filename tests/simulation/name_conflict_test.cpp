// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class NameConflict : public SimulationTest {
 protected:
  [[nodiscard]] bool is_out(HostId host) const {
    return cluster_->world().node(host).phase() == core::Phase::conflict;
  }
};

TEST_P(NameConflict, NewcomerIsRefusedAndTheHolderStays) {
  make_joined(5);
  world().run_for(5s);
  const HostId twin = cluster_->add("n2");
  const Life holder = cluster_->life(HostId{2});

  world().start(twin, {cluster_->seed()});
  world().run_for(5s);

  EXPECT_TRUE(is_out(twin));
  EXPECT_FALSE(is_out(HostId{2}));
  EXPECT_EQ(cluster_->life(HostId{2}), holder);
  EXPECT_EQ(convergence_gap(world(), range(0, 5)), "");
  EXPECT_GE(verdicts().count(core::EventKind::name_conflict), 1U);
  EXPECT_EQ(failures(), 0U);
}

TEST_P(NameConflict, NewcomerIsRefusedByTheHolderItself) {
  make_joined(3);
  world().run_for(5s);
  const HostId twin = cluster_->add("n0");

  world().start(twin, {cluster_->seed()});
  world().run_for(5s);

  EXPECT_TRUE(is_out(twin));
  EXPECT_EQ(convergence_gap(world(), range(0, 3)), "");
}

TEST_P(NameConflict, OfTwoThatMeetWhenAPartitionHealsOneStandsDown) {
  make_joined(10);
  world().run_for(5s);
  const HostId twin = cluster_->add("n2");
  world().partition({range(0, 5), range(5, 11)});
  world().run_for(20s);
  world().start(twin, {world().seed_of(HostId{5})});
  world().run_for(20s);
  ASSERT_EQ(convergence_gap(world(), range(0, 5)), "");
  ASSERT_EQ(convergence_gap(world(), range(5, 11)), "");

  world().heal();
  world().run_for(60s);

  EXPECT_NE(is_out(HostId{2}), is_out(twin));
  std::vector<HostId> rest = range(0, 11);
  std::erase(rest, is_out(twin) ? twin : HostId{2});
  EXPECT_EQ(convergence_gap(world(), rest), "");
  EXPECT_GE(verdicts().count(core::EventKind::name_conflict), 1U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NameConflict, testing::ValuesIn(seeds(50)), seed_name);

}  // namespace
}  // namespace rollcall::sim
