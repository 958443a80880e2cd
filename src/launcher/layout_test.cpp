// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/layout.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::launcher {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

ClusterState cluster_of(std::size_t nodes) {
  ClusterState state;
  EXPECT_TRUE(grow(state, {.nodes = nodes}).has_value());
  return state;
}

TEST(LauncherLayout, NumbersNodesAndPortsFromTheBase) {
  ClusterState state;

  ASSERT_TRUE(grow(state, {.nodes = 2, .base_port = 9000, .base_http = 9100}).has_value());

  ASSERT_EQ(state.nodes.size(), 2U);
  EXPECT_EQ(state.nodes[1].name, "node2");
  EXPECT_EQ(state.nodes[1].bind, "127.0.0.1:9001");
  EXPECT_EQ(state.nodes[1].http, "127.0.0.1:9101");
}

TEST(LauncherLayout, GivesHostsOfTheirOwnTheSamePorts) {
  ClusterState state{.driver = DriverKind::netns, .prefix = "p"};

  ASSERT_TRUE(grow(state, {.nodes = 100, .base_port = 7400, .base_http = 7450}).has_value());

  EXPECT_EQ(state.nodes[1].bind, "10.77.0.2:7400");
  EXPECT_EQ(state.nodes[1].http, "127.0.0.1:7450");
  EXPECT_EQ(state.nodes[99].http, "127.0.0.1:7450");
  EXPECT_EQ(state.nodes[99].network, "/run/netns/p-node100");
}

TEST(LauncherLayout, GrowsWithoutMovingAnybodyAndNeverShrinks) {
  ClusterState state = cluster_of(3);
  const std::vector<NodeRecord> first = state.nodes;

  ASSERT_TRUE(grow(state, {.nodes = 5}).has_value());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), state.nodes.begin()));
  EXPECT_EQ(state.nodes.size(), 5U);

  ASSERT_TRUE(grow(state, {.nodes = 2}).has_value());
  EXPECT_EQ(state.nodes.size(), 5U);

  ASSERT_TRUE(grow(state, {}).has_value());
  EXPECT_EQ(state.nodes.size(), 5U);
}

TEST(LauncherLayout, RefusesWhatCannotBeAndLeavesTheStateAlone) {
  struct Case {
    Shape shape;
    std::string why;
  };
  const std::vector<Case> cases{
      {{.nodes = 0}, "0 nodes"},
      {{.nodes = nodes_max + 1}, "1001 nodes"},
      {{.nodes = 3, .base_port = 65'534}, "port 65536"},
      {{.nodes = 61}, "share 127.0.0.1:7480"},
      {{.nodes = 1, .base_port = 80, .base_http = 80}, "share 127.0.0.1:80"},
  };
  for (const Case& refused : cases) {
    ClusterState state;
    const auto grown = grow(state, refused.shape);
    ASSERT_FALSE(grown.has_value()) << refused.why;
    EXPECT_EQ(grown.error().kind, Problem::Kind::usage);
    EXPECT_THAT(grown.error().why, HasSubstr(refused.why));
    EXPECT_EQ(state, ClusterState{});
  }
}

TEST(LauncherLayout, LetsTheFirstAgentBeginAndTheOthersJoin) {
  const ClusterState state = cluster_of(2);
  const std::vector<std::string> extra{"--log-level", "debug"};

  const auto first = agent_arguments(
      {.node = state.nodes[0], .seeds = {}, .data_directory = "/d", .extra = extra});
  const auto second = agent_arguments({.node = state.nodes[1],
                                       .seeds = {state.nodes[0].bind},
                                       .data_directory = "/d",
                                       .extra = extra});

  EXPECT_THAT(first, Contains("--is-introducer"));
  EXPECT_THAT(first, Not(Contains("--join")));
  EXPECT_THAT(second, Not(Contains("--is-introducer")));
  EXPECT_THAT(second, Contains("127.0.0.1:7420"));
  EXPECT_EQ(second.back(), "debug");
}

TEST(LauncherLayout, KeepsTheUsersOwnAgentSettingsAway) {
  const std::vector<std::string> environment{"PATH=/bin", "ROLLCALL_JOIN=x", "NODE_ID=1",
                                             "NODE_X=1"};

  EXPECT_EQ(without_agent_variables(environment),
            (std::vector<std::string>{"PATH=/bin", "NODE_X=1"}));
}

TEST(LauncherLayout, PointsCommandsAtTheirNode) {
  const ClusterState state = cluster_of(1);

  const auto environment = command_environment({"PATH=/bin", "ROLLCALL_HTTP=old", "A=1"},
                                               state.nodes[0], "/opt/rollcall");

  EXPECT_EQ(environment,
            (std::vector<std::string>{"A=1", "PATH=/opt:/bin", "ROLLCALL_HTTP=127.0.0.1:7480",
                                      "ROLLCALL_NODE=node1"}));
}

TEST(LauncherLayout, ReadsSignalsAsPeopleWriteThem) {
  EXPECT_EQ(parse_signal("KILL"), SIGKILL);
  EXPECT_EQ(parse_signal("sigterm"), SIGTERM);
  EXPECT_EQ(parse_signal("9"), SIGKILL);
  EXPECT_FALSE(parse_signal("").has_value());
  EXPECT_FALSE(parse_signal("0").has_value());
  EXPECT_FALSE(parse_signal("999").has_value());
  EXPECT_FALSE(parse_signal("KILLER").has_value());
}

}  // namespace
}  // namespace rollcall::launcher
