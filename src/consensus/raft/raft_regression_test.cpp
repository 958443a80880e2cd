// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/raft/raft.hpp"
#include "consensus/raft/raft_rig_test.hpp"

namespace rollcall::consensus::raft {
namespace {

// --- Named regressions: what a shipped library got wrong -----------------------------------------
/// Figure 8 of the Raft papers: an entry of an earlier term that a majority has may still be
/// replaced, so it is committed only together with one of the leader's own term.
TEST(RaftRegression, Figure8AnEntryOfAnEarlierTermIsNotCommittedByCounting) {
  RaftRig rig({2}, 3);  // index 2 is of term 2; this replica leads term 4
  rig.lead();
  ASSERT_EQ(rig.raft().last(), at(3, 4));

  rig.has(3, 2);  // now two of three have the entry of term 2
  EXPECT_EQ(rig.raft().commit(), Index::none);
  rig.has(3, 3);  // the no-op too, but this replica's disk does not have it yet
  EXPECT_EQ(rig.raft().commit(), Index::none);
  EXPECT_EQ(rig.raft().applied(), Index::none);

  rig.stored();
  EXPECT_EQ(rig.raft().commit(), Index{3});
  EXPECT_EQ(rig.raft().applied(), Index{3});
}

/// The rest of the figure: the replaced entry was never applied anywhere.
TEST(RaftRegression, Figure8TheEntryOfTheEarlierTermCanBeReplaced) {
  RaftRig rig({2}, 3);
  rig.lead();
  rig.has(3, 2);
  rig.stored();

  rig.message(3, Append{.term = Term{5},
                        .previous = at(1, 1),
                        .commit = Index{1},
                        .round = 0,
                        .entries = {command(2, 3), command(3, 5)}});
  rig.stored();
  EXPECT_EQ(rig.raft().role(), Role::follower);
  EXPECT_EQ(rig.raft().entry(Index{2}).term, Term{3});
  EXPECT_EQ(rig.raft().applied(), Index{1});
  EXPECT_EQ(rig.raft().counters().impossible_messages, 0U);
}

/// 60 and 65 bytes were enough for that library to begin a restart with an empty log.
TEST(RaftRegression, RestartsWithPayloadsOfOddLengthsLoseNothing) {
  RaftWorld world(8);
  world.add_group(3);
  std::vector<std::size_t> lengths = {255, 256, 257, 4095, 4096, 4097, 65'535, 65'536, 65'537};
  for (std::size_t bytes = 0; bytes < 70; ++bytes) lengths.push_back(bytes);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::uint64_t leader = world.elect();
    ASSERT_TRUE(world.propose(leader, lengths[i]).has_value()) << lengths[i];
    if (i % 20 != 8) continue;
    ASSERT_TRUE(world.run_until([&] { return world.converged(); }));
    const Index before = world.applied_max();
    for (std::uint64_t id = 1; id <= 3; ++id) world.crash(id);
    for (std::uint64_t id = 1; id <= 3; ++id) {
      world.restart(id);
      EXPECT_GE(world.raft(id).last().index, before);
    }
  }
  EXPECT_TRUE(world.run_until([&] { return world.converged(); }));
  EXPECT_EQ(world.checkers().writes_done(), lengths.size());
  world.expect_nothing_lost();
}

TEST(RaftRegression, ALeaderWhoseDiskIsFullStepsDownAndComesBackWithoutLoss) {
  RaftWorld world(9);
  world.add_group(3);
  const std::uint64_t first = world.elect();
  ASSERT_TRUE(world.propose(first, 5).has_value());
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }));

  world.host(first).disk.full = true;
  ASSERT_TRUE(world.propose(first, 5).has_value());
  ASSERT_TRUE(world.run_until([&] { return world.leader() != 0 && world.leader() != first; }));
  EXPECT_TRUE(world.raft(first).store_failing());
  const std::uint64_t second = world.elect();
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(world.run_until([&] { return world.propose(second, 5).has_value(); }));
  }
  world.run_for(1s);
  EXPECT_NE(world.raft(first).role(), Role::leader);
  EXPECT_GE(number(world.applied_max()), 41U);

  world.host(first).disk.full = false;
  EXPECT_TRUE(world.run_until([&] { return world.converged(); }));
  EXPECT_FALSE(world.raft(first).store_failing());
  EXPECT_EQ(world.raft(first).applied(), world.applied_max());
}

TEST(RaftRegression, ACandidateWaitsUntilItsEntriesAndItsVoteAreOnTheDisk) {
  RaftRig rig({});
  rig.message(2, Append{.term = Term{1},
                        .previous = at(1, 1),
                        .commit = {},
                        .round = 0,
                        .entries = {command(2, 1), command(3, 1)}});
  rig.effects();
  rig.deadline();  // silence
  rig.message(3, VoteReply{.term = Term{2}, .kind = VoteKind::pre_vote, .vote = Vote::granted});
  EXPECT_EQ(rig.raft().role(), Role::candidate);
  EXPECT_EQ(rig.effects().find("asks for a vote"), std::string::npos);

  rig.stored();  // the entries
  EXPECT_EQ(rig.effects(), "store #2: term 2, vote 1, from 4 no entries\n");
  // An answer to what was not asked yet does not count.
  rig.message(3, VoteReply{.term = Term{2}, .kind = VoteKind::vote, .vote = Vote::granted});
  EXPECT_EQ(rig.raft().role(), Role::candidate);

  rig.stored();  // the vote
  EXPECT_EQ(rig.effects(),
            "-> 2 asks for a vote in term 2, last 3@1\n"
            "-> 3 asks for a vote in term 2, last 3@1\n");
}

TEST(RaftRegression, ASnapshotThatNoDiskCanKeepIsNotTaken) {
  RaftRig rig({});
  constexpr std::uint64_t largest = std::uint64_t{1} << 31U;
  const auto offer = [&](std::uint64_t size) {
    const SnapshotMeta meta{.last = at(50, 1), .membership = voters(3), .size = size};
    rig.message(
        2, InstallChunk{
               .term = Term{1}, .snapshot = meta, .offset = 0, .round = 0, .data = ByteVector(3)});
    return rig.effects();
  };

  EXPECT_EQ(offer(largest + 1), "");
  EXPECT_EQ(rig.raft().counters().messages_refused, 1U);
  EXPECT_NE(offer(largest).find("store piece #1 of snapshot 50@1"), std::string::npos);
}

TEST(RaftRegression, AVoteDuringASnapshotWaitsForTheDiskAndStartsNoCampaign) {
  RaftRig rig({});
  const SnapshotMeta meta{.last = at(50, 1), .membership = voters(3), .size = 3};
  rig.message(
      2, InstallChunk{
             .term = Term{1}, .snapshot = meta, .offset = 0, .round = 0, .data = ByteVector(3)});
  rig.chunk_stored(1);
  EXPECT_EQ(rig.effects(),
            "store piece #1 of snapshot 50@1, 3 bytes at 0\n"
            "is follower in term 1, leader 2\n"
            "store #1: term 1, vote 0, install 50@1, from 51 no entries\n");

  rig.message(2, TimeoutNow{Term{1}});
  rig.wait(1s);
  EXPECT_EQ(rig.raft().role(), Role::follower);
  rig.message(3,
              VoteRequest{.term = Term{2}, .kind = VoteKind::vote, .cause = {}, .last = at(60, 1)});
  EXPECT_EQ(rig.effects().find("grants"), std::string::npos);

  rig.stored();
  EXPECT_EQ(rig.raft().last(), at(50, 1));
  EXPECT_EQ(rig.raft().applied(), Index{50});
  rig.effects();
  rig.stored();
  EXPECT_EQ(rig.effects(), "-> 3 grants a vote in term 2\n");
}

TEST(RaftRegression, ALeaderThatTookItselfOutCanBeElectedUntilThatIsCommitted) {
  RaftWorld world(10);
  world.add_group(2);
  const std::uint64_t leader = world.elect();
  const std::uint64_t other = 3 - leader;
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }));
  world.partition({leader});
  ASSERT_TRUE(world.change(leader, ChangeKind::demote, leader).has_value());
  world.run_for(1s);
  world.heal();
  EXPECT_TRUE(world.run_until([&] {
    return world.leader() == other && world.raft(other).membership().voters.size() == 1;
  })) << world.text();
}

TEST(RaftRegression, LeadersAfterRestartsHaveEveryAcknowledgedWrite) {
  RaftWorld world(14);
  world.add_group(3);
  world.faults.disk_max = 30ms;
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t leader = world.elect();
    for (int i = 0; i < 5; ++i) (void)world.propose(leader, 9);
    world.run_for(world.prng().between(1ms, 60ms));
    // At whatever moment that is for the disks: two of three, or all.
    const std::uint64_t spared = world.prng().below(4);
    for (std::uint64_t id = 1; id <= 3; ++id) {
      if (id != spared) world.crash(id);
    }
    for (std::uint64_t id = 1; id <= 3; ++id) world.restart(id);
  }
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }, 60s)) << world.text();
  EXPECT_GT(world.checkers().writes_done(), 20U);
  EXPECT_GT(world.checkers().leaders().size(), 20U);
  world.expect_nothing_lost();
}

TEST(RaftRegression, ALaggingVoterThatIsToldToCampaignTakesNothingAway) {
  RaftWorld world(15);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t lagging = 1 + leader % 3;
  world.cut_one_way(leader, lagging);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.propose(leader, 9).has_value());
  world.run_for(40ms);
  ASSERT_LT(world.raft(lagging).last().index, world.raft(leader).commit());

  world.inject(leader, lagging, TimeoutNow{world.raft(leader).term()});
  EXPECT_EQ(world.raft(lagging).role(), Role::candidate);
  world.run_for(60ms);
  EXPECT_NE(world.raft(lagging).role(), Role::leader);
  world.heal();
  EXPECT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  EXPECT_EQ(world.checkers().writes_done(), 10U);
  world.expect_nothing_lost();
}

TEST(RaftRegression, ADeposedLeaderNeverAnswersARead) {
  RaftWorld world(16);
  world.add_group(3);
  const std::uint64_t old = world.elect();
  world.pause(old, 60s);
  ASSERT_TRUE(world.run_until([&] { return world.leader() != old; }));
  ASSERT_TRUE(world.propose(world.elect(), 9).has_value());
  ASSERT_TRUE(world.run_until([&] { return world.checkers().writes_done() == 1; }));

  ASSERT_EQ(world.raft(old).role(), Role::leader);  // for all it knows
  ASSERT_TRUE(world.read(old));
  world.host(old).paused_until = world.now();
  world.run_for(1s);
  EXPECT_NE(world.raft(old).role(), Role::leader);
  EXPECT_EQ(world.checkers().reads_done(), 0U);
}

TEST(RaftRegression, AReplacedMembershipChangeIsNoLongerInForce) {
  RaftRig rig({});
  Membership four = voters(3);
  four.learners = {VoterId{4}};
  rig.message(2, Append{.term = Term{1},
                        .previous = at(1, 1),
                        .commit = Index{1},
                        .round = 0,
                        .entries = {{.index = Index{2},
                                     .term = Term{1},
                                     .kind = EntryKind::membership,
                                     .payload = encode(four)}}});
  EXPECT_EQ(rig.raft().membership(), four);
  rig.stored();
  rig.message(3, Append{.term = Term{2},
                        .previous = at(1, 1),
                        .commit = Index{1},
                        .round = 0,
                        .entries = {command(2, 2)}});
  EXPECT_EQ(rig.raft().membership(), voters(3));
  EXPECT_NE(rig.effects().find("membership voters 1 2 3 at 1 appended"), std::string::npos);
}

TEST(RaftRegression, ContinuousLoadDoesNotKeepEntriesFromBeingCommitted) {
  RaftWorld world(17);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  for (int round = 0; round < 20; ++round) {
    const Index before = world.raft(leader).commit();
    for (int i = 0; i < 100; ++i) {
      (void)world.propose(leader, 9);
      world.run_for(200us);
    }
    ASSERT_GT(distance(before, world.raft(leader).commit()), 50U);
  }
}

TEST(RaftRegression, AVoterWithALaterTermRejoinsThoughAllOthersHearALeader) {
  RaftWorld world(18);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t stuck = 1 + leader % 3;
  world.partition({stuck});
  for (int i = 0; i < 5; ++i) {  // campaigns that come to nothing
    world.run_until([&] { return world.raft(stuck).role() == Role::pre_candidate; });
    const Term wanted = next(world.raft(stuck).term());
    world.inject(leader, stuck,
                 VoteReply{.term = wanted, .kind = VoteKind::pre_vote, .vote = Vote::granted});
    world.run_for(10ms);
  }
  ASSERT_GT(world.raft(stuck).term(), world.raft(leader).term());
  ASSERT_EQ(world.leader(), leader);
  world.heal();
  EXPECT_TRUE(world.run_until([&] { return world.converged(); }, 2s)) << world.text();
}

TEST(RaftRegression, ARemovedReplicaIsToldByWhoeverItAsks) {
  RaftWorld world(19);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t removed = 1 + leader % 3;
  world.cut_one_way(removed, leader);
  ASSERT_TRUE(world.run_until(
      [&] { return world.change(leader, ChangeKind::remove, removed).has_value(); }));
  EXPECT_TRUE(world.run_until([&] { return world.removed_told() > 0; }, 2s)) << world.text();
  EXPECT_EQ(world.leader(), leader);  // and it disturbed nobody
}

}  // namespace
}  // namespace rollcall::consensus::raft
