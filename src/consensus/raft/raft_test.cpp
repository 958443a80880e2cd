// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/raft/raft_rig_test.hpp"

namespace rollcall::consensus::raft {
namespace {

// --- Elections
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

/// The log is bounded in bytes also where commands are large.
TEST(RaftReplication, LargeEntriesMakeASnapshotDueAndDoNotTrail) {
  Config config = small_config(1);
  config.snapshot_entries = 10'000;
  config.trailing_entries = 10'000;
  config.log_bytes_max = 4'000;
  Raft raft = std::move(Raft::create(config, {}, 1, Instant{}).value());
  Effects effects;
  raft.bootstrap(voters(1), Instant{}, effects);
  int snapshots = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::vector<Effect> asked = std::exchange(effects.list(), {});
    for (const Effect& effect : asked) {
      if (const auto* store = std::get_if<Store>(&effect)) {
        raft.on_stored(store->id, raft.next_deadline(), effects);
      }
      if (std::holds_alternative<TakeSnapshot>(effect)) {
        ++snapshots;
        raft.on_snapshot_saved(1, raft.next_deadline(), effects);
      }
    }
    if (asked.empty()) raft.on_deadline(raft.next_deadline(), effects);
    if (raft.role() == Role::leader)
      (void)raft.propose(ByteVector(100), raft.next_deadline(), effects);
    ASSERT_LE(distance(raft.first(), raft.last().index) * 100, 8'000U);
  }
  EXPECT_GT(snapshots, 10);
}

// --- Reads
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

TEST(RaftMembership, ALeaderThatMadeItselfALearnerCanBecomeVoterAgainBeforeItSteppedDown) {
  RaftRig rig({});
  rig.lead();
  rig.has(2, 2);
  rig.stored();
  ASSERT_TRUE(rig.change(ChangeKind::demote, 1).has_value());
  rig.has(2, 3);
  rig.has(3, 3);
  ASSERT_EQ(rig.raft().commit(), Index{3});
  ASSERT_EQ(rig.raft().applied(), Index{2});  // its own disk is slower than both others
  EXPECT_TRUE(rig.change(ChangeKind::promote, 1).has_value());
  rig.stored();
  EXPECT_EQ(rig.raft().role(), Role::leader);
  EXPECT_EQ(rig.raft().membership(), voters(3));
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

TEST(RaftStart, RefusesLimitsThatNoMessageCanCarry) {
  Config config = small_config(1);
  EXPECT_EQ(validate(config), std::nullopt);
  config.command_bytes_max = Config::payload_bytes_max + 1;
  EXPECT_EQ(validate(config), ConfigError::limits);
  config = small_config(1);
  config.append_entries_max = Config::entries_max + 1;
  EXPECT_EQ(validate(config), ConfigError::limits);
  config = small_config(1);
  config.log_bytes_max = 0;
  EXPECT_EQ(validate(config), ConfigError::limits);
}

/// What stands before a snapshot could not be gone on with: the next entry would leave a gap.
TEST(RaftStart, ALogThatEndsBeforeTheSnapshotIsDeleted) {
  Raft raft = std::move(
      Raft::create(small_config(1),
                   {.hard = {.term = Term{1}, .voted_for = {}},
                    .snapshot = SnapshotMeta{.last = at(9, 1), .membership = voters(1), .size = 1},
                    .entries = {command(1, 1), command(2, 1)}},
                   1, Instant{})
          .value());
  EXPECT_EQ(raft.last(), at(9, 1));
  Effects effects;
  raft.on_deadline(raft.next_deadline(), effects);
  const auto store = std::ranges::find_if(
      effects.list(), [](const Effect& effect) { return std::holds_alternative<Store>(effect); });
  ASSERT_NE(store, effects.list().end());
  EXPECT_EQ(std::get<Store>(*store).keep_from, Index{10});
  EXPECT_EQ(std::get<Store>(*store).from, Index{10});
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
