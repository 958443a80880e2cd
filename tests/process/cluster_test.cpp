// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "process/local_cluster.hpp"

/// `rollcall cluster`: a whole cluster of real processes, by commands that can be repeated.
namespace rollcall::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ClusterTest, ComesUpGrowsAndGoesDownHoweverOftenItIsTold) {
  const RunResult first = up(3);
  ASSERT_EQ(first.status, 0) << first.err << first.out;
  EXPECT_THAT(first.out, HasSubstr("3 agents list 3 members alive"));
  const int pid = node("node1")["pid"];

  const RunResult again = up(3);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, Not(HasSubstr("start")));
  EXPECT_EQ(node("node1")["pid"], pid);

  const RunResult grown = up(5);
  EXPECT_EQ(grown.status, 0) << grown.err;
  EXPECT_THAT(grown.out, HasSubstr("5 agents list 5 members alive"));
  EXPECT_EQ(node("node1")["pid"], pid);

  const RunResult down = cluster({"down"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_THAT(down.out, HasSubstr("node5 left"));
  EXPECT_TRUE(has_ended(pid));

  const RunResult nothing = cluster({"down"});
  EXPECT_EQ(nothing.status, 0) << nothing.err;
  EXPECT_EQ(nothing.out, "nothing is running\n");
  EXPECT_EQ(cluster({"status"}).status, 1);
}

TEST_F(ClusterTest, KillsPausesResumesAndStartsSingleNodes) {
  ASSERT_EQ(up(3).status, 0);

  EXPECT_EQ(cluster({"kill", "node3"}).status, 0);
  EXPECT_EQ(node("node3")["process"], "not running");
  EXPECT_TRUE(eventually([&] { return lists("node1", "node3", "failed"); }));
  EXPECT_THAT(cluster({"kill", "node3"}).out, HasSubstr("was not running"));

  EXPECT_EQ(cluster({"start", "node3"}).status, 0);
  EXPECT_TRUE(lists("node3", "node1", "alive"));
  EXPECT_TRUE(eventually([&] { return lists("node1", "node3", "alive"); }));

  EXPECT_EQ(cluster({"pause", "node2"}).status, 0);
  EXPECT_EQ(node("node2")["process"], "paused");
  EXPECT_EQ(cluster({"resume", "node2"}).status, 0);
  EXPECT_TRUE(eventually([&] { return node("node2")["process"] == "running"; }));

  EXPECT_EQ(cluster({"kill", "node9"}).status, 1);
}

TEST_F(ClusterTest, UpBringsBackWhatWasKilledOrPaused) {
  ASSERT_EQ(up(3).status, 0);
  ASSERT_EQ(cluster({"kill", "node1", "node2"}).status, 0);
  ASSERT_EQ(cluster({"pause", "node3"}).status, 0);

  const RunResult again = up(3);

  EXPECT_EQ(again.status, 0) << again.err << again.out;
  EXPECT_THAT(again.out, HasSubstr("node3 resumed"));
  EXPECT_THAT(again.out, HasSubstr("3 agents list 3 members alive"));
}

TEST_F(ClusterTest, RunsCommandsOnceForEachNode) {
  ASSERT_EQ(up(2).status, 0);

  const RunResult each = cluster({"exec"}, {"sh", "-c", "echo $ROLLCALL_NODE"});
  const RunResult one = cluster({"exec", "node2"}, {"sh", "-c", "exit 7"});
  const RunResult some = cluster({"exec"}, {"sh", "-c", "test $ROLLCALL_NODE = node1"});
  const RunResult found = cluster({"exec", "node2"}, {"rollcall", "self"});

  EXPECT_EQ(each.status, 0) << each.err;
  EXPECT_EQ(each.out, "== node1\nnode1\n== node2\nnode2\n");
  EXPECT_EQ(one.status, 7);
  EXPECT_EQ(some.status, 1);
  EXPECT_THAT(some.err, HasSubstr("node2 (exit status 1)"));
  EXPECT_THAT(found.out, HasSubstr("node2"));
}

TEST_F(ClusterTest, SaysWhichNodeDidNotComeUpAndWhy) {
  const RunResult wrong = up(2, {"--probe-interval", "never"});

  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("rollcall: node"));
  EXPECT_THAT(wrong.err, HasSubstr("exit status 2"));
  EXPECT_THAT(wrong.err, HasSubstr("'never'"));
}

TEST_F(ClusterTest, NeverEndsAProcessThatItDidNotStart) {
  ASSERT_EQ(up(2).status, 0);
  ASSERT_EQ(cluster({"kill", "node2"}).status, 0);
  // Somebody else has the number now, as far as the state file can tell.
  Child bystander({.command = {"sleep", "1000"}, .out = "/dev/null", .err = "/dev/null"});
  const auto file = place() / "cluster.json";
  Json state = Json::parse(read_file(file));
  state["nodes"][1]["pid"] = bystander.pid();
  std::ofstream(file) << state.dump();

  EXPECT_EQ(node("node2")["process"], "not running");
  EXPECT_EQ(cluster({"kill", "node2"}).status, 0);
  EXPECT_EQ(cluster({"down"}).status, 0);

  EXPECT_TRUE(bystander.is_running());
}

TEST_F(ClusterTest, TakesItsFilesAwayWhenTold) {
  ASSERT_EQ(up(2).status, 0);
  EXPECT_TRUE(std::filesystem::exists(place() / "node1" / "agent.log"));
  EXPECT_TRUE(std::filesystem::exists(place() / "node1" / "agent.pid"));

  EXPECT_EQ(cluster({"down", "--purge"}).status, 0);

  EXPECT_FALSE(std::filesystem::exists(place() / "node1"));
}

TEST_F(ClusterTest, TakesTheFilesOfAnEarlierDownAwayButNobodyElses) {
  ASSERT_EQ(up(2).status, 0);
  std::ofstream(place() / "node2" / "notes.txt") << "mine\n";
  ASSERT_EQ(cluster({"down"}).status, 0);
  ASSERT_TRUE(std::filesystem::exists(place() / "node1" / "agent.log"));

  const RunResult purged = cluster({"down", "--purge"});

  EXPECT_EQ(purged.status, 0) << purged.err;
  EXPECT_THAT(purged.out, HasSubstr("removed the logs and data of 2 nodes"));
  EXPECT_FALSE(std::filesystem::exists(place() / "node1"));
  EXPECT_FALSE(std::filesystem::exists(place() / "node2" / "agent.log"));
  EXPECT_FALSE(std::filesystem::exists(place() / "node2" / "data"));
  EXPECT_TRUE(std::filesystem::exists(place() / "node2" / "notes.txt"));
}

}  // namespace
}  // namespace rollcall::test
