// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "process/agents.hpp"

/// What an agent refuses at its start, and what it survives.
namespace rollcall::test {
namespace {

using testing::HasSubstr;

TEST_F(ProcessTest, ASecondAgentOfTheSameNameStaysOutside) {
  const auto cluster = start_cluster(2);
  const std::string life = cluster[0]->id_of("n2");

  AgentProcess& impostor = start({.name = "n2", .join = {cluster[0]->bind()}});

  EXPECT_TRUE(eventually([&] { return impostor.phase() == "conflict"; }));
  EXPECT_EQ(impostor.status_of("/readyz"), 503U);
  EXPECT_EQ(impostor.status_of("/healthz"), 200U);
  EXPECT_THAT(impostor.log(), HasSubstr("n2"));
  for (const AgentProcess* member : cluster) {
    EXPECT_EQ(member->state_of("n2"), "alive");
    EXPECT_EQ(member->id_of("n2"), life);
    EXPECT_EQ(member->count("member-failed", "n2"), 0U);
    EXPECT_EQ(member->get("/v1/members")["count"], 2);
  }
}

TEST_F(ProcessTest, APortInUseEndsTheStartWithAMessage) {
  AgentProcess& first = start({.name = "first"});
  ASSERT_TRUE(eventually([&] { return first.state_of("first") == "alive"; }));

  const RunResult bind =
      rollcall({"agent", "--name", "second", "--bind", first.bind(), "--http", "off"});
  const FreePort free;
  const RunResult http =
      rollcall({"agent", "--name", "second", "--bind", free.address(), "--http", first.http()});

  EXPECT_EQ(bind.status, 1);
  EXPECT_THAT(bind.err, HasSubstr("rollcall: "));
  EXPECT_THAT(bind.err, HasSubstr(first.bind()));
  EXPECT_EQ(http.status, 1);
  EXPECT_THAT(http.err, HasSubstr(first.http()));
  EXPECT_EQ(first.state_of("first"), "alive");
}

TEST_F(ProcessTest, ADataDirectoryThatCannotBeUsedEndsTheStartWithAMessage) {
  // A file in its place and a place below /proc refuse root too.
  const auto file = directory() / "a-file";
  std::ofstream(file) << "in the way";
  for (const std::string& place :
       {file.string(), (file / "below").string(), std::string("/proc/rollcall")}) {
    const FreePort free;
    const RunResult refused = rollcall(
        {"agent", "--name", "n", "--bind", free.address(), "--http", "off", "--data-dir", place});
    EXPECT_EQ(refused.status, 1) << place;
    EXPECT_THAT(refused.err, HasSubstr(place));
  }
  EXPECT_EQ(read_file(file), "in the way");
}

TEST_F(ProcessTest, AWrongFlagOrValueIsNamedAndNothingStarts) {
  struct Case {
    std::vector<std::string> flags;
    std::vector<std::string> named;
  };
  const std::vector<Case> cases{
      {{"--probe-intervall", "1s"}, {"--probe-intervall", "probe-interval?"}},
      {{"--probe-interval", "fast"}, {"--probe-interval", "'fast'", "allowed"}},
      {{"--probe-interval", "5"}, {"--probe-interval", "'5'", "unit"}},
      {{"--detector", "psychic"}, {"--detector", "'psychic'", "pingack"}},
      {{"--bind", "here"}, {"--bind", "here"}},
      {{"--drop-rate", "2"}, {"--drop-rate", "2"}},
      {{"--probe-interval", "1s", "--probe-timeout", "2s"}, {"probe-timeout", "probe-interval"}},
      {{"--config", "/nonexistent.yaml"}, {"/nonexistent.yaml"}},
  };
  for (const Case& wrong : cases) {
    std::vector<std::string> words{"agent", "--http", "off"};
    words.insert(words.end(), wrong.flags.begin(), wrong.flags.end());
    const RunResult refused = rollcall(words);
    EXPECT_EQ(refused.status, 2) << wrong.flags[0] << ' ' << wrong.flags[1] << '\n' << refused.err;
    for (const std::string& name : wrong.named) EXPECT_THAT(refused.err, HasSubstr(name));
  }
}

TEST_F(ProcessTest, AWrongLineInAFileIsNamedWithItsPlace) {
  const auto file = directory() / "agent.yaml";
  std::ofstream(file) << "name: n1\nprobe-interval: 1 parsec\nclusterr: x\n";

  const RunResult started = rollcall({"agent", "--config", file.string()});
  const RunResult checked = rollcall({"config", "check", file.string()});

  for (const RunResult& refused : {started, checked}) {
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, HasSubstr("agent.yaml:2"));
    EXPECT_THAT(refused.err, HasSubstr("probe-interval"));
    EXPECT_THAT(refused.err, HasSubstr("1 parsec"));
    EXPECT_THAT(refused.err, HasSubstr("agent.yaml:3"));
    EXPECT_THAT(refused.err, HasSubstr("clusterr"));
  }
}

TEST_F(ProcessTest, AVariableIsReadAndAWrongOneIsNamed) {
  const FreePort free;
  const RunResult refused =
      rollcall({"agent", "--bind", free.address()}, {"ROLLCALL_SUSPICION_TIME=later"});
  AgentProcess& agent = start({.name = "n1", .environment = {"ROLLCALL_SUSPICION_TIME=3s"}});

  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("ROLLCALL_SUSPICION_TIME"));
  EXPECT_THAT(refused.err, HasSubstr("'later'"));
  EXPECT_TRUE(
      eventually([&] { return agent.get("/v1/protocol").value("suspicion_time", "") == "3s"; }));
}

TEST_F(ProcessTest, SeedsThatCannotBeReachedLeaveTheAgentUpAndAlone) {
  const FreePort nobody;
  AgentProcess& unknown = start({.name = "n1", .join = {"no-such-host.invalid:7420"}});
  AgentProcess& silent = start({.name = "n2", .join = {nobody.address()}});

  for (const AgentProcess* agent : {&unknown, &silent}) {
    EXPECT_TRUE(eventually([&] { return agent->phase() == "alone"; })) << agent->name();
    EXPECT_EQ(agent->status_of("/healthz"), 200U);
    EXPECT_EQ(agent->status_of("/readyz"), 503U);
    EXPECT_EQ(agent->state_of(agent->name()), "alive");
  }
  EXPECT_TRUE(eventually([&] { return unknown.log().contains("no-such-host.invalid"); }));
  EXPECT_TRUE(eventually([&] { return silent.log().contains(nobody.address()); }));
}

TEST_F(ProcessTest, ASeedThatComesLaterIsJoinedInTheBackground) {
  AgentProcess& seed = prepare({.name = "seed"});
  AgentProcess& early = start({.name = "early", .join = {seed.bind()}});
  ASSERT_TRUE(eventually([&] { return early.phase() == "alone"; }));

  seed.start();

  EXPECT_TRUE(eventually([&] { return all_see_all({&seed, &early}); }));
}

TEST_F(ProcessTest, AMemberOfAnotherClusterIsRefusedAndTold) {
  const auto cluster = start_cluster(2);
  AgentProcess& stranger =
      start({.name = "stranger", .join = {cluster[0]->bind()}, .flags = {"--cluster", "other"}});
  ASSERT_TRUE(eventually([&] { return stranger.phase() == "alone"; }));

  const RunResult join = rollcall({"join", cluster[0]->bind(), "--http", stranger.http()});

  EXPECT_EQ(join.status, 1);
  EXPECT_THAT(join.err, HasSubstr("cluster"));
  EXPECT_EQ(cluster[0]->state_of("stranger"), "");
  EXPECT_EQ(cluster[0]->get("/v1/members")["count"], 2);
  EXPECT_EQ(stranger.get("/v1/members")["count"], 1);
  EXPECT_TRUE(eventually([&] { return stranger.log().contains("cluster"); }));
}

}  // namespace
}  // namespace rollcall::test
