// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process/agreement_cluster.hpp"

/// The commands about groups, and `group lead` above all, against real agents.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class GroupCommandsTest : public AgreementTest {
 protected:
  struct Running {
    std::unique_ptr<Child> child;
    std::filesystem::path out;
    std::filesystem::path err;
    [[nodiscard]] std::string said() const { return read_file(out); }
  };

  Running begin(const std::string& name, const AgentProcess& agent,
                std::vector<std::string> words) {
    words.insert(words.begin(), ROLLCALL_BINARY);
    Running running{.child = nullptr,
                    .out = directory() / (name + ".out"),
                    .err = directory() / (name + ".err")};
    running.child =
        std::make_unique<Child>(ChildPlan{.command = std::move(words),
                                          .out = running.out,
                                          .err = running.err,
                                          .environment = {"ROLLCALL_HTTP=" + agent.http()}});
    return running;
  }
  /// A leader that says its token and when it began, then stays until it is told to end, and says
  /// when that was.
  Running lead(const std::string& id, const AgentProcess& agent, const std::string& ttl = "2s") {
    return begin(id, agent,
                 {"group", "lead", "job", id, "--ttl", ttl, "--", "sh", "-c",
                  "echo leads $ROLLCALL_VIEW $(date +%s%N); "
                  "trap 'echo ended $(date +%s%N); exit 9' TERM; "
                  "while :; do sleep 0.05; done"});
  }
  static std::uint64_t token_in(const std::string& said) {
    std::istringstream stream(said);
    std::string word;
    std::uint64_t token = 0;
    stream >> word >> token;
    return token;
  }
  /// In nanoseconds; 0 if it did not say so.
  static std::uint64_t began(const Running& running) {
    std::istringstream stream(running.said());
    std::string word;
    std::uint64_t token = 0;
    std::uint64_t when = 0;
    stream >> word >> token >> when;
    return when;
  }
  static std::uint64_t ended(const Running& running) {
    const std::string said = running.said();
    const std::size_t at = said.find("ended ");
    return at == std::string::npos ? 0 : std::stoull(said.substr(at + 6));
  }
  static RunResult ask_cli(const AgentProcess& agent, std::vector<std::string> words) {
    words.insert(words.end(), {"--http", agent.http()});
    return rollcall(words);
  }
};

TEST_F(GroupCommandsTest, JoinShowAndLeave) {
  const Agents agents = start_voters(3);

  EXPECT_EQ(ask_cli(*agents[1],
                    {"group", "join", "web", "w1", "--address", "10.0.0.1:80", "--meta", "zone=eu"})
                .out,
            "w1 is in web and leads it (view 1)\n");
  EXPECT_EQ(ask_cli(*agents[2], {"group", "join", "web", "w2"}).out, "w2 is in web (view 2)\n");
  const RunResult members = ask_cli(*agents[2], {"group", "members", "web", "--linearizable"});
  EXPECT_THAT(members.out, HasSubstr("w1  leader  10.0.0.1:80"));
  EXPECT_THAT(members.out, HasSubstr("zone=eu"));
  EXPECT_THAT(ask_cli(*agents[0], {"groups"}).out, HasSubstr("web         2  w1            2"));
  EXPECT_EQ(ask_cli(*agents[0], {"group", "leave", "web", "w1"}).out, "w1 has left web (view 3)\n");
  EXPECT_EQ(ask_cli(*agents[0], {"group", "heartbeat", "web", "w1"}).status, 1);
  EXPECT_EQ(ask_cli(*agents[0], {"group", "remove", "web", "w2"}).status, 0);

  const Running watch =
      begin("watch", *agents[2], {"group", "watch", "web", "--since", "1", "--json"});
  EXPECT_TRUE(eventually([&] { return watch.said().find("\"view\":4") != std::string::npos; }));
  std::istringstream lines(watch.said());
  std::vector<std::uint64_t> numbers;
  for (std::string line; std::getline(lines, line);) numbers.push_back(Json::parse(line)["view"]);
  EXPECT_THAT(numbers, ElementsAre(2, 3, 4));
}

TEST_F(GroupCommandsTest, WhatMayBeOutOfDateIsShownWithTheAdvice) {
  const Agents agents = start_voters(3);
  ask_cli(*agents[0], {"group", "join", "web", "w1"});
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[2], "web")).size() == 1; }));
  EXPECT_TRUE(eventually([&] { return ask_cli(*agents[2], {"groups"}).err.empty(); }));

  agents[0]->kill();
  agents[1]->kill();

  const std::vector<std::vector<std::string>> reads{
      {"groups"}, {"views"}, {"group", "members", "web"}};
  for (const std::vector<std::string>& read : reads) {
    EXPECT_TRUE(eventually([&] {
      const RunResult result = ask_cli(*agents[2], read);
      return result.status == 0 && result.err.find("may be out of date by") != std::string::npos;
    })) << read.back();
  }
}

TEST_F(GroupCommandsTest, AWatchFromAViewToComeSaysThatThereIsNone) {
  const Agents agents = start_voters(1);
  ask_cli(*agents[0], {"group", "join", "web", "w1"});

  const Running watch = begin("watch", *agents[0], {"group", "watch", "web", "--since", "99"});

  EXPECT_TRUE(eventually([&] { return watch.said().find("view 1") != std::string::npos; }));
  EXPECT_THAT(read_file(watch.err), HasSubstr("there is no view 99 yet; here is the present one"));
}

TEST_F(GroupCommandsTest, OneLeadsAfterTheOtherWithAHigherToken) {
  const Agents agents = start_voters(3);
  const Running first = lead("a", *agents[0]);
  ASSERT_TRUE(eventually([&] { return token_in(first.said()) > 0; }));
  const Running second = lead("b", *agents[1]);
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[0], "job")).size() == 2; }));
  EXPECT_EQ(second.said(), "");

  first.child->signal(SIGTERM);

  EXPECT_EQ(first.child->wait(), 9);
  EXPECT_THAT(first.said(), HasSubstr("ended"));
  ASSERT_TRUE(eventually([&] { return token_in(second.said()) > 0; }));
  EXPECT_GT(token_in(second.said()), token_in(first.said()));
  EXPECT_THAT(ids(group(*agents[0], "job", "linearizable")), ElementsAre("b"));
}

TEST_F(GroupCommandsTest, AnIdThatIsThereAlreadyIsWaitedFor) {
  const Agents agents = start_voters(1);
  const Running first = lead("a", *agents[0]);
  ASSERT_TRUE(eventually([&] { return token_in(first.said()) > 0; }));

  const RunResult second =
      ask_cli(*agents[0], {"group", "lead", "job", "a", "--wait", "1s", "--ttl", "2s", "--http",
                           agents[0]->http(), "--", "true"});

  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("a is in job already"));
  EXPECT_TRUE(first.child->is_running());

  first.child->signal(SIGKILL);
  const Running third = begin("third", *agents[0],
                              {"group", "lead", "job", "a", "--ttl", "1s", "--", "sh", "-c",
                               "echo leads $ROLLCALL_VIEW; while :; do sleep 0.05; done"});
  EXPECT_TRUE(eventually([&] { return token_in(third.said()) > token_in(first.said()); }));
}

TEST_F(GroupCommandsTest, WhoCannotRenewItsLeaseEndsBeforeAnotherLeads) {
  const Agents agents = start_voters(3);
  const Running first = lead("a", *agents[0]);
  ASSERT_TRUE(eventually([&] { return token_in(first.said()) > 0; }));
  const Running second = lead("b", *agents[1]);
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[1], "job")).size() == 2; }));

  agents[0]->signal(SIGSTOP);  // the first one's agent, maybe the leader of the log too

  EXPECT_EQ(first.child->wait(), 75);
  EXPECT_THAT(read_file(first.err), HasSubstr("could not be renewed in time"));
  ASSERT_GT(ended(first), 0U) << first.said();
  ASSERT_TRUE(eventually([&] { return began(second) > 0; }));
  EXPECT_GT(token_in(second.said()), token_in(first.said()));
  EXPECT_GT(began(second), ended(first));
  agents[0]->signal(SIGCONT);
}

TEST_F(GroupCommandsTest, WhoStoodStillWhileAnotherOfItsIdCameEnds) {
  const Agents agents = start_voters(1);
  const Running first = lead("a", *agents[0], "1s");
  ASSERT_TRUE(eventually([&] { return token_in(first.said()) > 0; }));
  first.child->signal(SIGSTOP);
  const Running second = begin("second", *agents[0],
                               {"group", "lead", "job", "a", "--ttl", "1s", "--", "sh", "-c",
                                "echo leads $ROLLCALL_VIEW; while :; do sleep 0.05; done"});
  ASSERT_TRUE(eventually([&] { return token_in(second.said()) > token_in(first.said()); }));

  first.child->signal(SIGCONT);

  EXPECT_EQ(first.child->wait(), 75);
  EXPECT_TRUE(second.child->is_running());
  EXPECT_EQ(group(*agents[0], "job", "linearizable")["view"], token_in(second.said()));
  second.child->signal(SIGKILL);
}

TEST_F(GroupCommandsTest, WhoIsRemovedEndsAndWhoKeepsJoinsAgain) {
  const Agents agents = start_voters(1);
  const Running leader = lead("a", *agents[0]);
  ASSERT_TRUE(eventually([&] { return token_in(leader.said()) > 0; }));
  const Running keeper =
      begin("keeper", *agents[0], {"group", "join", "job", "k", "--keep", "--ttl", "1s"});
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[0], "job")).size() == 2; }));

  EXPECT_EQ(ask_cli(*agents[0], {"group", "remove", "job", "a"}).status, 0);
  EXPECT_EQ(ask_cli(*agents[0], {"group", "remove", "job", "k"}).status, 0);

  EXPECT_EQ(leader.child->wait(), 75);
  EXPECT_TRUE(eventually([&] {
    return read_file(keeper.err).find("joining again") != std::string::npos &&
           ids(group(*agents[0], "job")) == std::vector<std::string>{"k"};
  }));
  keeper.child->signal(SIGTERM);
  EXPECT_EQ(keeper.child->wait(), 0);
  EXPECT_TRUE(ids(group(*agents[0], "job", "linearizable")).empty());
}

TEST_F(GroupCommandsTest, TheCommandsExitCodeIsPassedOn) {
  const Agents agents = start_voters(1);

  EXPECT_EQ(rollcall({"group", "lead", "job", "a", "--http", agents[0]->http(), "--", "sh", "-c",
                      "exit 42"})
                .status,
            42);
  EXPECT_EQ(rollcall({"group", "lead", "job", "a", "--http", agents[0]->http(), "--",
                      "no-such-command-here"})
                .status,
            127);
  EXPECT_TRUE(ids(group(*agents[0], "job", "linearizable")).empty());
}

}  // namespace
}  // namespace rollcall::test
