// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>

#include "process/netns_cluster.hpp"

/// What happens to members, each on a host of its own, and what the others make of it.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

class NetnsScenarioTest : public NetnsTest {
 protected:
  const launcher::Names five{"node1", "node2", "node3", "node4", "node5"};

  /// What a node lists a member as; empty if it does not.
  static std::string state_of(const NetnsCluster& cluster, const std::string& observer,
                              const std::string& member) {
    const RunResult told = cluster.run({"exec", observer}, {"rollcall", "members", "--json"});
    const Json list = Json::parse(told.out, nullptr, false);
    if (!list.is_object()) return "";
    for (const Json& one : list["members"]) {
      if (one["name"] == member) return one["state"];
    }
    return "";
  }
  static bool all_list(const NetnsCluster& cluster, const launcher::Names& observers,
                       const std::string& member, const std::string& state) {
    return std::ranges::all_of(observers, [&](const std::string& observer) {
      return state_of(cluster, observer, member) == state;
    });
  }
};

/// A process on the processor for a tenth of the time only, as one that others crowd out.
class Starved {
 public:
  explicit Starved(int pid)
      : pid_(pid),
        thread_([this](const std::stop_token& end) {
          while (!end.stop_requested()) {
            ::kill(pid_, SIGSTOP);
            std::this_thread::sleep_for(450ms);
            ::kill(pid_, SIGCONT);
            std::this_thread::sleep_for(50ms);
          }
        }) {}

 private:
  int pid_;
  std::jthread thread_;  // ends and is waited for first, with the process running
};

TEST_F(NetnsScenarioTest, AStoppedProcessIsSuspectedAndRefutesBelowTheBound) {
  constexpr auto bound = 8s;
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.run(NetnsCluster::up_words(4), {"--suspicion-time", "8s"}).status, 0);

  const Clock::time_point begin = Clock::now();
  ASSERT_EQ(cluster.run({"pause", "node4"}).status, 0);
  ASSERT_TRUE(eventually([&] { return state_of(cluster, "node1", "node4") == "suspect"; }));
  ASSERT_EQ(cluster.run({"resume", "node4"}).status, 0);
  if (Clock::now() - begin >= bound) GTEST_SKIP() << "this machine was too busy for a short pause";

  const launcher::Names four{"node1", "node2", "node3", "node4"};
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(four, four); }));
  EXPECT_GT(cluster.count("node1", "member-suspect"), 0U);
  EXPECT_GT(cluster.count("node1", "member-alive"), 0U);
  EXPECT_EQ(cluster.failures(four), 0U);
}

TEST_F(NetnsScenarioTest, AStarvedProcessIsNeverCalledFailed) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(5).status, 0);
  {
    const Starved starved(cluster.node("node5")["pid"]);
    ASSERT_TRUE(cluster.probe({"node1", "node2", "node3", "node4"}, 15));
  }
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(five, five); }));
  EXPECT_EQ(cluster.failures(five), 0U);
}

TEST_F(NetnsScenarioTest, AHostThatLosesPacketsOneWayIsNeverCalledFailed) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(5).status, 0);

  for (const std::string direction : {"in", "out"}) {
    ASSERT_EQ(cluster.run({"loss", "40%", "node5", "--direction", direction}).status, 0);
    ASSERT_TRUE(cluster.probe({"node1", "node2", "node3", "node4"}, 12));
    ASSERT_EQ(cluster.run({"heal"}).status, 0);
  }

  EXPECT_TRUE(eventually([&] { return cluster.list_alive(five, five); }));
  EXPECT_EQ(cluster.failures(five), 0U);
}

TEST_F(NetnsScenarioTest, MembersJoinLeaveCrashComeBackAndBecomeMore) {
  const launcher::Names three{"node1", "node2", "node3"};
  const NetnsCluster cluster(place());
  const RunResult up = cluster.up(5);
  ASSERT_EQ(up.status, 0) << up.err << up.out;
  ASSERT_TRUE(cluster.list_alive(five, five));

  ASSERT_EQ(cluster.run({"kill", "node5", "--signal", "TERM"}).status, 0);
  EXPECT_TRUE(eventually([&] { return all_list(cluster, three, "node5", "left"); }));
  ASSERT_EQ(cluster.run({"kill", "node4"}).status, 0);
  EXPECT_TRUE(eventually([&] { return all_list(cluster, three, "node4", "failed"); }));
  EXPECT_TRUE(all_list(cluster, three, "node5", "left"));
  for (const std::string& observer : three) {
    EXPECT_EQ(cluster.count(observer, "member-leave"), 1U) << observer;
    EXPECT_EQ(cluster.count(observer, "member-failed"), 1U) << observer;
  }

  const RunResult restarted = cluster.run({"start", "node4", "node5"});
  EXPECT_EQ(restarted.status, 0) << restarted.err;
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(five, five); }));

  const RunResult grown = cluster.up(6);
  EXPECT_EQ(grown.status, 0) << grown.err;
  EXPECT_THAT(grown.out, HasSubstr("6 agents list 6 members alive"));
  EXPECT_TRUE(cluster.list_alive(all, all));
  for (const std::string& observer : three) {
    EXPECT_EQ(cluster.count(observer, "member-failed"), 1U) << observer;
  }
}

}  // namespace
}  // namespace rollcall::test
