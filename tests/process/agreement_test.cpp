// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "process/agreement_cluster.hpp"

/// Views, leaders and groups of clients, agreed among real processes with real disks.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_P(EitherEngineTest, AnyAgentTakesWritesAndAnswersReads) {
  const Agents agents = start_voters(3);
  AgentProcess& without_data = start({.name = "n4",
                                      .join = {agents[0]->bind()},
                                      .flags = engine_flags(),
                                      .data = AgentSetup::Data::none});
  ASSERT_TRUE(eventually([&] { return view_members(without_data).size() == 4; }));

  const Answer one = join(*agents[2], "workers", "a");
  const Answer two = join(without_data, "workers", "b");
  const Answer again = join(*agents[1], "workers", "b");

  EXPECT_TRUE(is_done(one) && is_done(two) && is_done(again)) << one.body << two.body << again.body;
  EXPECT_EQ(two.body["view"], one.body["view"].get<std::uint64_t>() + 1);
  EXPECT_EQ(again.body["changed"], false);
  EXPECT_EQ(again.body["view"], two.body["view"]);
  for (const AgentProcess* agent : {agents[0], agents[1], agents[2], &without_data}) {
    EXPECT_THAT(ids(group(*agent, "workers", "linearizable")), ElementsAre("a", "b"));
  }
  EXPECT_EQ(agreement(without_data)["role"], "follower");
  EXPECT_EQ(group(without_data, "workers")["leader"], "a");
  EXPECT_EQ(without_data.get("/v1/leader")["name"], view_members(*agents[0]).front());
}

TEST_P(EitherEngineTest, LeasesRunOutUnlessRenewed) {
  const Agents agents = start_voters(3);
  const Json leased{{"address", "10.0.0.1:1"}, {"ttl", "2s"}};
  ASSERT_TRUE(is_done(join(*agents[0], "leased", "kept", leased)));
  ASSERT_TRUE(is_done(join(*agents[1], "leased", "lost", leased)));

  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(is_done(ask(*agents[2], "POST", member_path("leased", "kept") + "/heartbeat")));
    return ids(group(*agents[2], "leased", "linearizable")) == std::vector<std::string>{"kept"};
  }));

  const Answer late = ask(*agents[0], "POST", member_path("leased", "lost") + "/heartbeat");
  EXPECT_EQ(late.status, 404U);
  EXPECT_EQ(group(*agents[0], "leased")["leader"], "kept");
}

TEST_F(AgreementTest, WithoutAQuorumReadsGoOnAndWritesAreRefusedWithTheReason) {
  const Agents agents = start_voters(3);
  ASSERT_TRUE(is_done(join(*agents[0], "g", "a")));
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[0], "g")).size() == 1; }));

  agents[1]->kill();
  agents[2]->kill();

  ASSERT_TRUE(eventually([&] { return join(*agents[0], "g", "b").status == 503; }));
  const Answer refused = join(*agents[0], "g", "b");
  EXPECT_EQ(refused.body["error"]["code"], "no-quorum");
  EXPECT_THAT(refused.body["error"]["message"].get<std::string>(), Not(IsEmpty()));
  EXPECT_THAT(ids(group(*agents[0], "g")), ElementsAre("a"));
  EXPECT_EQ(ask(*agents[0], "GET", "/v1/groups/g?consistency=linearizable").status, 503U);
  EXPECT_TRUE(eventually([&] { return agreement(*agents[0]).value("stale_ms", 0) > 0; }))
      << agreement(*agents[0]);

  agents[1]->start();

  EXPECT_TRUE(eventually([&] { return is_done(join(*agents[0], "g", "c")); }));
}

TEST_P(EitherEngineTest, EverybodyKilledAndStartedAgainHasWhatWasAnswered) {
  const Agents agents = start_voters(3);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(is_done(join(*agents[1], "kept", id)));
  const Json before = group(*agents[1], "kept", "linearizable");
  const Json status = agreement(*agents[0]);
  const std::uint64_t view = view_number(*agents[0]);

  for (AgentProcess* agent : agents) agent->kill();
  for (AgentProcess* agent : agents) agent->start();

  ASSERT_TRUE(eventually([&] { return is_done(join(*agents[2], "kept", "d")); }));
  const Json after = group(*agents[0], "kept", "linearizable");
  EXPECT_THAT(ids(after), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(after["view"], before["view"].get<std::uint64_t>() + 1);
  EXPECT_EQ(agreement(*agents[0])["log"], status["log"]);
  EXPECT_GT(agreement(*agents[0])["term"], status["term"]);
  // They are new lives of the same names: the view's number goes on.
  EXPECT_TRUE(eventually([&] { return agree(agents, 3) && view_number(*agents[0]) > view; }));
}

TEST_P(EitherEngineTest, ACrashOfTheLeaderLosesNothingThatWasAnswered) {
  const Agents agents = start_voters(5);
  for (int round = 0; round < 2; ++round) {
    const std::string mine = "r" + std::to_string(round);
    AgentProcess* leader = nullptr;
    ASSERT_TRUE(eventually([&] { return (leader = log_leader(agents)) != nullptr; }));
    const auto other = std::ranges::find_if(
        agents, [&](AgentProcess* agent) { return agent != leader && agent->is_running(); });
    ASSERT_TRUE(is_done(join(**other, "g", mine + "-before")));

    leader->kill();

    ASSERT_TRUE(eventually([&] { return is_done(join(**other, "g", mine + "-after")); }));
    const auto members = ids(group(**other, "g", "linearizable"));
    EXPECT_THAT(members, Contains(mine + "-before"));
    EXPECT_THAT(members, Contains(mine + "-after"));
    leader->start();
    ASSERT_TRUE(eventually([&] { return agree(agents, 5); }));
  }
}

TEST_F(AgreementTest, AFailedVoterIsReplacedByAnotherMember) {
  const Agents agents = start_voters(4, {"--voter-replace-after", "1s"});
  const auto voting = agreement(*agents[0])["voters"].get<std::vector<std::string>>();
  ASSERT_EQ(voting.size(), 3U);
  const auto victim = std::ranges::find_if(agents, [&](AgentProcess* agent) {
    return std::ranges::find(voting, agent->name()) != voting.end() && agent != agents[0];
  });

  (*victim)->kill();

  EXPECT_TRUE(eventually([&] {
    const auto now = agreement(*agents[0]).value("voters", std::vector<std::string>{});
    return now.size() == 3 && std::ranges::find(now, (*victim)->name()) == now.end();
  })) << agreement(*agents[0]);
  EXPECT_TRUE(is_done(join(*agents[0], "g", "after")));
}

TEST_P(EitherEngineTest, AWatchTellsEveryViewOnceAcrossABrokenConnection) {
  const Agents agents = start_voters(3);
  ASSERT_TRUE(is_done(join(*agents[0], "seen", "first")));
  const std::uint64_t from = group(*agents[1], "seen", "linearizable")["view"];
  constexpr std::uint64_t views = 40;
  std::jthread writer([&] {
    for (std::uint64_t i = 0; i < views; ++i) join(*agents[i % 3], "seen", std::to_string(i));
  });

  std::vector<std::uint64_t> numbers;
  const bool got_all = eventually([&] {
    std::size_t in_this_connection = 0;
    const auto on_event = [&](const http::StreamEvent& event) {
      const Json json = Json::parse(event.data, nullptr, false);
      if (!json.is_object() || !json.contains("view")) return http::Flow::go_on;
      numbers.push_back(json["view"]);
      // Ends the connection in the middle of it, again and again.
      return ++in_this_connection == 7 || numbers.back() == from + views ? http::Flow::stop
                                                                         : http::Flow::go_on;
    };
    const std::uint64_t since = numbers.empty() ? from : numbers.back();
    const auto& agent = *agents[numbers.size() % 3];
    (void)http::follow({"127.0.0.1", agent.http_port()},
                       {.target = "/v1/groups/seen/watch?since=" + std::to_string(since)},
                       {.open = 10s, .silence = 5s}, {.opened = {}, .event = on_event});
    return !numbers.empty() && numbers.back() == from + views;
  });

  ASSERT_TRUE(got_all);
  ASSERT_EQ(numbers.size(), views);
  for (std::uint64_t i = 0; i < views; ++i) EXPECT_EQ(numbers[i], from + 1 + i);
}

TEST_P(EitherEngineTest, TheResponsibleMemberChecksAndIsReplacedWhenItFails) {
  const Agents agents = start_voters(4);
  FreePort port;
  const Json checked{
      {"address", port.address()},
      {"check", {{"type", "tcp"}, {"interval", "200ms"}, {"timeout", "200ms"}, {"misses", 3}}}};
  // A listener that accepts by its backlog alone, and can be taken away.
  Child listener({.command = {"python3", "-c",
                              "import socket,time\n"
                              "s=socket.socket()\n"
                              "s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
                              "s.bind(('127.0.0.1'," +
                                  std::to_string(port.number()) +
                                  "))\n"
                                  "s.listen(500)\n"
                                  "while True: s.accept()[0].close()\n"},
                  .out = directory() / "listener.log",
                  .err = directory() / "listener.log"});
  ASSERT_TRUE(is_done(join(*agents[0], "checked", "client", checked)));
  const auto responsible = [&](const AgentProcess& agent) -> std::string {
    const Json members = group(agent, "checked").value("members", Json::array());
    return members.empty() ? "" : members[0].value("responsible", "");
  };
  const std::string first = responsible(*agents[0]);
  const auto duty = std::ranges::find_if(
      agents, [&](const AgentProcess* agent) { return agent->name() == first; });
  ASSERT_NE(duty, agents.end()) << first;
  AgentProcess& reader = *agents[*duty == agents[0] ? 1 : 0];

  (*duty)->kill();

  EXPECT_TRUE(eventually([&] {
    const std::string now = responsible(reader);
    return !now.empty() && now != first;
  }));
  listener.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return ids(group(reader, "checked")).empty(); }));
  EXPECT_EQ(group(reader, "checked").value("members", Json::array()).size(), 0U);
}

TEST_P(EitherEngineTest, RefusesBadRequestsBeforeTheLog) {
  const Agents agents = start_voters(3);
  const auto committed = [&] { return agreement(*agents[0]).value("commit", std::uint64_t{0}); };
  // The view that all have agreed on is the last thing to be committed.
  ASSERT_TRUE(eventually([&] {
    return committed() >= agents[0]->get("/v1/views/current").value("index", std::uint64_t{0});
  }));
  const std::uint64_t before = committed();
  struct Bad {
    std::string method, target, body, field;
  };
  const std::vector<Bad> requests{
      {"PUT", member_path("g", "a"), "{", ""},
      {"PUT", member_path("g", "a"), R"({"address":"x","ttl":"soon"})", "ttl"},
      {"PUT", member_path("g", "a"), R"({"address":"x","ttl":"1ms"})", "ttl"},
      {"PUT", member_path("g", "a"), R"({"address":"x","colour":"red"})", "colour"},
      {"PUT", member_path("g", "a"), R"({"address":"x","meta":{"k":7}})", "meta"},
      {"PUT", member_path("g", "a"), R"({"address":"x","check":{"type":"ping"}})", "check"},
      {"PUT", member_path("g%20h", "a"), R"({"address":"x"})", "group"},
      {"PUT", member_path("g", std::string(300, 'a')), R"({"address":"x"})", "id"},
      {"PUT", member_path("cluster", "a"), R"({"address":"x"})", ""},
      {"GET", "/v1/groups/g?consistency=eventual", "", "consistency"},
      {"GET", "/v1/groups/g/watch?since=-1", "", "since"}};

  for (const Bad& bad : requests) {
    const auto answer =
        agents[1]->request({.method = bad.method, .target = bad.target, .body = bad.body});
    ASSERT_TRUE(answer) << bad.target;
    EXPECT_EQ(answer->status / 100, 4U) << bad.target << ' ' << answer->body;
    const Json json = Json::parse(answer->body, nullptr, false);
    EXPECT_THAT(json["error"].value("field", ""), HasSubstr(bad.field)) << answer->body;
  }
  const std::string huge = R"({"address":")" + std::string(4U << 20U, 'x') + "\"}";
  const auto too_long =
      agents[1]->request({.method = "PUT", .target = member_path("g", "a"), .body = huge});
  if (too_long) {
    EXPECT_EQ(too_long->status / 100, 4U);
  }

  EXPECT_EQ(committed(), before);
  EXPECT_TRUE(is_done(join(*agents[1], "g", "a")));
}

TEST_F(AgreementTest, AnIntroducerThatLostItsLogWaitsForTheOthersAndBeginsNoSecondOne) {
  const Agents agents = start_voters(3);
  ASSERT_TRUE(is_done(join(*agents[1], "workers", "w1")));
  const Json log = agreement(*agents[1])["log"];
  ASSERT_TRUE(eventually([&] { return agents[0]->has_kept(log.get<std::string>()); }));
  for (AgentProcess* agent : agents) agent->kill();
  for (const char* file : {"raft.db", "raft.db-wal", "raft.db-shm"}) {
    std::filesystem::remove(agents[0]->data_directory() / file);
  }

  // Alone it would not know better, but for what rollcall.db says.
  agents[0]->start();
  ASSERT_TRUE(eventually([&] {
    return agreement(*agents[0]).value("trouble", "").contains(log.get<std::string>());
  })) << agreement(*agents[0]).dump();
  EXPECT_EQ(join(*agents[0], "workers", "w2").status, 503U);

  agents[1]->start();
  agents[2]->start();
  ASSERT_TRUE(eventually([&] { return agree(agents, 3) && voters(*agents[0]) == 3; }))
      << agreement(*agents[0]).dump();
  for (const AgentProcess* agent : agents) {
    EXPECT_EQ(agreement(*agent)["log"], log);
    EXPECT_EQ(agreement(*agent).value("trouble", ""), "");
    EXPECT_EQ(ids(group(*agent, "workers")), std::vector<std::string>{"w1"});
  }
}

TEST_F(AgreementTest, ADataDirectoryOfAnotherMemberOrClusterIsRefused) {
  const Agents agents = start_voters(3);
  ASSERT_TRUE(is_done(join(*agents[0], "g", "a")));
  agents[2]->kill();
  const std::string place = agents[2]->data_directory().string();
  FreePort bind;
  FreePort http;

  const RunResult other_name = rollcall({"agent", "--name", "stranger", "--bind", bind.address(),
                                         "--http", http.address(), "--data-dir", place});
  const RunResult other_cluster =
      rollcall({"agent", "--name", "n3", "--cluster", "elsewhere", "--bind", bind.address(),
                "--http", http.address(), "--data-dir", place});

  for (const RunResult& result : {other_name, other_cluster}) {
    EXPECT_NE(result.status, 0);
    EXPECT_THAT(result.err, HasSubstr(place)) << result.out;
  }
}

/// What clients were told, and when: enough to see that time never runs backwards for them.
class History {
 public:
  using Clock = std::chrono::steady_clock;

  /// Told a view: no read that begins later may be told an earlier one.
  void told(Clock::time_point begin, std::uint64_t view) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [end, number] : told_) {
      if (end < begin && number > view) ++violations_;
    }
    told_.emplace_back(Clock::now(), view);
  }
  void joined(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    joined_.insert(id);
  }
  [[nodiscard]] std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return told_.size();
  }
  [[nodiscard]] std::size_t violations() const { return violations_; }
  [[nodiscard]] const std::set<std::string>& acknowledged() const { return joined_; }

 private:
  std::mutex mutex_;
  std::vector<std::pair<Clock::time_point, std::uint64_t>> told_;
  std::set<std::string> joined_;
  std::atomic<std::size_t> violations_ = 0;
};

TEST_P(EitherEngineTest, ClientsComeAndGoWhileMembersAndTheLeaderAreKilled) {
  const Agents agents = start_voters(5, {"--voter-replace-after", "2s"});
  History history;
  std::atomic<bool> stop = false;
  const auto client = [&](std::size_t number) {
    for (std::size_t step = 0; !stop; ++step) {
      AgentProcess& agent = *agents[(number + step) % agents.size()];
      const auto begin = History::Clock::now();
      if (step % 3 == 2) {
        const Json seen = group(agent, "busy", "linearizable");
        if (seen.contains("view")) history.told(begin, seen["view"]);
        continue;
      }
      const std::string id = "c" + std::to_string(number) + "-" + std::to_string(step);
      const Answer answer = join(agent, "busy", id);
      if (!is_done(answer)) continue;
      history.joined(id);
      history.told(begin, answer.body["view"]);
    }
  };
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < 4; ++i) clients.emplace_back(client, i);

  for (int round = 0; round < 4; ++round) {
    const std::size_t before = history.size();
    ASSERT_TRUE(eventually([&] { return history.size() > before + 10; }));
    AgentProcess* victim =
        round % 2 == 0 ? log_leader(agents) : agents[static_cast<std::size_t>(round)];
    if (victim == nullptr) victim = agents[0];
    victim->kill();
    const std::size_t at_kill = history.size();
    ASSERT_TRUE(eventually([&] { return history.size() > at_kill + 10; }));
    victim->start();
    ASSERT_TRUE(eventually([&] { return victim->phase() == "joined"; }));
  }
  stop = true;
  clients.clear();

  EXPECT_EQ(history.violations(), 0U);
  ASSERT_TRUE(eventually([&] { return agree(agents, 5); }));
  const Json last = group(*agents[0], "busy", "linearizable");
  const std::vector<std::string> members = ids(last);
  const std::set<std::string> there(members.begin(), members.end());
  EXPECT_EQ(there.size(), members.size());
  for (const std::string& id : history.acknowledged()) EXPECT_TRUE(there.contains(id)) << id;
  EXPECT_TRUE(eventually([&] {
    return std::ranges::all_of(
        agents, [&](const AgentProcess* agent) { return ids(group(*agent, "busy")) == members; });
  }));
}

INSTANTIATE_TEST_SUITE_P(Engines, EitherEngineTest, testing::Values(Engine::raft, Engine::etcd),
                         engine_name);

}  // namespace
}  // namespace rollcall::test
