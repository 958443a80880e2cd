// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_scenario.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_run.hpp"

namespace rollcall::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ClusterScenarioTest, ReadsEveryKindOfStep) {
  const auto scenario = parse_cluster_scenario(R"(
name: all
nodes: 3
driver: netns
flags: [--voters, "1"]
steps:
  - start: node1..node3
  - wait: 2s
  - kill: [node3]
  - pause: node2
  - resume: node2
  - partition: ["node1,node2"]
  - cut: {from: node1, to: "node2,node3", both-ways: yes}
  - heal:
  - remove: {node: node3, at: node1}
  - join: {group: g, id: c, at: node2}
  - expect: {at: node1, view: 4, members: node1..node2, leader: node1, cause: failed, writable: no}
  - history: {from: 2, views: [[node1], [node1..node2]]}
)");

  ASSERT_TRUE(scenario) << to_text(scenario.error().front(), "file");
  std::vector<std::string> told;
  for (const ScenarioStep& step : scenario->steps) told.push_back(to_text(step.action));
  EXPECT_THAT(
      told,
      ElementsAre("start node1, node2, node3", "wait 2 s", "kill node3", "pause node2",
                  "resume node2", "partition node1,node2", "cut node1 and node2, node3", "heal",
                  "remove node3, asked at node1", "join c to the group g, asked at node2",
                  "expect view 4 of node1, node2 led by node1 (failed) read-only at node1",
                  "expect views 2 to 3 alike at node1, node2, node3"));
  EXPECT_EQ(scenario->driver, launcher::DriverKind::netns);
  EXPECT_THAT(scenario->flags, ElementsAre("--voters", "1"));
}

struct BadScenario {
  const char* text;
  const char* complaint;
};
class BadClusterScenarioTest : public testing::TestWithParam<BadScenario> {};

TEST_P(BadClusterScenarioTest, IsRefusedWithItsPlace) {
  const auto scenario = parse_cluster_scenario(GetParam().text);

  ASSERT_FALSE(scenario);
  EXPECT_THAT(to_text(scenario.error().front(), "file.yaml"), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadClusterScenarioTest,
    testing::Values(
        BadScenario{"steps: [", "this is no YAML"}, BadScenario{"name: x", "steps: found none"},
        BadScenario{"steps: [{start: node9}]", "file.yaml:1:"},
        BadScenario{"nodes: 3\nsteps: [{start: node1..node9}]",
                    "steps[0].start: found 'node1..node9'; allowed: node1 to node3"},
        BadScenario{"steps: [{wait: soon}]", "soon"},
        BadScenario{"steps: [{kill: node1, heal: }]", "steps[0]: found none or several"},
        BadScenario{"steps: [{expect: {viev: 1}}]", "viev"},
        BadScenario{"steps: [{remove: {node: 'node1,node2', at: node1}}]", "found 2 nodes"},
        BadScenario{"steps: [{history: {views: none}}]", "a list of lists of nodes"},
        BadScenario{"nodes: 0\nsteps: [{heal: }]", "nodes"},
        BadScenario{"steps: [{heal: }]\n---\nsteps: []", "second document"}));

TEST(ClusterScenarioTest, TheFilesThatAreInstalledCanBeRead) {
  const std::filesystem::path place =
      std::filesystem::path(ROLLCALL_SOURCE_DIR) / "deploy/scenarios";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    const auto scenario = read_cluster_scenario(entry.path().string());
    EXPECT_TRUE(scenario) << to_text(scenario.error().front(), entry.path().string());
    ++files;
  }
  EXPECT_GE(files, 7U);
}

TEST(ClusterScenarioTest, TheCommandNamesFileLineAndKey) {
  const Result result = run_command("cluster", {"run-scenario", "/dev/null/none.yaml"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("/dev/null/none.yaml"));
}

}  // namespace
}  // namespace rollcall::cli
