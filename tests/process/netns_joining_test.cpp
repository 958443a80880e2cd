// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include <gmock/gmock.h>

#include "process/netns_cluster.hpp"

/// How a member finds the others, on a LAN of hosts of their own.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class NetnsJoiningTest : public NetnsTest {
 protected:
  static constexpr const char* lone_http = "127.0.0.1:7490";

  /// Starts an agent on a node's host besides the node's own.
  std::unique_ptr<Child> start_on(const NetnsCluster& cluster, const std::string& host,
                                  std::vector<std::string> flags) const {
    flags.insert(flags.begin(), {"rollcall", "agent", "--log-file", log(), "--log-level", "debug"});
    return std::make_unique<Child>(ChildPlan{.command = cluster.command({"exec", host}, flags),
                                             .out = directory() / "exec.log",
                                             .err = directory() / "exec.log"});
  }
  [[nodiscard]] std::string log() const { return (directory() / "agent.log").string(); }

  static Json ask(const NetnsCluster& cluster, const std::string& host, const std::string& what,
                  const std::string& http) {
    const RunResult told =
        cluster.run({"exec", host}, {"rollcall", what, "--json", "--http", http});
    Json json = Json::parse(told.out, nullptr, false);
    return json.is_object() ? json : Json::object();
  }
  static std::set<std::string> alive(const NetnsCluster& cluster, const std::string& host,
                                     const std::string& http = "127.0.0.1:7480") {
    std::set<std::string> names;
    const Json list = ask(cluster, host, "members", http);
    if (!list.contains("members")) return names;
    for (const Json& member : list["members"]) {
      if (member["state"] == "alive") names.insert(member["name"]);
    }
    return names;
  }
  /// Looks at a member until all of these have been seen.
  static bool passes(const NetnsCluster& cluster, const std::string& host,
                     const std::set<std::string>& stages) {
    std::set<std::string> seen;
    return eventually([&] {
      seen.insert(ask(cluster, host, "status", lone_http).value("join_stage", ""));
      return std::ranges::includes(seen, stages);
    });
  }
  static std::string phase(const NetnsCluster& cluster, const std::string& host) {
    return ask(cluster, host, "status", lone_http).value("phase", "");
  }
};

/// No seed is reachable, but there are members on the LAN.
TEST_F(NetnsJoiningTest, FindsTheOthersOnTheLanWhenNoSeedAnswers) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.run(NetnsCluster::up_words(4), {"--broadcast"}).status, 0);
  ASSERT_EQ(cluster.run({"kill", "node4"}).status, 0);
  ASSERT_EQ(cluster.run({"partition", "node4"}).status, 0);
  // Nobody has that address, so not even a refusal comes back.
  const auto lone = start_on(cluster, "node4",
                             {"--name", "lone", "--http", lone_http, "--join", "10.77.0.99:7420",
                              "--broadcast", "--data-dir", (directory() / "data").string()});

  EXPECT_TRUE(passes(cluster, "node4", {"seeds", "lan", "waiting"}));
  EXPECT_TRUE(eventually([&] { return phase(cluster, "node4") == "alone"; }));
  EXPECT_EQ(alive(cluster, "node4", lone_http), std::set<std::string>{"lone"});

  ASSERT_EQ(cluster.run({"heal"}).status, 0);
  const std::set<std::string> everybody = {"lone", "node1", "node2", "node3"};
  EXPECT_TRUE(eventually([&] { return alive(cluster, "node4", lone_http) == everybody; }));
  EXPECT_TRUE(eventually([&] { return alive(cluster, "node1") == everybody; }));
  // Whoever was let in by others' search goes on with its own until that ends.
  EXPECT_TRUE(eventually([&] {
    return ask(cluster, "node4", "status", lone_http).value("join_stage", "") == "none";
  }));
  const Json status = ask(cluster, "node4", "status", lone_http);
  EXPECT_EQ(status["phase"], "joined");
  EXPECT_GE(status["join_tries"]["lan"], 1);
  const std::string told = read_file(log());
  const std::size_t seeds = told.find("asking the seeds");
  const std::size_t lan = told.find("asking on the LAN");
  EXPECT_NE(lan, std::string::npos);
  EXPECT_LT(seeds, lan);
}

TEST_F(NetnsJoiningTest, MembersWithoutAnySeedFindOneAnother) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(3).status, 0);
  std::vector<std::unique_ptr<Child>> agents;
  std::set<std::string> names;
  for (const std::string host : {"node1", "node2", "node3"}) {
    ASSERT_EQ(cluster.run({"kill", host}).status, 0);
    names.insert("on-" + host);
    agents.push_back(start_on(cluster, host,
                              {"--name", "on-" + host, "--http", lone_http, "--bind", "[::]:7430",
                               "--broadcast", "--broadcast-port", "7999"}));
  }

  for (const std::string host : {"node1", "node2", "node3"}) {
    EXPECT_TRUE(eventually([&] { return alive(cluster, host, lone_http) == names; })) << host;
  }
}

TEST_F(NetnsJoiningTest, JoinsASeedThatAppearsLaterAndStopsLookingWhenTold) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(2).status, 0);
  const auto lone = start_on(cluster, "node2",
                             {"--name", "lone", "--bind", "0.0.0.0:7430", "--http", lone_http,
                              "--join", "10.77.0.1:7777"});
  EXPECT_TRUE(passes(cluster, "node2", {"waiting"}));
  EXPECT_TRUE(eventually([&] { return phase(cluster, "node2") == "alone"; }));

  const RunResult ended =
      cluster.run({"exec", "node2"}, {"rollcall", "join", "--cancel", "--http", lone_http});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("looks for no other members any more"));
  EXPECT_TRUE(eventually([&] {
    return ask(cluster, "node2", "status", lone_http).value("join_stage", "") == "none";
  }));
  const RunResult failed =
      cluster.run({"exec", "node2"}, {"rollcall", "join", "10.77.0.1:7777", "--http", lone_http});
  EXPECT_EQ(failed.status, 1) << failed.err;

  const auto again = start_on(cluster, "node2",
                              {"--name", "again", "--bind", "0.0.0.0:7431", "--http",
                               "127.0.0.1:7491", "--join", "10.77.0.1:7777"});
  const auto seed = start_on(
      cluster, "node1",
      {"--name", "seed", "--bind", "0.0.0.0:7777", "--http", "127.0.0.1:7492", "--is-introducer"});
  const std::set<std::string> both = {"again", "seed"};
  EXPECT_TRUE(eventually([&] { return alive(cluster, "node1", "127.0.0.1:7492") == both; }));
}

}  // namespace
}  // namespace rollcall::test
