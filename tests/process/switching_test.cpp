// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <future>

#include "process/agents.hpp"

/// The settings of a running cluster, changed under loss.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;

struct Kind {
  const char* detector;
  const char* suspicion;
};
/// Both detectors, with suspicion and without, so that each step changes something.
constexpr std::array<Kind, 4> kinds{{{"gossip", "enabled"},
                                     {"gossip", "disabled"},
                                     {"pingack", "disabled"},
                                     {"pingack", "enabled"}}};

class SwitchingTest : public ProcessTest {
 protected:
  static unsigned put(const AgentProcess& agent, const Kind& kind) {
    const Json body{{"detector", kind.detector}, {"suspicion", kind.suspicion}};
    const auto answer =
        agent.request({.method = "PUT", .target = "/v1/protocol", .body = body.dump()});
    return answer ? answer->status : 0;
  }
  /// Without what each agent says of itself alone.
  static Json protocol(const AgentProcess& agent) { return agent.get("/v1/protocol"); }
  static bool all_agree(const std::vector<AgentProcess*>& cluster, std::uint64_t version_min) {
    const Json first = protocol(*cluster.front());
    return first.value("version", std::uint64_t{0}) >= version_min &&
           std::ranges::all_of(
               cluster, [&](const AgentProcess* agent) { return protocol(*agent) == first; });
  }
  static std::size_t failures(const std::vector<AgentProcess*>& cluster) {
    std::size_t count = 0;
    for (const AgentProcess* agent : cluster) {
      count += static_cast<std::size_t>(std::ranges::count_if(
          agent->events(), [](const Json& event) { return event["type"] == "member-failed"; }));
    }
    return count;
  }
};

TEST_F(SwitchingTest, FailsNobodyUnderLossAndEndsInOneVersion) {
  constexpr std::size_t rounds = 12;
  constexpr std::size_t round_with_two = 5;
  const auto cluster = start_cluster(10, {"--drop-rate", "0.05"});

  std::uint64_t version = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    AgentProcess& asked = *cluster[round % cluster.size()];
    const Kind& kind = kinds[round % kinds.size()];
    if (round % round_with_two == round_with_two - 1) {
      AgentProcess& other = *cluster[(round + 4) % cluster.size()];
      auto second = std::async(std::launch::async,
                               [&] { return put(other, kinds[(round + 1) % kinds.size()]); });
      EXPECT_EQ(put(asked, kind), 200U);
      EXPECT_EQ(second.get(), 200U);
    } else {
      EXPECT_EQ(put(asked, kind), 200U);
      EXPECT_EQ(protocol(asked)["detector"], kind.detector);
    }
    ASSERT_TRUE(eventually([&] { return all_agree(cluster, version + 1); })) << "round " << round;
    version = protocol(asked)["version"].get<std::uint64_t>();
    // Long enough for a wrong timer of the kind before to do harm.
    std::this_thread::sleep_for(400ms);
  }

  EXPECT_GE(version, rounds);
  EXPECT_EQ(failures(cluster), 0U);
  EXPECT_TRUE(all_see_all(cluster));
}

TEST_F(SwitchingTest, BothDetectorsNoticeACrash) {
  for (const Kind& kind : kinds) {
    const auto cluster = start_cluster(3);
    ASSERT_EQ(put(*cluster[0], kind), 200U);
    ASSERT_TRUE(eventually([&] { return all_agree(cluster, 1); }));

    cluster[2]->kill();

    EXPECT_TRUE(eventually([&] { return all_list({cluster[0], cluster[1]}, "n3", "failed"); }))
        << kind.detector << " " << kind.suspicion;
    for (AgentProcess* agent : {cluster[0], cluster[1]}) agent->kill();
  }
}

TEST_F(SwitchingTest, KeepsTheVersionOverARestartAndTellsWhoComesLate) {
  auto cluster = start_cluster(3);
  ASSERT_EQ(put(*cluster[1], kinds[0]), 200U);
  ASSERT_TRUE(eventually([&] { return all_agree(cluster, 1); }));
  const Json before = protocol(*cluster[0]);
  ASSERT_TRUE(eventually([&] { return cluster[2]->has_kept("gossip"); }));

  cluster[2]->kill();
  cluster[2]->start();
  cluster.push_back(&start({.name = "late", .join = {cluster[0]->bind()}}));

  ASSERT_TRUE(eventually([&] { return all_see_all(cluster); }));
  EXPECT_TRUE(eventually([&] { return all_agree(cluster, 1); }));
  EXPECT_EQ(protocol(*cluster[2]), before);
  EXPECT_EQ(protocol(*cluster[3]), before);
  EXPECT_NE(cluster[2]->log().find("settings_version=1"), std::string::npos);
}

TEST_F(SwitchingTest, AppliesAFileAndLogsWhoChangedWhat) {
  const auto file = directory() / "agent.yaml";
  std::ofstream(file) << "drop-rate: 0.01\n";
  AgentProcess& n1 = start({.name = "n1", .flags = {"--config", file.string()}});
  AgentProcess& n2 = start({.name = "n2", .join = {n1.bind()}});
  ASSERT_TRUE(eventually([&] { return all_see_all({&n1, &n2}); }));
  std::ofstream(file) << "drop-rate: 0.02\ngossip-fanout: 2\n";

  const auto answer = n1.request({.method = "POST", .target = "/set"});

  ASSERT_TRUE(answer && answer->status == 200U) << (answer ? answer->body : "no answer");
  EXPECT_TRUE(eventually([&] { return n2.get("/get").value("drop-rate", 0.0) == 0.02; }));
  EXPECT_EQ(n2.get("/get")["gossip-fanout"], 2);
  EXPECT_TRUE(eventually([&] {
    return n2.log().find("protocol-changed") != std::string::npos &&
           n2.log().find("by=n1") != std::string::npos;
  })) << n2.log();
  const RunResult events = rollcall({"events", "--no-follow", "--http", n2.http()});
  EXPECT_NE(events.out.find("gossip-fanout auto to 2"), std::string::npos) << events.out;
}

TEST_F(SwitchingTest, IsDoneFromTheCommandLine) {
  AgentProcess& n1 = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return n1.phase() == "joined"; }));

  const RunResult switched =
      rollcall({"switch", "gossip", "--suspicion-time", "1s", "--http", n1.http()});
  const RunResult set =
      rollcall({"config", "set", "gossip-fanout=2", "--if-version", "1", "--http", n1.http()});
  const RunResult late =
      rollcall({"config", "set", "gossip-fanout=3", "--if-version", "1", "--http", n1.http()});
  const RunResult local = rollcall({"switch", "pingack", "--scope", "local", "--http", n1.http()});
  const RunResult wrong = rollcall({"config", "set", "drop-rat=1", "name=x", "--http", n1.http()});

  EXPECT_EQ(switched.out, "gossip, suspicion enabled (1s): version 1, for the whole cluster\n")
      << switched.err;
  EXPECT_EQ(set.out, "gossip-fanout  2\nversion 2, for the whole cluster\n") << set.err;
  EXPECT_EQ(late.status, 1);
  EXPECT_EQ(late.err,
            "rollcall: config set: the settings in force are of version 2, not 1; read them again, "
            "and decide anew\n");
  EXPECT_EQ(local.out,
            "pingack, suspicion enabled (1s): version 2, changed for this agent alone\n");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.err.find("drop-rat: no such key; did you mean drop-rate?"), std::string::npos)
      << wrong.err;
  EXPECT_NE(wrong.err.find("also name: is this member's own"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace rollcall::test
