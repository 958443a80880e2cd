// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft.hpp"

#include <gtest/gtest.h>

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

TEST(RaftRegression, RestartsWithPayloadsOfOddLengthsLoseNothing) {
  RaftWorld world(8);
  world.add_group(3);
  for (std::size_t bytes = 0; bytes < 100; ++bytes) {
    const std::uint64_t leader = world.elect();
    ASSERT_TRUE(world.propose(leader, bytes).has_value()) << bytes;
    if (bytes % 33 != 32) continue;
    ASSERT_TRUE(world.run_until([&] { return world.converged(); }));
    const Index before = world.applied_max();
    for (std::uint64_t id = 1; id <= 3; ++id) world.crash(id);
    for (std::uint64_t id = 1; id <= 3; ++id) {
      world.restart(id);
      EXPECT_GE(world.raft(id).last().index, before);
    }
  }
  EXPECT_TRUE(world.run_until([&] { return world.converged(); }));
  EXPECT_GE(number(world.applied_max()), 100U);
}

TEST(RaftRegression, ALeaderWhoseDiskIsFullStepsDownAndComesBackWithoutLoss) {
  RaftWorld world(9);
  world.add_group(3);
  const std::uint64_t first = world.elect();
  ASSERT_TRUE(world.propose(first, 5).has_value());
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }));

  world.host(first).disk_full = true;
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

  world.host(first).disk_full = false;
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

// --- Elections
// -------------------------------------------------------------------------------------
TEST(RaftElection, APreVoteChangesNeitherTermNorVote) {
  RaftRig rig({});
  rig.message(
      2, VoteRequest{.term = Term{9}, .kind = VoteKind::pre_vote, .cause = {}, .last = at(1, 1)});
  EXPECT_EQ(rig.effects(), "-> 2 grants a pre-vote in term 9\n");
  EXPECT_EQ(rig.raft().term(), Term{1});
  EXPECT_FALSE(rig.storing());
}

TEST(RaftElection, AVoteIsGivenOnceATermAndOnlyWhenStored) {
  RaftRig rig({});
  rig.message(2,
              VoteRequest{.term = Term{2}, .kind = VoteKind::vote, .cause = {}, .last = at(1, 1)});
  rig.message(3,
              VoteRequest{.term = Term{2}, .kind = VoteKind::vote, .cause = {}, .last = at(1, 1)});
  EXPECT_EQ(rig.effects(),
            "is follower in term 2, leader 0\n"
            "store #1: term 2, vote 2, from 2 no entries\n");

  rig.stored();
  EXPECT_EQ(rig.effects(), "-> 2 grants a vote in term 2\n");
  rig.message(3,
              VoteRequest{.term = Term{2}, .kind = VoteKind::vote, .cause = {}, .last = at(9, 1)});
  EXPECT_EQ(rig.effects(), "-> 3 refuses a vote in term 2\n");
}

TEST(RaftElection, WhoLacksEntriesGetsNoVote) {
  RaftRig rig({1, 2});
  rig.message(2,
              VoteRequest{.term = Term{3}, .kind = VoteKind::vote, .cause = {}, .last = at(99, 1)});
  rig.stored();
  EXPECT_NE(rig.effects().find("-> 2 refuses a vote in term 3"), std::string::npos);
}

TEST(RaftElection, WhoHearsALeaderIgnoresCandidatesUnlessLeadershipIsHandedOver) {
  RaftRig rig({});
  rig.message(
      2, Append{.term = Term{1}, .previous = at(1, 1), .commit = {}, .round = 0, .entries = {}});
  rig.effects();
  rig.message(3,
              VoteRequest{.term = Term{2}, .kind = VoteKind::vote, .cause = {}, .last = at(1, 1)});
  EXPECT_EQ(rig.effects(), "");
  rig.message(3, VoteRequest{.term = Term{2},
                             .kind = VoteKind::vote,
                             .cause = CampaignCause::transfer,
                             .last = at(1, 1)});
  rig.stored();
  EXPECT_NE(rig.effects().find("-> 3 grants a vote in term 2"), std::string::npos);
}

TEST(RaftElection, ALeaderWithoutAMajorityStepsDown) {
  RaftRig rig({});
  rig.lead();
  rig.wait(200ms);
  EXPECT_EQ(rig.raft().role(), Role::follower);
}

TEST(RaftElection, ALeaderWhoseDiskHangsStepsDown) {
  RaftRig rig({});
  rig.lead();
  for (int i = 0; i < 20; ++i) {
    rig.wait(20ms);
    if (rig.raft().role() == Role::leader) rig.has(2, 2);
  }
  EXPECT_EQ(rig.raft().counters().stepped_down, 1U);
}

// --- Replication
// -----------------------------------------------------------------------------------
TEST(RaftReplication, EntriesAreAcknowledgedWhenStored) {
  RaftRig rig({});
  rig.message(2, Append{.term = Term{1},
                        .previous = at(1, 1),
                        .commit = Index{2},
                        .round = 5,
                        .entries = {command(2, 1)}});
  EXPECT_EQ(rig.effects(),
            "is follower in term 1, leader 2\n"
            "apply 1 to 1\n"
            "membership voters 1 2 3 at 1 committed\n"
            "store #1: term 1, vote 0, from 2 command 2@1\n");

  rig.stored();
  EXPECT_EQ(rig.effects(),
            "apply 2 to 2\n"
            "-> 2 has 2 in term 1, round 5\n");
}

TEST(RaftReplication, ConflictingEntriesAreReplacedAlsoOnTheDisk) {
  RaftRig rig({1, 1, 1});
  rig.message(2, Append{.term = Term{2},
                        .previous = at(2, 1),
                        .commit = {},
                        .round = 0,
                        .entries = {command(3, 2)}});
  rig.effects();
  EXPECT_EQ(rig.raft().last(), at(3, 2));
  EXPECT_EQ(rig.raft().stored(), Index{2});
  rig.stored();
  EXPECT_EQ(rig.effects(), "-> 2 has 3 in term 2, round 0\n");
}

TEST(RaftReplication, AStaleAppendTakesNothingBack) {
  RaftRig rig({1, 1, 1});
  rig.message(2, Append{.term = Term{1},
                        .previous = at(1, 1),
                        .commit = {},
                        .round = 0,
                        .entries = {command(2, 1)}});
  EXPECT_EQ(rig.raft().last(), at(4, 1));
}

TEST(RaftReplication, AGapIsAnsweredWithWhereToGoOn) {
  RaftRig rig({1});
  rig.message(
      2, Append{.term = Term{1}, .previous = at(9, 1), .commit = {}, .round = 0, .entries = {}});
  EXPECT_EQ(rig.effects(),
            "is follower in term 1, leader 2\n"
            "-> 2 lacks 9 in term 1, try 2@1\n");
}

TEST(RaftReplication, TheWindowBoundsWhatIsUnderWayAndTheBacklogWhatIsTaken) {
  RaftRig rig({});
  rig.lead();
  rig.has(2, 1);  // found: from now on ahead of the answers
  rig.effects();
  std::size_t taken = 0;
  while (rig.propose()) ++taken;
  EXPECT_EQ(taken, small_config(1).uncommitted_entries_max - 2);  // with the first, and the no-op
  const std::string text = rig.effects();
  std::size_t appends = 0;
  for (std::size_t at = text.find("-> 2 append"); at != std::string::npos;
       at = text.find("-> 2 append", at + 1)) {
    ++appends;
  }
  EXPECT_LE(appends, small_config(1).append_window);
}

TEST(RaftReplication, AFollowerWhoseDiskRefusesAcknowledgesNothingUntilItStores) {
  RaftRig rig({});
  const Append append{
      .term = Term{1}, .previous = at(1, 1), .commit = {}, .round = 0, .entries = {command(2, 1)}};
  rig.message(2, append);
  rig.refused();
  rig.message(2, append);
  EXPECT_EQ(rig.effects().find("has 2"), std::string::npos);
  rig.wait(60ms);
  rig.stored();
  EXPECT_NE(rig.effects().find("-> 2 has 2 in term 1"), std::string::npos);
}

TEST(RaftReplication, EntriesThatFollowNoRuleAreRefused) {
  RaftRig rig({});
  Entry odd = command(2, 1);
  odd.kind = EntryKind::membership;
  rig.message(
      2, Append{.term = Term{1}, .previous = at(1, 1), .commit = {}, .round = 0, .entries = {odd}});
  rig.message(2, Append{.term = Term{1},
                        .previous = at(1, 1),
                        .commit = {},
                        .round = 0,
                        .entries = {command(3, 1)}});
  EXPECT_EQ(rig.raft().counters().messages_refused, 2U);
  EXPECT_EQ(rig.effects(), "");
}

// --- Reads
// -----------------------------------------------------------------------------------------
TEST(RaftReads, WaitForTheOwnTermAndForAMajorityThatHeardOfThem) {
  RaftRig rig({});
  rig.lead();
  ASSERT_TRUE(rig.read(1));
  rig.has(2, 2);
  EXPECT_EQ(rig.effects().find("read"), std::string::npos);
  rig.stored();  // commits the no-op, and opens the round
  EXPECT_EQ(rig.effects().find("read"), std::string::npos);
  rig.has(2, 2, 0);  // an answer to something earlier
  EXPECT_EQ(rig.effects().find("read"), std::string::npos);
  rig.has(2, 2, 1);
  EXPECT_EQ(rig.effects(), "read #1 ready at 2\n");
}

TEST(RaftReads, FailWhenTheLeaderStepsDown) {
  RaftRig rig({});
  rig.lead();
  ASSERT_TRUE(rig.read(1));
  rig.wait(300ms);
  EXPECT_NE(rig.effects().find("read #1 failed"), std::string::npos);
}

// --- Membership and transfer
// -------------------------------------------------------------------------
TEST(RaftMembership, NoChangeBeforeAnEntryOfTheOwnTermIsCommitted) {
  RaftRig rig({});
  rig.lead();
  EXPECT_EQ(rig.change(ChangeKind::add_learner, 4).error(), ChangeError::not_ready);
  rig.has(2, 2);
  rig.stored();
  ASSERT_TRUE(rig.change(ChangeKind::add_learner, 4).has_value());
  EXPECT_EQ(rig.change(ChangeKind::add_learner, 5).error(), ChangeError::in_progress);
  rig.has(2, 3);
  rig.stored();
  EXPECT_EQ(rig.change(ChangeKind::promote, 4).error(), ChangeError::not_caught_up);
  rig.has(4, 3);
  EXPECT_TRUE(rig.change(ChangeKind::promote, 4).has_value());
}

TEST(RaftMembership, GrowsFromOneToThreeAndReplacesAVoter) {
  RaftWorld world(11);
  world.add(1, voters(1));
  ASSERT_EQ(world.elect(), 1U);
  for (int i = 0; i < 60; ++i) {  // past a snapshot, so that the newcomers need it
    ASSERT_TRUE(world.run_until([&] { return world.propose(1, 9).has_value(); }));
    world.run_for(5ms);
  }
  for (std::uint64_t id = 2; id <= 3; ++id) {
    world.add(id);
    ASSERT_TRUE(
        world.run_until([&] { return world.change(1, ChangeKind::add_learner, id).has_value(); }));
    ASSERT_TRUE(
        world.run_until([&] { return world.change(1, ChangeKind::promote, id).has_value(); }));
  }
  EXPECT_GT(world.snapshots_installed(), 0U);
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }));

  ASSERT_TRUE(world.transfer(1, 2));
  ASSERT_TRUE(world.run_until([&] { return world.leader() == 2; }));
  ASSERT_TRUE(world.run_until([&] { return world.change(2, ChangeKind::remove, 3).has_value(); }));
  EXPECT_TRUE(world.run_until([&] { return world.removed_told() > 0; })) << world.text();
}

TEST(RaftMembership, ALeaderThatRemovesItselfHandsOverOnceThatIsCommitted) {
  RaftWorld world(12);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  ASSERT_TRUE(world.change(leader, ChangeKind::remove, leader).has_value());
  ASSERT_TRUE(world.run_until([&] { return world.leader() != leader && world.leader() != 0; }, 1s));
  EXPECT_EQ(world.raft(world.leader()).membership().voters.size(), 2U);
}

TEST(RaftTransfer, RefusesProposalsMeanwhileAndEndsWithItsTime) {
  RaftRig rig({});
  rig.lead();
  rig.has(2, 1);
  rig.has(3, 1);
  ASSERT_TRUE(rig.transfer(3));
  EXPECT_FALSE(rig.propose());
  rig.effects();
  rig.has(3, 2);
  EXPECT_NE(rig.effects().find("-> 3 campaign now"), std::string::npos);
  for (int i = 0; i < 6; ++i) {
    rig.has(2, 2);
    rig.wait(20ms);
  }
  EXPECT_NE(rig.effects().find("transfer to 3 failed"), std::string::npos);
  EXPECT_TRUE(rig.propose());
}

// --- Start
// -----------------------------------------------------------------------------------------
TEST(RaftStart, RefusesAStoredLogThatContradictsItself) {
  const auto error = [](Stored stored) {
    return Raft::create(small_config(1), std::move(stored), 1, Instant{}).error();
  };
  EXPECT_EQ(
      error(
          {.hard = {.term = Term{1}, .voted_for = {}}, .snapshot = {}, .entries = {command(2, 1)}}),
      RestoreError::gap);
  EXPECT_EQ(error({.hard = {.term = Term{1}, .voted_for = {}},
                   .snapshot = {},
                   .entries = {command(1, 1), command(3, 1)}}),
            RestoreError::gap);
  EXPECT_EQ(
      error(
          {.hard = {.term = Term{1}, .voted_for = {}}, .snapshot = {}, .entries = {command(1, 2)}}),
      RestoreError::order);
  EXPECT_EQ(error({.hard = {.term = Term{2}, .voted_for = {}},
                   .snapshot = {},
                   .entries = {command(1, 2), command(2, 1)}}),
            RestoreError::order);
}

TEST(RaftStart, TheSameInputsGiveTheSameEffects) {
  const auto run = [] {
    RaftRig rig({1, 1});
    rig.lead();
    rig.propose();
    rig.wait(1s);
    return rig.effects();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace rollcall::consensus::raft
