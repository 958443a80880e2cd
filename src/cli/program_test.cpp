// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_run.hpp"

namespace rollcall::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

TEST(CliProgram, ExplainsEveryMisuseInOneLine) {
  struct Case {
    std::vector<std::string> words;
    std::string message;
  };
  const std::vector<Case> cases{
      {{"membrs"},
       "rollcall: command line: unknown command 'membrs'; did you mean 'rollcall members'?\n"},
      {{"services"},
       "rollcall: services: not available in this version; 'rollcall help' lists what there is\n"},
      {{"switch", "raft"},
       "rollcall: switch: detector: 'raft' is not one of pingack, gossip, ping, swim, heartbeat; "
       "'rollcall switch --help' tells what is allowed\n"},
      {{"switch", "gossip", "--if-version", "3-x"},
       "rollcall: switch: --if-version: '3-x' is no version such as 3, or 3-68eee7e9 as 'rollcall "
       "protocol' shows it; 'rollcall switch --help' tells what is allowed\n"},
      {{"switch", "gossip", "--suspicion-time", "0s"},
       "rollcall: switch: --suspicion-time: '0s' is no duration above 0s; write it as 500ms or 2s, "
       "or auto; 'rollcall switch --help' tells what is allowed\n"},
      {{"config", "set", "drop-rate"},
       "rollcall: config set: assignments: 'drop-rate' is no KEY=VALUE, such as drop-rate=0.05; "
       "'rollcall config set --help' tells what is allowed\n"},
      {{"config", "set", "drop-rate=0", "drop-rate=1"},
       "rollcall: config set: 'drop-rate' is given twice; give each key once\n"},
      {{"event", "--json"},
       "rollcall: event: not available in this version; 'rollcall help' lists what there is\n"},
      {{"group"},
       "rollcall: group: which command is missing; it is one of join, lead, leave, heartbeat, "
       "remove, members, watch\n"},
      {{"group", "join", "g"},
       "rollcall: group join: id is required; 'rollcall group join --help' tells what is "
       "allowed\n"},
      {{"group", "join", "a b", "x"},
       "rollcall: group join: group: 'a b' is no name: 1 to 128 letters, digits, '.', '_' or '-', "
       "beginning with a letter or digit; 'rollcall group join --help' tells what is allowed\n"},
      {{"group", "join", "g", "x", "--meta", "a=1", "--meta", "a=2"},
       "rollcall: group join: --meta: 'a' is given twice; give each key once\n"},
      {{"group", "join", "g", "x", "--ttl", "10"},
       "rollcall: group join: --ttl: '10' is no duration, such as 500ms, 10s or 2m; 'rollcall "
       "group "
       "join --help' tells what is allowed\n"},
      {{"group", "join", "g", "x", "--meta", "role"},
       "rollcall: group join: --meta: 'role' is not KEY=VALUE; 'rollcall group join --help' tells "
       "what is allowed\n"},
      {{"group", "join", "g", "x", "--check", "icmp://h"},
       "rollcall: group join: --check: 'icmp://h' is not tcp://HOST:PORT or http://HOST:PORT/PATH "
       "(or tcp, http: the address); 'rollcall group join --help' tells what is allowed\n"},
      {{"group", "join", "g", "x", "--check-misses", "3"},
       "rollcall: group join: --check-… is given without --check; say what to check with --check "
       "tcp://HOST:PORT\n"},
      {{"group", "lead", "g", "x"},
       "rollcall: group lead: no command was given; write it behind '--', as in 'rollcall group "
       "lead "
       "db $HOSTNAME -- ./serve'\n"},
      {{"group", "lead", "auto", "x", "--", "true"},
       "rollcall: group lead: a group to lead has to be named; name it instead of 'auto'\n"},
      {{"group", "lead", "g", "x", "--ttl", "100ms", "--", "true"},
       "rollcall: group lead: --ttl: found '100ms'; allowed: at least 1s\n"},
      {{"group", "lead", "g", "x", "--grace", "6s", "--", "true"},
       "rollcall: group lead: --grace: found '6s'; allowed: at most half of --ttl, 5s\n"},
      {{"group", "watch", "g", "--since", "-1"},
       "rollcall: group watch: --since: '-1' is not a whole number from 0 to 18446744073709551615; "
       "'rollcall group watch --help' tells what is allowed\n"},
      {{"cluster", "partition"},
       "rollcall: cluster partition: groups is required; 'rollcall cluster partition --help' tells "
       "what is allowed\n"},
      {{"cluster", "up", "--driver", "vm"},
       "rollcall: cluster up: --driver: 'vm' is not one of local, netns; 'rollcall cluster up "
       "--help' tells what is allowed\n"},
      {{"cluster", "loss", "150%"},
       "rollcall: cluster loss: share: '150%' is not a share such as 20% or 0.2; 'rollcall cluster "
       "loss --help' tells what is allowed\n"},
      {{"join", "0.0.0.0:7420"},
       "rollcall: join: addresses: '0.0.0.0:7420' is not HOST:PORT of a member; 'rollcall join "
       "--help' tells what is allowed\n"},
      {{"cluster", "upp"},
       "rollcall: cluster: unknown command 'upp'; did you mean 'rollcall cluster up'?\n"},
      {{"members", "--jsn"}, "rollcall: members: unknown flag --jsn; did you mean --json?\n"},
      {{"members", "n1"},
       "rollcall: members: 'n1' is one word too many; 'rollcall members --help' lists what there "
       "is\n"},
      {{"members", "status"},
       "rollcall: members: 'status' is one word too many; 'rollcall members --help' lists what "
       "there is\n"},
      {{"config", "dump", "--probe-interval", "fast"},
       "rollcall: config dump: flag --probe-interval: found 'fast'; allowed: a "
       "number and one "
       "of the units ns, us, ms, s, m, h, as in 250ms or 1.5s\n"},
      {{"members", "--state", "dead"},
       "rollcall: members: --state: 'dead' is not one of alive, suspect, failed, left; 'rollcall "
       "members --help' tells what is allowed\n"},
      {{"members", "--tag", "rack"},
       "rollcall: members: --tag: 'rack' is not KEY=VALUE; 'rollcall members --help' tells what is "
       "allowed\n"},
      {{"members", "--http", "here:there"},
       "rollcall: members: --http: \"here:there\" is not HOST:PORT; write it as 127.0.0.1:7480 or "
       "[::1]:7480\n"},
      {{"events", "--since", "x"},
       "rollcall: events: --since: 'x' is not a whole number from 0 to 18446744073709551615; "
       "'rollcall events --help' tells what is allowed\n"},
      {{"events", "--retry", "soon"},
       "rollcall: events: --retry: 'soon' is no duration; write it as 500ms, 30s or 10m\n"},
      {{"join"}, "rollcall: join: no address is given; give HOST:PORT of a member, or --cancel\n"},
      {{"force-leave", "a b"},
       "rollcall: force-leave: 'a b' is no member's name; a name is 1 to 128 letters, digits, '.', "
       "'_' or '-', beginning with a letter or digit\n"},
      {{"cluster", "up", "--nodes", "0"},
       "rollcall: cluster up: --nodes: '0' is not a whole number from 1 to 1000; 'rollcall cluster "
       "up "
       "--help' tells what is allowed\n"},
      {{"cluster", "kill", "node1", "--signal", "LOUD"},
       "rollcall: cluster kill: --signal: 'LOUD' is no signal; write it as TERM, SIGTERM or 15\n"},
      {{"cluster", "exec", "node1"},
       "rollcall: cluster exec: no command was given; write it behind '--', as in 'rollcall "
       "cluster "
       "exec -- rollcall members'\n"},
      {{"members", "--", "x"},
       "rollcall: members: nothing may stand behind '--'; 'rollcall help members' tells what is "
       "allowed\n"},
  };
  for (const Case& misuse : cases) {
    const Result result = run(misuse.words);
    EXPECT_EQ(result.status, 2) << misuse.message;
    EXPECT_EQ(result.err, misuse.message);
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST(CliProgram, SaysThatNoAgentAnswers) {
  // Port 1 is below what agents are given, and nothing listens there.
  for (const char* command :
       {"members", "self", "suspects", "status", "protocol", "events", "leave", "views", "leader",
        "groups", "views --follow", "group members g", "group watch g", "group join g x",
        "group leave g x", "group heartbeat g x", "group remove g x", "group join g x --keep",
        "group lead g x -- true"}) {
    std::vector<std::string> words = split_words(command);
    const auto rest = std::ranges::find(words, "--");
    words.insert(rest, {"--http", "127.0.0.1:1"});
    const Result result = run(words);
    EXPECT_EQ(result.status, 3) << command;
    const bool is_family = words.front() == "group";
    EXPECT_EQ(result.err,
              "rollcall: " + words.front() + (is_family ? " " + words.at(1) : "") +
                  ": no agent answers at 127.0.0.1:1 (Connection refused); start one with "
                  "'rollcall agent', or name another with --http HOST:PORT\n");
  }
}

TEST(CliProgram, HelpsWithEverythingThereIs) {
  EXPECT_THAT(run({"help"}).out, HasSubstr("Usage: rollcall COMMAND"));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("Usage: rollcall COMMAND"));
  EXPECT_THAT(run({"members", "--json", "-h"}).out, HasSubstr("Usage: rollcall members"));
  EXPECT_THAT(run({"help", "cluster", "up"}).out, HasSubstr("Usage: rollcall cluster up"));
  EXPECT_EQ(run({"help", "nothing"}).status, 2);
  EXPECT_EQ(run({}).status, 2);
}

TEST(CliProgram, TellsItsVersion) {
  const Result result = run({"version"});

  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, StartsWith("rollcall "));
  EXPECT_EQ(run({"--version"}).out, result.out);
}

}  // namespace
}  // namespace rollcall::cli
