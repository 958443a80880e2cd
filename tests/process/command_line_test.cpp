// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

#include "process/agents.hpp"

/// What users see: the output and the exit code of every reading command, against real agents.
namespace rollcall::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What differs from run to run, replaced by words: ports, ids, times, round trips.
std::string stable(std::string text, const std::vector<AgentProcess*>& cluster) {
  for (const AgentProcess* agent : cluster) {
    text = replaced(text, agent->bind(), "<" + agent->name() + ">");
    text = replaced(text, agent->http(), "<http " + agent->name() + ">");
  }
  text = std::regex_replace(text, std::regex("[0-9]+\\.[0-9]+ ms"), "<rtt>");
  text = std::regex_replace(text, std::regex("\\b[0-9.]+s\\b"), "<age>");
  return std::regex_replace(text, std::regex(" +"), " ");
}

class CommandLineTest : public ProcessTest {
 protected:
  /// A cluster of n1 and n2, where n2 has tags.
  /// Without what is agreed: a member says how it votes by a tag, which raises its incarnation.
  std::vector<AgentProcess*> start_pair() {
    AgentProcess& n1 = start({.name = "n1", .flags = {"--agreement", "off"}});
    AgentProcess& n2 =
        start({.name = "n2",
               .join = {n1.bind()},
               .flags = {"--tag", "role=db", "--tag", "rack=r1", "--agreement", "off"}});
    EXPECT_TRUE(eventually([&] { return all_see_all({&n1, &n2}); }));
    return {&n1, &n2};
  }
};

TEST_F(CommandLineTest, MembersIsATableAndCanBeNarrowed) {
  const auto pair = start_pair();
  ASSERT_TRUE(eventually([&] {
    return pair[0]->get("/v1/members/n2").contains("rtt_ms") &&
           !pair[0]->get("/v1/members/n2")["rtt_ms"].is_null();
  }));

  const RunResult all = rollcall({"members", "--http", pair[0]->http()});
  const RunResult tagged =
      rollcall({"members", "--tag", "rack=r1", "--state", "alive", "--http", pair[0]->http()});
  const RunResult failed = rollcall({"members", "--state", "failed", "--http", pair[0]->http()});

  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(stable(all.out, pair),
            "NAME ADDRESS STATE FOR INCARNATION RTT TAGS\n"
            "n1 <n1> alive <age> 0 -\n"
            "n2 <n2> alive <age> 0 <rtt> rack=r1 role=db\n");
  EXPECT_EQ(stable(tagged.out, pair),
            "NAME ADDRESS STATE FOR INCARNATION RTT TAGS\n"
            "n2 <n2> alive <age> 0 <rtt> rack=r1 role=db\n");
  EXPECT_EQ(failed.status, 0);
  EXPECT_EQ(stable(failed.out, pair), "NAME ADDRESS STATE FOR INCARNATION RTT TAGS\n");
}

TEST_F(CommandLineTest, JsonIsWhatTheAgentAnswered) {
  const auto pair = start_pair();
  struct Case {
    std::string command;
    std::string target;
    std::string field;
  };
  for (const auto& [command, target, field] :
       {Case{"members", "/v1/members", "self"}, Case{"self", "/v1/self", "name"},
        Case{"protocol", "/v1/protocol", "detector"}, Case{"status", "/v1/status", "cluster"}}) {
    const RunResult printed = rollcall({command, "--json", "--http", pair[0]->http()});
    const Json json = Json::parse(printed.out, nullptr, false);
    EXPECT_EQ(printed.status, 0) << printed.err;
    ASSERT_TRUE(json.is_object()) << printed.out;
    EXPECT_EQ(json[field], pair[0]->get(target)[field]) << command;
  }
}

TEST_F(CommandLineTest, TheAddressAlsoComesFromTheEnvironmentAndTheFlagWins) {
  const auto pair = start_pair();

  const RunResult variable = rollcall({"self"}, {"ROLLCALL_HTTP=" + pair[1]->http()});
  const RunResult flag =
      rollcall({"self", "--http", pair[0]->http()}, {"ROLLCALL_HTTP=" + pair[1]->http()});

  EXPECT_THAT(variable.out, HasSubstr("n2"));
  EXPECT_THAT(flag.out, Not(HasSubstr("n2")));
  EXPECT_THAT(flag.out, HasSubstr("n1"));
}

TEST_F(CommandLineTest, SuspectsStatusProtocolAndConfigAreReadable) {
  const auto pair = start_pair();
  const std::string http = pair[0]->http();

  EXPECT_EQ(rollcall({"suspects", "--http", http}).out, "nobody is suspected\n");
  EXPECT_THAT(rollcall({"status", "--http", http}).out, HasSubstr("joined"));
  EXPECT_THAT(rollcall({"protocol", "--http", http}).out, HasSubstr("pingack"));
  EXPECT_THAT(rollcall({"config", "get", "--http", http}).out, HasSubstr("probe-interval"));
  EXPECT_EQ(rollcall({"config", "get", "probe_interval", "--http", http}).out, "1s\n");
  EXPECT_EQ(rollcall({"config", "get", "no-such", "--http", http}).status, 1);
  EXPECT_EQ(rollcall({"config", "set", "probe-interval=2s", "--http", http}).out,
            "probe-interval  2s\nversion 1, for the whole cluster\n");
  EXPECT_EQ(rollcall({"config", "get", "probe-interval", "--http", http}).out, "2s\n");
}

TEST_F(CommandLineTest, ExitCodesTellDoneRefusedMisusedAndSilent) {
  const auto pair = start_pair();
  const FreePort nobody;

  EXPECT_EQ(rollcall({"members", "--http", pair[0]->http()}).status, 0);
  EXPECT_EQ(rollcall({"force-leave", "n2", "--http", pair[0]->http()}).status, 1);
  EXPECT_EQ(rollcall({"join", nobody.address(), "--http", pair[0]->http()}).status, 1);
  EXPECT_EQ(rollcall({"members", "--nonsense", "--http", pair[0]->http()}).status, 2);
  EXPECT_EQ(rollcall({"members", "--http", nobody.address()}).status, 3);
}

TEST_F(CommandLineTest, JoinSaysWhatBecameOfEachAddress) {
  const auto pair = start_pair();
  AgentProcess& late = start({.name = "late"});
  const FreePort nobody;
  ASSERT_TRUE(eventually([&] { return late.state_of("late") == "alive"; }));

  const RunResult joined =
      rollcall({"join", nobody.address(), pair[0]->bind(), "--http", late.http()});
  const RunResult refused = rollcall({"join", nobody.address(), "--http", late.http()});

  EXPECT_EQ(joined.status, 0) << joined.err;
  EXPECT_THAT(joined.out, StartsWith("SEED"));
  EXPECT_THAT(joined.out, HasSubstr(pair[0]->bind()));
  EXPECT_THAT(joined.out, HasSubstr("joined"));
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr(nobody.address()));
}

TEST_F(CommandLineTest, AgentHelpNamesEveryFlagOfTheContract) {
  const RunResult help = rollcall({"agent", "--help"});

  EXPECT_EQ(help.status, 0);
  for (const char* flag : {"--config",
                           "--name",
                           "--bind",
                           "--advertise",
                           "--http",
                           "--data-dir",
                           "--cluster",
                           "--join",
                           "--is-introducer",
                           "--hosts",
                           "--detector",
                           "--suspicion",
                           "--suspicion-time",
                           "--probe-interval",
                           "--probe-timeout",
                           "--indirect-probes",
                           "--gossip-interval",
                           "--gossip-fanout",
                           "--cleanup-time",
                           "--tag",
                           "--drop-rate",
                           "--start-delay",
                           "--crash-after",
                           "--log-level",
                           "--log-format",
                           "--daemon",
                           "--pid-file",
                           "--log-file"}) {
    EXPECT_THAT(help.out, HasSubstr(flag));
  }
  EXPECT_EQ(rollcall({"help", "agent"}).out, help.out);
}

TEST_F(CommandLineTest, ConfigDumpIsAFileThatSaysTheSame) {
  const auto file = directory() / "dumped.yaml";
  const RunResult dumped = rollcall({"config", "dump", "--name", "n7", "--probe-interval", "2s"});
  ASSERT_EQ(dumped.status, 0) << dumped.err;
  std::ofstream(file) << dumped.out;

  const RunResult checked = rollcall({"config", "check", file.string()});
  const RunResult again = rollcall({"config", "dump", "--json", "--config", file.string()});

  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_EQ(Json::parse(again.out)["name"], "n7");
  EXPECT_EQ(Json::parse(again.out)["probe-interval"], "2s");
}

}  // namespace
}  // namespace rollcall::test
