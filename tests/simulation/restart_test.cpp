// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

class Restart : public SimulationTest {
 protected:
  static constexpr std::size_t size = 10;

  /// All list the new life, and the old one never comes back.
  void expect_superseded(const Life& old, HostId host) {
    EXPECT_EQ(cluster_->converge(2s), "");
    const Life fresh = cluster_->life(host);
    EXPECT_NE(fresh.id, old.id);
    world().run_for(30s);
    EXPECT_EQ(cluster_->converge(1s), "");
    EXPECT_EQ(cluster_->life(host), fresh);
  }
};

TEST_P(Restart, AtOnceSupersedesTheOldLife) {
  make_joined(size);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const Life old = cluster_->life(host);

  world().crash(host);
  world().restart(host, Disk::kept, {cluster_->seed()});

  expect_superseded(old, host);
}

TEST_P(Restart, WithoutItsDiskSupersedesTheOldLife) {
  make_joined(size);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const Life old = cluster_->life(host);

  world().crash(host);
  world().run_for(std::chrono::milliseconds(draw(5000)));
  world().restart(host, Disk::lost, {cluster_->seed()});

  expect_superseded(old, host);
}

TEST_P(Restart, UnderANewAddressSupersedesTheOldLife) {
  make_joined(size);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const Life old = cluster_->life(host);

  world().crash(host);
  world().restart(host, Disk::kept, {cluster_->seed()}, Address::v4(10, 9, 9, 9, 7420));

  expect_superseded(old, host);
}

TEST_P(Restart, OnAnotherPortSupersedesTheOldLife) {
  make_joined(size);
  world().run_for(5s);
  const HostId host = draw_joiner();
  const Life old = cluster_->life(host);
  Address other = world().address(host);
  other.port = 7999;

  world().crash(host);
  world().restart(host, Disk::lost, {cluster_->seed()}, other);

  expect_superseded(old, host);
}

TEST_P(Restart, AgainAndAgainLeavesOneLife) {
  make_joined(size);
  world().run_for(5s);
  const HostId host = draw_joiner();

  for (int round = 0; round < 5; ++round) {
    world().crash(host);
    world().run_for(std::chrono::milliseconds(draw(1000)));
    world().restart(host, Disk::kept, {cluster_->seed()});
    world().run_for(std::chrono::milliseconds(draw(1000)));
  }

  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_P(Restart, OfEverybodyAtOnceFormsTheClusterAgain) {
  make_joined(size);
  world().run_for(60s);

  for (const HostId host : world().hosts()) world().crash(host);
  world().run_for(1s);
  for (const HostId host : world().hosts()) world().restart(host, Disk::kept);

  EXPECT_EQ(cluster_->converge(30s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Restart, testing::ValuesIn(seeds(50)), seed_name);

}  // namespace
}  // namespace rollcall::sim
