// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "process/netns_cluster.hpp"

/// Detector gossip between hosts of their own.
namespace rollcall::test {
namespace {

using HeartbeatsOnALan = NetnsTest;

void expect_to_find_an_unplugged_host(const NetnsCluster& cluster) {
  const launcher::Names left{"node1", "node2", "node3", "node4"};
  ASSERT_EQ(cluster.run({"link-down", "node5"}).status, 0);
  EXPECT_TRUE(eventually([&] { return cluster.all_told(left, "member-failed", 1); }));
  EXPECT_EQ(cluster.run({"heal"}).status, 0);
  const launcher::Names all{"node1", "node2", "node3", "node4", "node5"};
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(all, all); }));
  EXPECT_TRUE(cluster.all_told(left, "member-failed", 1)) << "and nobody else";
}

TEST_F(HeartbeatsOnALan, ReachEverybodyByBroadcast) {
  const NetnsCluster cluster(place());
  const RunResult up =
      cluster.run(NetnsCluster::up_words(5),
                  {"--broadcast", "--detector", "gossip", "--heartbeat-cast", "broadcast"});
  ASSERT_EQ(up.status, 0) << up.err;

  // Whom a broadcast reaches is not gossiped with: of 25 rounds five ping somebody.
  const auto sent = [&] { return cluster.status_of("node1", "datagrams_sent"); };
  const auto probes = [&] { return cluster.status_of("node1", "probes"); };
  const std::uint64_t probes_before = probes();
  const std::uint64_t sent_before = sent();
  ASSERT_TRUE(eventually([&] { return sent() >= sent_before + 60; }));
  EXPECT_LT(probes() - probes_before, 30U);

  expect_to_find_an_unplugged_host(cluster);
}

TEST_F(HeartbeatsOnALan, GoToMembersWhereABroadcastReachesNobody) {
  const NetnsCluster cluster(place());
  // Without --broadcast nobody listens.
  const RunResult up = cluster.run(NetnsCluster::up_words(5),
                                   {"--detector", "gossip", "--heartbeat-cast", "broadcast"});
  ASSERT_EQ(up.status, 0) << up.err;
  ASSERT_TRUE(cluster.probe({"node1", "node5"}, 20));

  expect_to_find_an_unplugged_host(cluster);
}

}  // namespace
}  // namespace rollcall::test
