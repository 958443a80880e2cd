// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "process/netns_cluster.hpp"

/// The four settings of detector and suspicion, switched on a network that loses packets.
namespace rollcall::test {
namespace {

using SwitchingOnALossyNetwork = NetnsTest;

struct Setting {
  std::string detector;
  std::string suspicion;
};

std::uint64_t version_at(const NetnsCluster& cluster, const std::string& node) {
  const RunResult told = cluster.run({"exec", node}, {"rollcall", "protocol", "--json"});
  const Json protocol = Json::parse(told.out, nullptr, false);
  return protocol.is_object() ? protocol.value("version", std::uint64_t{0}) : 0;
}

TEST_F(SwitchingOnALossyNetwork, FailsNobodyAndFindsWhoIsGoneWithEachSetting) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(size).status, 0);
  for (const std::string& node : all) {
    ASSERT_EQ(cluster.run({"loss", "3%", node, "--direction", "both"}).status, 0);
  }
  std::uint64_t version = 0;
  for (const Setting& setting : std::vector<Setting>{{"gossip", "enabled"},
                                                     {"gossip", "disabled"},
                                                     {"pingack", "disabled"},
                                                     {"pingack", "enabled"}}) {
    const std::string& asked = all[version];
    const RunResult switched = cluster.run({"exec", asked}, {"rollcall", "switch", setting.detector,
                                                             "--suspicion", setting.suspicion});
    ASSERT_EQ(switched.status, 0) << switched.err;
    ++version;
    for (const std::string& node : all) {
      EXPECT_TRUE(eventually([&] { return version_at(cluster, node) == version; })) << node;
    }
    ASSERT_TRUE(cluster.probe(all, 10));
    EXPECT_EQ(cluster.failures(all), 0U) << setting.detector << ", " << setting.suspicion;
  }

  const std::string& lost = all.back();
  const launcher::Names others(all.begin(), all.end() - 1);
  ASSERT_EQ(cluster.run({"link-down", lost}).status, 0);
  EXPECT_TRUE(eventually([&] { return cluster.all_told(others, "member-failed", 1); }));
  // Who was away for a switch has its settings when it is back.
  const RunResult again = cluster.run({"exec", "node1"}, {"rollcall", "switch", "gossip"});
  ASSERT_EQ(again.status, 0) << again.err;
  ASSERT_EQ(cluster.run({"heal"}).status, 0);
  EXPECT_TRUE(eventually([&] { return version_at(cluster, lost) == version + 1; }));
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(all, all); }));
}

}  // namespace
}  // namespace rollcall::test
