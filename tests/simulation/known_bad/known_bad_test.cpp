// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Clusters that do wrong, on purpose: a checker that stays silent here proves nothing elsewhere.
#include <gtest/gtest.h>

#include "sim/cluster.hpp"
#include "wire/datagram.hpp"

namespace rollcall::sim {
namespace {

/// Sends one update, as n1's, to a host.
void forge(Cluster& cluster, HostId to, wire::Update update) {
  World& world = cluster.world();
  const std::uint32_t hash = wire::cluster_hash("default");
  wire::DatagramWriter writer({.cluster = hash, .sender = cluster.life(HostId{1}).id, .health = 0});
  ASSERT_TRUE(writer.add(update));
  world.inject(world.address(HostId{1}), to, writer.bytes());
}

wire::Update record_of(const Cluster& cluster, HostId host) {
  const World& world = cluster.world();
  wire::Update update;
  update.name = world.name(host);
  update.life = cluster.life(host);
  update.address = world.address(host);
  return update;
}

/// A member that believes whoever says "failed", and one who says so without looking.
TEST(KnownBad, AFalseAccuserIsObjectedTo) {
  Cluster cluster({.size = 6});
  ASSERT_EQ(cluster.form(), "");
  cluster.world().run_for(10s);
  ASSERT_EQ(cluster.violations(), "");
  wire::Update lie = record_of(cluster, HostId{4});
  lie.state = wire::State::failed;
  lie.witness = cluster.life(HostId{1}).id;

  forge(cluster, HostId{2}, lie);
  cluster.world().run_for(1s);

  EXPECT_NE(cluster.violations(), "");
}

/// The same among so many that checkers must not look at everything, and who were members from the
/// first moment. It is objected to as a falsehood, not as a lack of order.
TEST(KnownBad, AFalseAccuserIsObjectedToInALargeFormedCluster) {
  Cluster cluster({.size = 300});
  cluster.world().start_formed();
  cluster.world().run_for(10s);
  cluster.world().crash(HostId{7});
  cluster.world().run_for(5s);
  ASSERT_EQ(cluster.violations(), "");
  wire::Update lie = record_of(cluster, HostId{4});
  lie.state = wire::State::failed;
  lie.witness = cluster.life(HostId{1}).id;

  forge(cluster, HostId{2}, lie);
  cluster.world().run_for(1s);

  EXPECT_EQ(cluster.violations().substr(0, 9), "accuracy:") << cluster.violations();
}

/// A record of a life that was never lived so long.
TEST(KnownBad, AForgedIncarnationIsObjectedToInALargeFormedCluster) {
  Cluster cluster({.size = 300});
  cluster.world().start_formed();
  cluster.world().run_for(1s);
  wire::Update lie = record_of(cluster, HostId{4});
  lie.incarnation = 9;

  forge(cluster, HostId{2}, lie);
  cluster.world().run_for(1s);

  EXPECT_NE(cluster.violations().find("records: "), std::string::npos) << cluster.violations();
}

/// No suspicion, and a patience of one lost answer: lossy links look like crashes.
TEST(KnownBad, ATooHastyDetectorIsObjectedTo) {
  core::Config config;
  config.suspicion_enabled = false;
  config.probe_timeout = 10ms;
  config.indirect_probes = 0;
  config.suspicion_time = 100ms;
  Cluster cluster({.size = 10, .world = {.link = {.loss = 0.4}}, .config = config});
  static_cast<void>(cluster.form());
  cluster.world().run_for(5min);

  EXPECT_NE(cluster.violations(), "");
}

/// A crash that nobody was told of within the bound.
TEST(KnownBad, ATooSlowDetectorMissesItsBound) {
  core::Config config;
  config.suspicion_time = 30s;
  Cluster cluster({.size = 6, .config = config});
  ASSERT_EQ(cluster.form(), "");
  const LifeId life = cluster.life(HostId{3}).id;
  const Instant since = cluster.world().now();

  cluster.world().power_off(HostId{3});

  EXPECT_FALSE(cluster.until_all_know(life, since, 5s));
}

/// One side of a partition is not the whole.
TEST(KnownBad, APartitionedClusterDoesNotConverge) {
  Cluster cluster({.size = 6});
  ASSERT_EQ(cluster.form(), "");

  cluster.world().partition({{HostId{0}, HostId{1}}});
  cluster.world().run_for(20s);

  EXPECT_NE(cluster.converge(5s), "");
}

}  // namespace
}  // namespace rollcall::sim
