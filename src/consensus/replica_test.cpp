// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/replica.hpp"

#include <string>

#include "consensus/replica_world_test.hpp"
#include "consensus/voter_keeper.hpp"

namespace rollcall::consensus {
namespace {

using Names = std::set<std::string>;

class ReplicaTest : public testing::Test {
 protected:
  ReplicaWorld world{7};

  bool has_voters(const Names& names) { return world.voters() == names; }
  /// a began; b and c, and whoever else, joined.
  void three_voters(const Names& others_without_data = {}) {
    world.add("a", {.introducer = true});
    world.add("b", {});
    world.add("c", {});
    for (const std::string& name : others_without_data) world.add(name, {.data = false});
    ASSERT_TRUE(world.run_until([&] { return has_voters({"a", "b", "c"}); })) << world.text();
  }
  void commit(int commands, const std::string& at) {
    for (int i = 0; i < commands; ++i) ASSERT_TRUE(world.commit_from(at)) << world.text();
  }
  void expect_one_log() {
    std::set<LogId> logs;
    for (auto& [name, host] : world.hosts()) {
      if (host.replica) logs.insert(host.replica->log());
    }
    EXPECT_EQ(logs.size(), 1U) << world.text();
    EXPECT_FALSE(logs.begin()->is_nobody()) << world.text();
  }
  std::string trouble(const std::string& name) {
    return world.host(name).replica->status(world.now()).trouble;
  }
};

// --- how a log begins ----------------------------------------------------------------------------
TEST_F(ReplicaTest, AnIntroducerBeginsAloneAtOnce) {
  world.add("a", {.introducer = true});

  ASSERT_TRUE(world.run_until([&] { return world.leader() == "a"; }, 100ms)) << world.text();

  commit(3, "a");
  EXPECT_EQ(trouble("a"), "");
}

TEST_F(ReplicaTest, NobodyBeginsWhoWasNotTold) {
  world.add("a", {});
  world.add("b", {.data = false});
  world.run_for(20s);
  EXPECT_EQ(world.leader(), "");
  EXPECT_NE(trouble("a").find("--is-introducer"), std::string::npos) << trouble("a");
  EXPECT_NE(trouble("b").find("--bootstrap-expect"), std::string::npos) << trouble("b");
  EXPECT_EQ(world.host("a").replica->status(world.now()).role, "none");
}

TEST_F(ReplicaTest, AnIntroducerDoesNotBeginWhereThereIsALog) {
  three_voters();
  world.add("d", {.introducer = true});
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  expect_one_log();
}

class ReplicaExpect : public testing::TestWithParam<std::uint16_t> {};

TEST_P(ReplicaExpect, OneOfThemBegins) {
  ReplicaWorld world(GetParam());
  for (std::uint16_t i = 0; i < GetParam(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    world.add(name, {.expect = GetParam(), .voters_wanted = GetParam()});
    if (i + 1 < GetParam()) {
      world.run_for(2s);
      ASSERT_EQ(world.leader(), "");
    }
  }
  ASSERT_TRUE(world.run_until([&] { return world.voters().size() == GetParam(); }, 5s))
      << world.text();
  EXPECT_TRUE(world.commit_from("a"));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReplicaExpect, testing::Values(1, 3, 5));

TEST_F(ReplicaTest, TwoThatWantToBeginAtOnceDoNotBoth) {
  // Each sees three that wait, and itself as the first of them.
  world.add("a", {.expect = 3});
  world.add("b", {.expect = 3});
  for (const char* name : {"c", "d"}) world.add(name, {.expect = 3});
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  expect_one_log();
  EXPECT_EQ(world.voters().size(), 3U);
}

// --- following without a vote --------------------------------------------------------------------
TEST_F(ReplicaTest, WithoutDataEveryCommandArrivesInOrder) {
  three_voters({"d", "e"});
  commit(5, "a");
  commit(5, "d");
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  EXPECT_EQ(world.host("e").lines.size(), 10U);
  EXPECT_EQ(world.host("d").replica->status(world.now()).role, "follower");
  EXPECT_EQ(world.host("d").replica->status(world.now()).stale_for, Duration::zero());
  EXPECT_EQ(world.voters("d"), (Names{"a", "b", "c"}));
  expect_one_log();
}

TEST_F(ReplicaTest, FollowersHearWithinOneRoundTrip) {
  three_voters({"d"});
  commit(1, "a");
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }));
  const auto token = world.propose(world.leader());
  ASSERT_TRUE(world.run_until([&] { return world.committed(token); }));
  EXPECT_TRUE(world.run_until([&] { return world.has("d", token); }, 10ms));
}

TEST_F(ReplicaTest, WhoIsFarBehindGetsTheSnapshot) {
  three_voters();
  commit(150, "a");
  world.add("d", {.data = false});
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  EXPECT_EQ(world.host("d").lines.size(), 150U);
  EXPECT_EQ(world.host("d").restored, 1U);

  world.partition({"d"});
  commit(100, "a");
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  EXPECT_EQ(world.host("d").restored, 2U);
}

TEST_F(ReplicaTest, FollowersGoOnWhenTheirVoterFails) {
  three_voters({"d", "e", "f"});
  commit(3, "a");
  const std::string first = world.leader();
  world.crash(first);
  ASSERT_TRUE(world.run_until([&] { return !world.leader().empty(); })) << world.text();
  EXPECT_TRUE(world.commit_from("d")) << world.text();
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }, 5s)) << world.text();
}

TEST_F(ReplicaTest, AFollowerThatLostTheVotersSaysForHowLong) {
  three_voters({"d"});
  commit(1, "d");
  world.partition({"d"});
  world.run_for(20s);
  const LogStatus status = world.host("d").replica->status(world.now());
  EXPECT_GE(status.stale_for, 19s);
  EXPECT_LE(status.stale_for, 21s);
  EXPECT_EQ(status.leader, "");
  EXPECT_NE(status.trouble.find("missing: a, b, c"), std::string::npos) << status.trouble;
}

// --- who votes -----------------------------------------------------------------------------------
TEST_F(ReplicaTest, AFailedVoterIsReplaced) {
  three_voters();
  world.add("d", {});
  world.run_for(2s);
  ASSERT_EQ(world.voters(), (Names{"a", "b", "c"}));
  world.crash("c");
  world.run_for(4s);
  EXPECT_EQ(world.voters(), (Names{"a", "b", "c"}));
  EXPECT_TRUE(world.run_until([&] { return has_voters({"a", "b", "d"}); }, 10s)) << world.text();
  commit(60, "a");
  world.start("c");
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  EXPECT_EQ(world.host("c").replica->status(world.now()).role, "follower");
}

TEST_F(ReplicaTest, AVoterThatLeftGoesAtOnce) {
  three_voters();
  world.add("d", {});
  ASSERT_TRUE(world.leave("b"));
  EXPECT_TRUE(world.run_until([&] { return has_voters({"a", "c", "d"}); }, 2s)) << world.text();
}

TEST_F(ReplicaTest, AfterTheVerdictOnTheLeaderAnotherLeadsWithoutAnElectionTimeout) {
  world.detect = 5ms;
  three_voters();
  for (int round = 0; round < 20; ++round) {
    const std::string first = world.leader();
    world.crash(first);
    ASSERT_TRUE(world.run_until([&] { return !world.leader().empty(); }, 100ms)) << world.text();
    world.start(first);
    commit(3, first);
    ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  }
}

TEST_F(ReplicaTest, TheLeaderHandsOverBeforeItLeaves) {
  three_voters({"e"});
  commit(3, "e");
  const std::string first = world.leader();
  const Instant before = world.now();
  ASSERT_TRUE(world.leave(first));
  EXPECT_LE(world.now() - before, 100ms);
  ASSERT_TRUE(world.run_until([&] { return !world.leader().empty(); }, 200ms)) << world.text();
  EXPECT_NE(world.leader(), first);
  EXPECT_TRUE(world.run_until([&] { return world.voters().size() == 1; }, 3s)) << world.text();
  EXPECT_TRUE(world.commit_from("e"));
}

TEST_F(ReplicaTest, TheOnlyVoterHandsItsLogOverBeforeItLeaves) {
  world.add("a", {.introducer = true});
  world.add("b", {});
  ASSERT_TRUE(world.run_until([&] { return has_voters({"a"}) && world.learners() == Names{"b"}; }))
      << world.text();
  commit(5, "a");
  ASSERT_TRUE(world.leave("a"));
  ASSERT_TRUE(world.run_until([&] { return has_voters({"b"}); }, 5s)) << world.text();
  commit(1, "b");
  EXPECT_EQ(world.host("b").lines.size(), 6U);
}

TEST_F(ReplicaTest, ALonelyLeaderNeedsNobodyToLeave) {
  world.add("a", {.introducer = true});
  commit(1, "a");
  ASSERT_TRUE(world.leave("a"));
  world.start("a");
  ASSERT_TRUE(world.run_until([&] { return world.leader() == "a"; }));
}

TEST_F(ReplicaTest, OfTwoOneVotesAndOneLearns) {
  three_voters();
  world.crash(world.leader() == "c" ? "b" : "c");
  EXPECT_TRUE(world.run_until([&] { return world.voters().size() == 1; }, 20s)) << world.text();
  EXPECT_EQ(world.learners().size(), 1U);
  // The other one can go now without any harm.
  world.crash(*world.learners().begin());
  EXPECT_TRUE(world.commit_from(world.leader()));
}

TEST_F(ReplicaTest, VotersSpreadOverZones) {
  world.add("a", {.introducer = true, .zone = "north"});
  world.add("b", {.zone = "north"});
  world.add("c", {.zone = "north"});
  ASSERT_TRUE(world.run_until([&] { return world.voters().size() == 3; })) << world.text();
  world.add("x", {.zone = "south"});
  world.add("y", {.zone = "west"});
  EXPECT_TRUE(world.run_until([&] { return has_voters({"a", "x", "y"}); })) << world.text();
  EXPECT_LE(world.learners().size(), VoterKeeper::spare_learners_max);
}

TEST_F(ReplicaTest, FiveVotersWhereFiveAreWanted) {
  world.add("a", {.introducer = true, .voters_wanted = 5});
  for (const char* name : {"b", "c", "d", "e", "f"}) world.add(name, {.voters_wanted = 5});
  EXPECT_TRUE(world.run_until([&] { return has_voters({"a", "b", "c", "d", "e"}); }))
      << world.text();
}

// --- proposals and reads -------------------------------------------------------------------------
TEST_F(ReplicaTest, ProposalsAndReadsGoOnToTheLeader) {
  three_voters({"d"});
  for (const char* name : {"a", "b", "c", "d"}) {
    EXPECT_TRUE(world.commit_from(name)) << name;
    const auto read = world.read(name);
    EXPECT_TRUE(world.run_until([&] { return world.host(name).reads_ready.contains(read); }, 100ms))
        << name;
  }
}

TEST_F(ReplicaTest, WithoutALeaderTheyAreRefusedAtOnce) {
  world.add("a", {});
  world.run_for(1s);
  const auto token = world.propose("a");
  const auto read = world.read("a");
  ASSERT_EQ(world.host("a").refused.size(), 1U);
  EXPECT_EQ(world.host("a").refused[0], std::pair(token, LogRefusal::no_leader));
  EXPECT_TRUE(world.host("a").reads_failed.contains(read));
}

TEST_F(ReplicaTest, AReadThatNobodyAnswersFails) {
  three_voters({"d"});
  commit(1, "d");
  world.partition({"d"});
  const auto read = world.read("d");
  EXPECT_TRUE(world.run_until([&] { return world.host("d").reads_failed.contains(read); }, 3s));
}

TEST_F(ReplicaTest, TooLargeCommandsAreRefused) {
  three_voters({"d"});
  Replica& replica = *world.host("d").replica;
  ReplicaEffects effects;
  replica.propose(ProposalToken{1}, ByteVector(raft::Config::payload_bytes_max + 1), world.now(),
                  effects);
  ASSERT_EQ(effects.size(), 1U);
  const auto& refused = std::get<ProposalRefused>(std::get<LogEvent>(effects[0]));
  EXPECT_EQ(refused.why, LogRefusal::too_large);
}

TEST_F(ReplicaTest, WithoutAMajorityItSaysWhoIsMissing) {
  three_voters();
  commit(2, "a");
  world.crash("b");
  world.crash("c");
  ASSERT_TRUE(world.run_until([&] { return world.leader().empty(); }));
  world.run_for(2s);
  EXPECT_NE(trouble("a").find("these are missing: b, c"), std::string::npos) << trouble("a");
  EXPECT_GT(world.host("a").replica->status(world.now()).stale_for, 1s);
}

TEST_F(ReplicaTest, WhoBecameAVoterForgetsWhatItWasToldBefore) {
  three_voters();
  world.crash("a");
  world.crash("c");
  world.run_for(1500ms);
  EXPECT_EQ(world.host("b").leadership.leader, "");
}

TEST_F(ReplicaTest, AFullDiskIsSaid) {
  world.add("a", {.introducer = true});
  commit(1, "a");
  world.host("a").disk.full = true;
  world.propose("a");
  world.run_for(1s);
  EXPECT_NE(trouble("a").find("refuses to be written"), std::string::npos) << trouble("a");
  world.host("a").disk.full = false;
  EXPECT_TRUE(world.run_until([&] { return world.leader() == "a"; }));
}

TEST_F(ReplicaTest, AFollowerWithAFullDiskSaysHowStaleItIs) {
  three_voters();
  commit(3, "a");
  const std::string full = world.leader() == "c" ? "b" : "c";
  const auto stale = [&] { return world.host(full).replica->status(world.now()).stale_for; };
  world.run_for(1s);
  EXPECT_EQ(stale(), 0s);
  world.host(full).disk.full = true;
  commit(3, "a");
  world.run_for(5s);
  EXPECT_GE(stale(), 5s);
  world.host(full).disk.full = false;
  EXPECT_TRUE(world.run_until([&] { return stale() == 0s; })) << world.text();
  EXPECT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
}

// --- starting again ------------------------------------------------------------------------------
TEST_F(ReplicaTest, EverybodyStartsAgainWithTheSameLog) {
  for (const char* name : {"a", "b", "c"}) world.add(name, {.expect = 3});
  ASSERT_TRUE(world.run_until([&] { return has_voters({"a", "b", "c"}); })) << world.text();
  commit(100, "a");
  const LogId log = world.host("a").replica->log();
  for (const char* name : {"a", "b", "c"}) world.crash(name);
  world.run_for(10s);
  for (const char* name : {"c", "b", "a"}) world.start(name);
  ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(world.host(name).replica->log(), log);
    EXPECT_EQ(world.host(name).lines.size(), 100U);
  }
}

TEST_F(ReplicaTest, WhoLostItsDirectoryComesBackAsANewVoter) {
  three_voters();
  commit(60, "a");
  const std::string lost = world.leader() == "b" ? "c" : "b";
  world.crash(lost);
  world.host(lost).disk = {};
  world.host(lost).config.raft.self = raft::VoterId{12345};
  world.start(lost);
  EXPECT_TRUE(world.run_until([&] {
    const std::string at = world.leader();
    return !at.empty() &&
           world.host(at).replica->raft()->membership().is_voter(raft::VoterId{12345}) &&
           world.voters().size() == 3;
  })) << world.text();
  EXPECT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
}

TEST_F(ReplicaTest, AMemberOfAnotherLogIsTold) {
  three_voters();
  world.partition({"z"});
  world.add("z", {.introducer = true});
  ASSERT_TRUE(world.run_until([&] { return world.host("z").leadership.is_leading; }))
      << world.text();
  EXPECT_EQ(trouble("z"), "");
  world.heal();
  world.run_for(5s);
  EXPECT_EQ(world.voters("a"), (Names{"a", "b", "c"}));
  EXPECT_NE(trouble("z").find("this member's data belongs to log "), std::string::npos)
      << trouble("z");
  EXPECT_EQ(trouble("a"), "");

  for (const char* name : {"b", "c"}) world.crash(name);
  world.run_for(2s);
  EXPECT_NE(trouble("a").find("member z is of log "), std::string::npos) << trouble("a");
}

}  // namespace
}  // namespace rollcall::consensus
