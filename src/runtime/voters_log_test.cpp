// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/voters_log.hpp"

#include <csignal>
#include <fstream>

#include <sys/resource.h>

#include "runtime/raft_store.hpp"
#include "runtime/voters_log_cluster_test.hpp"

namespace rollcall::runtime {
namespace {

TEST_F(VotersLogTest, ElectsCommitsAndFollows) {
  add_three();
  add({.name = "d", .directory = {}});
  ASSERT_TRUE(until_three_vote());

  ASSERT_TRUE(until_joined(at("a"), "1"));
  ASSERT_TRUE(until_joined(at("c"), "2")) << "through a voter that may not lead";
  ASSERT_TRUE(until_joined(at("d"), "3")) << "through a follower";

  EXPECT_EQ(at("d").engine().standing().voter, 0U);
  EXPECT_EQ(at("d").engine().status().role, "follower");
  EXPECT_EQ(at("d").registry().snapshot(), at("a").registry().snapshot());
  EXPECT_EQ(at("d").engine().standing().log, at("a").engine().standing().log);
  for (const auto& [name, party] : parties_) {
    EXPECT_EQ(party->engine().status().trouble, "") << name;
    EXPECT_TRUE(party->warnings.empty()) << party->warnings.front();
  }
}

TEST_F(VotersLogTest, BeginsTogetherWithThoseWhoExpectEachOther) {
  for (const char* name : {"a", "b", "c"}) {
    add({.name = name, .directory = scratch_.path() / name, .expects = 3});
  }
  ASSERT_TRUE(until_three_vote());
  ASSERT_TRUE(until_joined(at("b"), "1"));
}

TEST_F(VotersLogTest, VotesFromMemoryWithoutADirectory) {
  add({.name = "a", .directory = {}, .begins_alone = true});
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));

  ASSERT_TRUE(until_joined(at("a"), "1"));

  EXPECT_NE(at("a").engine().standing().voter, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path()));
}

TEST_F(VotersLogTest, GoesOnWithoutTheLeaderAndTakesItBack) {
  add_three();
  ASSERT_TRUE(until_three_vote());
  ASSERT_TRUE(until_joined(at("a"), "1"));
  const std::string first = leader()->name();
  const LogEngine::Standing before = leader()->engine().standing();

  kill(first);
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(until_joined(*leader(), "2"));
  LogParty& back = restart(first);

  EXPECT_EQ(back.engine().standing().voter, before.voter);
  EXPECT_EQ(back.engine().standing().log, before.log);
  ASSERT_TRUE(until([&] { return back.has("g", "1") && back.has("g", "2"); }));
  ASSERT_TRUE(until_joined(back, "3"));
}

TEST_F(VotersLogTest, GoesOnAfterAllWereStopped) {
  add_three();
  ASSERT_TRUE(until_three_vote());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(until_joined(at("a"), std::to_string(i)));
  for (const char* name : {"a", "b", "c"}) kill(name);

  for (const char* name : {"a", "b", "c"}) restart(name);

  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  for (const auto& [name, party] : parties_) {
    ASSERT_TRUE(until([&] { return party->has("g", "49"); })) << name;
  }
}

TEST_F(VotersLogTest, TakesSnapshotsAndBringsThemToWhoIsBehind) {
  constexpr std::uint64_t snapshot_entries = 200;
  add_three(snapshot_entries);
  ASSERT_TRUE(until_three_vote());
  kill("c");
  LogParty* leading = nullptr;
  ASSERT_TRUE(until([&] { return (leading = leader()) != nullptr; }));
  ASSERT_TRUE(until_log_is_cut(*leading));

  LogParty& behind = restart("c");
  LogParty& follower = add({.name = "d", .directory = {}});

  ASSERT_TRUE(until_joined(*leading, "last"));
  EXPECT_GT(behind.restored, 0U);
  EXPECT_GT(follower.restored, 0U);
  EXPECT_EQ(behind.registry().snapshot(), leading->registry().snapshot());
  EXPECT_EQ(follower.registry().snapshot(), leading->registry().snapshot());

  kill("c");
  LogParty& again = restart("c");
  ASSERT_TRUE(until([&] { return again.has("g", "last"); }));
  EXPECT_EQ(again.restored, 1U) << "its own snapshot";
}

TEST_F(VotersLogTest, HandsOverBeforeItLeaves) {
  add_three();
  ASSERT_TRUE(until_three_vote());
  LogParty& leading = *leader();
  bool is_done = false;

  leading.engine().prepare_to_leave([&] { is_done = true; });

  ASSERT_TRUE(until([&] { return is_done; }));
  EXPECT_FALSE(leading.is_leading());
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
}

TEST_F(VotersLogTest, FollowsWithoutAVoteWhereTheFileIsDamaged) {
  add_three();
  ASSERT_TRUE(until_three_vote());
  ASSERT_TRUE(until_joined(at("a"), "1"));
  const std::string name = leader()->name() == "b" ? "c" : "b";
  kill(name);
  const auto file = scratch_.path() / name / RaftStore::file_name;
  std::string damaged = "this is no database";
  damaged.resize(8192, 'x');
  std::ofstream(file, std::ios::binary) << damaged;

  LogParty& back = restart(name);

  ASSERT_TRUE(until([&] { return back.has("g", "1"); }));
  EXPECT_EQ(back.engine().standing().voter, 0U);
  ASSERT_EQ(back.warnings.size(), 1U);
  EXPECT_NE(back.warnings[0].find("follows without a vote"), std::string::npos);
  EXPECT_NE(back.warnings[0].find(file.string() + " is damaged"), std::string::npos);
  EXPECT_EQ(back.engine().status().trouble, back.warnings[0]);
  std::ifstream kept(file, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), damaged) << "left as it was";
}

TEST_F(VotersLogTest, RefusesADirectoryOfAnotherMember) {
  add({.name = "a", .directory = scratch_.path() / "a", .begins_alone = true});
  kill("a");

  const auto party = LogParty::open(io_, {.name = "b", .directory = scratch_.path() / "a"});

  ASSERT_FALSE(party);
  EXPECT_EQ(party.error().code, ErrorCode::storage);
  EXPECT_NE(party.error().message.find("belongs to name 'a', not 'b'"), std::string::npos)
      << party.error().message;
}

TEST_F(VotersLogTest, SaysThatTheDiskRefusesAndGoesOnWhenItDoesNot) {
  add({.name = "a", .directory = scratch_.path() / "a", .begins_alone = true});
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(until_joined(at("a"), "1"));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto before_signal = std::signal(SIGXFSZ, SIG_IGN);
  const rlim_t before = std::exchange(limit.rlim_cur, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);

  at("a").engine().propose(ProposalToken{++token_}, join_command("g", "2"));
  EXPECT_TRUE(until([&] { return !at("a").warnings.empty(); }));
  EXPECT_NE(at("a").engine().status().trouble.find("cannot use"), std::string::npos)
      << at("a").engine().status().trouble;
  EXPECT_FALSE(at("a").has("g", "2"));

  limit.rlim_cur = before;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before_signal);
  ASSERT_TRUE(until_joined(at("a"), "2"));
  ASSERT_TRUE(until([&] { return at("a").engine().status().trouble.empty(); }));
  EXPECT_EQ(at("a").warnings.size(), 2U) << "that it refuses, and that it does no more";
}

TEST_F(VotersLogTest, StopsAtAnyMomentAndFreesTheFile) {
  for (int round = 0; round < 10; ++round) {
    LogParty& party = add({.name = "a", .directory = scratch_.path() / "a", .begins_alone = true});
    for (int turn = 0; turn < round * 3; ++turn) {
      gossip();
      party.engine().propose(ProposalToken{++token_}, join_command("g", std::to_string(turn)));
      io_.restart();
      io_.run_one_for(2ms);
    }
    kill("a");
  }
  io_.restart();
  io_.poll();
  EXPECT_TRUE(RaftStore::open(scratch_.path() / "a", {"test", "a", raft::VoterId{1}}));
}

}  // namespace
}  // namespace rollcall::runtime
