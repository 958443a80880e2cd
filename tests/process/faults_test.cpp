// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <map>
#include <sstream>

#include <gmock/gmock.h>

#include "process/local_cluster.hpp"

/// Faults on purpose, in real agents: `/v1/faults`, and `rollcall cluster partition` on top of it.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Agents = std::vector<AgentProcess*>;

class FaultsTest : public ProcessTest {
 protected:
  static void set(const AgentProcess& agent, const std::string& faults) {
    const auto answer = agent.request({.method = "POST", .target = "/v1/faults", .body = faults});
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200U) << answer->body;
  }
  static std::size_t failures(const Agents& agents) {
    std::size_t total = 0;
    for (const AgentProcess* agent : agents) {
      EXPECT_GT(agent->count("member-join", agent->name()), 0U) << agent->name();
      for (const AgentProcess* other : agents)
        total += agent->count("member-failed", other->name());
    }
    return total;
  }
  static std::uint64_t number(const AgentProcess& agent, const char* name) {
    return agent.get("/v1/status").value(name, std::uint64_t{0});
  }
  /// Waits until each has probed so many times more.
  static bool probe(const Agents& agents, std::uint64_t times) {
    std::map<const AgentProcess*, std::uint64_t> enough;
    for (const AgentProcess* agent : agents) enough[agent] = number(*agent, "probes") + times;
    return std::ranges::all_of(enough, [](const auto& of) {
      return eventually([&] { return number(*of.first, "probes") >= of.second; });
    });
  }
  /// How many of the agent's events say this.
  static std::size_t told(const AgentProcess& agent, const std::string& text) {
    const auto events = agent.events();
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [&](const Json& event) { return event.value("message", "").contains(text); }));
  }
};

TEST_F(FaultsTest, AreRefusedWithoutPermission) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.phase() == "joined"; }));

  const auto answer = agent.request({.method = "POST",
                                     .target = "/v1/faults",
                                     .body = R"({"faults":[{"peer":"*","cut":true}]})"});

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403U);
  EXPECT_THAT(answer->body, HasSubstr("faults-not-allowed"));
  EXPECT_THAT(answer->body, HasSubstr("--allow-faults"));
  EXPECT_EQ(agent.get("/v1/faults")["allowed"], false);
}

TEST_F(FaultsTest, CanBeSeenByAnOperator) {
  AgentProcess& agent = start({.name = "n1", .flags = {"--allow-faults"}});
  ASSERT_TRUE(eventually([&] { return agent.phase() == "joined"; }));

  set(agent, R"({"faults":[{"peer":"127.0.0.1:9","drop":0.5},{"peer":"n1","cut":true}]})");

  EXPECT_EQ(number(agent, "faults"), 2U);
  EXPECT_EQ(agent.get("/v1/faults")["faults"][1]["address"], agent.bind());
  EXPECT_EQ(told(agent, "faults are in force, on purpose: drop 50% to and from 127.0.0.1:9"), 1U);
  EXPECT_TRUE(eventually([&] { return agent.log().contains("faults are in force, on purpose"); }));

  EXPECT_EQ(agent.request({.method = "DELETE", .target = "/v1/faults"})->status, 200U);
  EXPECT_EQ(number(agent, "faults"), 0U);
}

TEST_F(FaultsTest, APairThatIsCutInOneDirectionFailsNobody) {
  const Agents cluster = start_cluster(5, {"--allow-faults"});
  set(*cluster[0], R"({"faults":[{"peer":"n2","direction":"out","cut":true}]})");
  set(*cluster[1], R"({"faults":[{"peer":"n1","direction":"in","cut":true}]})");

  ASSERT_TRUE(probe(cluster, 15));  // each many times what it takes to notice a silent one

  EXPECT_EQ(failures(cluster), 0U);
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
}

TEST_F(FaultsTest, AFreezeWithinTheBudgetIsNeverAFailure) {
  const Agents cluster = start_cluster(4, {"--allow-faults"});
  const std::uint64_t pauses = number(*cluster[3], "pauses");

  set(*cluster[3], R"({"freeze":"1500ms"})");

  EXPECT_EQ(number(*cluster[3], "faults"), 1U);
  ASSERT_TRUE(eventually([&] { return number(*cluster[3], "faults") == 0; }));
  EXPECT_TRUE(eventually([&] { return number(*cluster[3], "pauses") > pauses; }));
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  EXPECT_EQ(failures(cluster), 0U);
}

TEST_F(FaultsTest, ALongFreezeIsSuspectedAtMostWhereThatMuchIsTolerated) {
  const Agents cluster = start_cluster(4, {"--allow-faults", "--suspicion-time", "6s"});

  set(*cluster[3], R"({"freeze":"4s"})");
  ASSERT_TRUE(eventually([&] { return number(*cluster[3], "faults") == 0; }));
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  EXPECT_EQ(failures(cluster), 0U);
}

TEST_F(FaultsTest, ATenthDelayedDoubledAndOutOfOrderFailsNobody) {
  const Agents cluster = start_cluster(5, {"--allow-faults"});
  for (const AgentProcess* agent : cluster) {
    set(*agent, R"({"faults":[{"peer":"*","delay":"20ms","jitter":"30ms"},
                              {"peer":"*","duplicate":0.1,"reorder":0.1,"drop":0.1}]})");
  }

  ASSERT_TRUE(probe(cluster, 20));

  EXPECT_EQ(failures(cluster), 0U);
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  const Json counts = cluster[0]->get("/v1/faults")["counts"];
  for (const char* what : {"dropped", "delayed", "duplicated", "reordered"}) {
    EXPECT_GT(counts.value(what, 0), 0) << what;
  }
}

// --- rollcall cluster, local driver --------------------------------------------------------------

class LocalFaultsTest : public ClusterTest {
 protected:
  const std::vector<std::string> left{"node1", "node2"};
  const std::vector<std::string> right{"node3", "node4", "node5"};
  const std::vector<std::string> all{"node1", "node2", "node3", "node4", "node5"};

  RunResult up_with_permission(std::size_t nodes) const { return up(nodes, {"--allow-faults"}); }

  /// Whether each of these nodes lists exactly the expected ones as alive.
  [[nodiscard]] bool list_alive(const std::vector<std::string>& observers,
                                const std::vector<std::string>& expected) const {
    return std::ranges::all_of(observers, [&](const std::string& observer) {
      return node(observer)["alive"] == Json(expected);
    });
  }
  [[nodiscard]] std::size_t count(const std::string& observer, const std::string& type) const {
    const RunResult events = cluster(
        {"exec", observer}, {"rollcall", "events", "--no-follow", "--since", "0", "--json"});
    std::size_t found = 0;
    std::istringstream lines(events.out);
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_object() && event.value("type", "") == type) ++found;
    }
    return found;
  }
};

TEST_F(LocalFaultsTest, APartitionHoldsAndHealsWithoutAnyHelp) {
  const RunResult up = up_with_permission(5);
  ASSERT_EQ(up.status, 0) << up.err << up.out;

  const RunResult parted = cluster({"partition", "node1,node2"});
  ASSERT_EQ(parted.status, 0) << parted.err;
  EXPECT_EQ(parted.out, "partition: node1, node2 | everybody else\n");
  ASSERT_TRUE(eventually([&] { return list_alive(left, left) && list_alive(right, right); }));
  EXPECT_THAT(cluster({"status"}).out, HasSubstr("partition: node1, node2 | everybody else"));

  // Nothing gets across, not even through the streams that were open, or that are tried anew.
  const std::size_t joins = count("node1", "member-join") + count("node4", "member-join");
  const auto until = std::chrono::steady_clock::now() + 5s;
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > until; }));
  EXPECT_TRUE(list_alive(left, left) && list_alive(right, right));
  EXPECT_EQ(count("node1", "member-join") + count("node4", "member-join"), joins);
  EXPECT_EQ(count("node1", "member-failed"), 3U);
  EXPECT_EQ(count("node4", "member-failed"), 2U);

  const RunResult healed = cluster({"heal"});
  EXPECT_EQ(healed.out, "the network is whole\n") << healed.err;
  EXPECT_TRUE(eventually([&] { return list_alive(all, all); }));
}

TEST_F(LocalFaultsTest, APartitionHoldsForWhoIsPausedAndForWhoIsStarted) {
  ASSERT_EQ(up_with_permission(4).status, 0);
  ASSERT_EQ(cluster({"pause", "node2"}).status, 0);
  ASSERT_EQ(cluster({"kill", "node4"}).status, 0);

  ASSERT_EQ(cluster({"partition", "node3,node4"}).status, 0);
  ASSERT_EQ(cluster({"resume", "node2"}).status, 0);
  const RunResult started = cluster({"start", "node4"});

  EXPECT_EQ(started.status, 0) << started.err;
  EXPECT_TRUE(eventually([&] {
    return list_alive({"node1", "node2"}, {"node1", "node2"}) &&
           list_alive({"node3", "node4"}, {"node3", "node4"});
  }));
  const RunResult again = up_with_permission(4);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("the network is healed"));
}

TEST_F(LocalFaultsTest, ANodeWhoseLinkIsDownHasFailedThoughItsProcessRuns) {
  ASSERT_EQ(up_with_permission(4).status, 0);
  ASSERT_EQ(cluster({"link-down", "node4"}).status, 0);
  const std::vector<std::string> three{"node1", "node2", "node3"};
  EXPECT_TRUE(eventually([&] { return list_alive(three, three); }));
  EXPECT_EQ(node("node4")["process"], "running");

  ASSERT_EQ(cluster({"link-up", "node4"}).status, 0);
  ASSERT_EQ(cluster({"loss", "10%"}).status, 0);
  const std::vector<std::string> four{"node1", "node2", "node3", "node4"};
  EXPECT_TRUE(eventually([&] { return list_alive(four, four); }));
}

TEST_F(LocalFaultsTest, NeedsPermissionFromTheStart) {
  ASSERT_EQ(up(2).status, 0);

  const RunResult refused = cluster({"partition", "node1"});

  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("without permission for faults"));
  EXPECT_THAT(refused.err, HasSubstr("rollcall cluster up --allow-faults"));
  EXPECT_EQ(cluster({"heal"}).status, 0);

  // Permission that is given later is for those who are started then.
  const RunResult allowed = cluster({"up", "--allow-faults"});
  EXPECT_THAT(allowed.out, HasSubstr("no faults can be set at node1, node2 until started anew"));
  const RunResult early = cluster({"partition", "node1"});
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.err, HasSubstr("node1: this agent lets nobody set faults"));
  ASSERT_EQ(cluster({"heal"}).status, 0);
  ASSERT_EQ(cluster({"kill", "node1", "node2"}).status, 0);
  ASSERT_EQ(cluster({"start", "node1", "node2"}).status, 0);
  EXPECT_EQ(cluster({"partition", "node1"}).status, 0);
  ASSERT_EQ(cluster({"heal"}).status, 0);
}

}  // namespace
}  // namespace rollcall::test
