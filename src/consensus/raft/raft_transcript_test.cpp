// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Replica 1 of three, driven by hand: votes, and entries that it is sent. A line is an
/// input; what is indented below it is all that the replica asks of its world.
#include <gtest/gtest.h>

#include "consensus/raft/raft_words_test.hpp"

namespace rollcall::consensus::raft {
namespace {

// --- Vote requests -----------------------------------------------------------------------------
TEST(RaftTranscript, PreVotesAreAnsweredAndChangeNothing) {
  RaftRig rig({1, 2});
  rig.message(2, asks(3, at(3, 2), VoteKind::pre_vote));
  rig.message(3, asks(3, at(9, 1), VoteKind::pre_vote));  // lacks entries
  rig.message(3, asks(2, at(9, 2), VoteKind::pre_vote));  // in a term that is over
  EXPECT_EQ(rig.transcript(), R"(
2 asks for a pre-vote in term 3, last 3@2
  -> 2 grants a pre-vote in term 3
3 asks for a pre-vote in term 3, last 9@1
  -> 3 refuses a pre-vote in term 2
3 asks for a pre-vote in term 2, last 9@2
  -> 3 refuses a pre-vote in term 2
)");
  EXPECT_FALSE(rig.storing());
}

TEST(RaftTranscript, AVoteIsTheFirstComersAndWaitsForTheDisk) {
  RaftRig rig({});
  rig.message(2, asks(2, at(1, 1)));
  rig.message(3, asks(2, at(1, 1)));
  rig.stored();
  rig.message(3, asks(2, at(1, 1)));
  rig.message(2, asks(2, at(1, 1)));  // its answer was lost
  rig.message(3, asks(1, at(9, 1)));  // from before
  EXPECT_EQ(rig.transcript(), R"(
2 asks for a vote in term 2, last 1@1
  is follower in term 2, leader 0
  store #1: term 2, vote 2, from 2 no entries
3 asks for a vote in term 2, last 1@1
stored #1
  -> 2 grants a vote in term 2
3 asks for a vote in term 2, last 1@1
  -> 3 refuses a vote in term 2
2 asks for a vote in term 2, last 1@1
  -> 2 grants a vote in term 2
3 asks for a vote in term 1, last 9@1
  -> 3 refuses a vote in term 2
)");
}

TEST(RaftTranscript, WhoHearsALeaderAnswersNoCandidateButATransfersOne) {
  RaftRig rig({});
  rig.message(2, appends(1, at(1, 1), 1));
  rig.message(3, asks(2, at(1, 1), VoteKind::pre_vote));
  rig.message(3, asks(2, at(1, 1)));
  rig.message(3, asks_by_transfer(2, at(1, 1)));
  rig.stored();
  EXPECT_EQ(rig.transcript(), R"(
2 append in term 1 after 1@1, no entries, commit 1, round 0
  is follower in term 1, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  -> 2 has 1 in term 1, round 0
3 asks for a pre-vote in term 2, last 1@1
3 asks for a vote in term 2, last 1@1
3 asks for a vote in term 2, last 1@1, by transfer
  is follower in term 2, leader 0
  store #1: term 2, vote 3, from 2 no entries
stored #1
  -> 3 grants a vote in term 2
)");
}

TEST(RaftTranscript, AStrangerWhoAsksForVotesIsToldThatItIsNoMember) {
  RaftRig rig({});
  rig.message(4, asks(2, at(1, 1), VoteKind::pre_vote));  // nobody leads: perhaps it should
  rig.message(2, appends(1, at(1, 1), 1));
  rig.message(4, asks(2, at(1, 1), VoteKind::pre_vote));
  EXPECT_EQ(rig.transcript(), R"(
4 asks for a pre-vote in term 2, last 1@1
  -> 4 grants a pre-vote in term 2
2 append in term 1 after 1@1, no entries, commit 1, round 0
  is follower in term 1, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  -> 2 has 1 in term 1, round 0
4 asks for a pre-vote in term 2, last 1@1
  -> 4 you are no member any more, in term 1
)");
}

// --- Vote replies ------------------------------------------------------------------------------
TEST(RaftTranscript, ACampaignOfTwoRounds) {
  RaftRig rig({});
  rig.deadline();
  rig.message(2, answers(1, Vote::refused, VoteKind::pre_vote));
  rig.message(4, answers(2, Vote::granted, VoteKind::pre_vote));  // a stranger's does not count
  rig.message(3, answers(3, Vote::granted, VoteKind::pre_vote));  // nor one of another term
  rig.message(3, answers(2, Vote::granted, VoteKind::pre_vote));
  rig.message(3, answers(2, Vote::granted));  // nor to what was not asked yet
  rig.stored();
  rig.message(3, answers(2, Vote::granted, VoteKind::pre_vote));  // nor to what was asked before
  rig.message(3, answers(1, Vote::granted));                      // nor of an earlier term
  rig.message(3, answers(2, Vote::granted));
  EXPECT_EQ(rig.transcript(), R"(
deadline
  -> 2 asks for a pre-vote in term 2, last 1@1
  -> 3 asks for a pre-vote in term 2, last 1@1
  is pre-candidate in term 1, leader 0
2 refuses a pre-vote in term 1
4 grants a pre-vote in term 2
3 grants a pre-vote in term 3
3 grants a pre-vote in term 2
  is candidate in term 2, leader 0
  store #1: term 2, vote 1, from 2 no entries
3 grants a vote in term 2
stored #1
  -> 2 asks for a vote in term 2, last 1@1
  -> 3 asks for a vote in term 2, last 1@1
3 grants a pre-vote in term 2
3 grants a vote in term 1
3 grants a vote in term 2
  is leader in term 2, leader 1
  -> 2 append in term 2 after 1@1, no-op 2@2, commit 0, round 0
  -> 3 append in term 2 after 1@1, no-op 2@2, commit 0, round 0
  store #2: term 2, vote 1, from 2 no-op 2@2
)");
  EXPECT_EQ(rig.raft().role(), Role::leader);
}

TEST(RaftTranscript, ARefusalInALaterTermEndsACampaign) {
  RaftRig rig({});
  rig.deadline();
  rig.message(2, answers(7, Vote::refused, VoteKind::pre_vote));
  rig.stored();
  EXPECT_EQ(rig.transcript(), R"(
deadline
  -> 2 asks for a pre-vote in term 2, last 1@1
  -> 3 asks for a pre-vote in term 2, last 1@1
  is pre-candidate in term 1, leader 0
2 refuses a pre-vote in term 7
  is follower in term 7, leader 0
  store #1: term 7, vote 0, from 2 no entries
stored #1
)");
}

// --- Appends -----------------------------------------------------------------------------------
TEST(RaftTranscript, AppendsAreStoredThenAnsweredAndAppliedOnceCommitted) {
  RaftRig rig({});
  rig.message(2, appends(1, at(1, 1), 1, {command(2, 1), command(3, 1)}));
  rig.message(2, appends(1, at(3, 1), 2, {command(4, 1)}));  // while the disk writes
  rig.stored();
  rig.stored();
  rig.message(2, appends(1, at(4, 1), 4));
  EXPECT_EQ(rig.transcript(), R"(
2 append in term 1 after 1@1, entries 2@1 to 3@1, commit 1, round 0
  is follower in term 1, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  store #1: term 1, vote 0, from 2 entries 2@1 to 3@1
2 append in term 1 after 3@1, command 4@1, commit 2, round 0
stored #1
  apply 2 to 2
  -> 2 has 3 in term 1, round 0
  store #2: term 1, vote 0, from 4 command 4@1
stored #2
  -> 2 has 4 in term 1, round 0
2 append in term 1 after 4@1, no entries, commit 4, round 0
  apply 3 to 4
  -> 2 has 4 in term 1, round 0
)");
}

TEST(RaftTranscript, AppendsThatDoNotFollowAreAnsweredWithWhereTheyWould) {
  RaftRig rig({1, 2, 2});
  rig.message(2, appends(3, at(9, 3), 1));
  rig.stored();
  rig.message(2, appends(3, at(4, 1), 1));  // has term 2 there
  EXPECT_EQ(rig.transcript(), R"(
2 append in term 3 after 9@3, no entries, commit 1, round 0
  is follower in term 3, leader 2
  store #1: term 3, vote 0, from 5 no entries
stored #1
  -> 2 lacks 9 in term 3, try 4@2
2 append in term 3 after 4@1, no entries, commit 1, round 0
  -> 2 lacks 4 in term 3, try 2@1
)");
}

TEST(RaftTranscript, AppendsOfAnEarlierTermOrAnotherLeaderAreRefused) {
  RaftRig rig({1, 2});
  rig.message(3, appends(1, at(1, 1), 1));
  rig.message(2, appends(2, at(3, 2), 1));
  rig.message(3, appends(2, at(3, 2), 1));  // cannot be
  EXPECT_EQ(rig.transcript(), R"(
3 append in term 1 after 1@1, no entries, commit 1, round 0
  -> 3 lacks 0 in term 2, try 0@0
2 append in term 2 after 3@2, no entries, commit 1, round 0
  is follower in term 2, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  -> 2 has 3 in term 2, round 0
3 append in term 2 after 3@2, no entries, commit 1, round 0
)");
  EXPECT_EQ(rig.raft().counters().impossible_messages, 1U);
}

TEST(RaftTranscript, WhatContradictsCommittedOrConfirmedEntriesIsDropped) {
  RaftRig rig({1, 1});
  rig.message(2, appends(1, at(3, 1), 3));
  rig.transcript();
  rig.message(2, appends(2, at(1, 1), 3, {command(2, 2)}));  // committed
  rig.message(2, appends(2, at(2, 2), 3));                   // follows what cannot be
  rig.stored();
  rig.message(2, appends(2, at(3, 1), 3, {command(4, 2)}));
  rig.stored();
  rig.message(3, appends(3, at(4, 2), 3));
  rig.stored();
  rig.message(3, appends(3, at(3, 1), 3, {command(4, 3)}));  // it said itself that 4@2 is there
  EXPECT_EQ(rig.transcript(), R"(
2 append in term 2 after 1@1, command 2@2, commit 3, round 0
  is follower in term 2, leader 2
  store #1: term 2, vote 0, from 4 no entries
2 append in term 2 after 2@2, no entries, commit 3, round 0
stored #1
2 append in term 2 after 3@1, command 4@2, commit 3, round 0
  store #2: term 2, vote 0, from 4 command 4@2
stored #2
  -> 2 has 4 in term 2, round 0
3 append in term 3 after 4@2, no entries, commit 3, round 0
  is follower in term 3, leader 3
  store #3: term 3, vote 0, from 5 no entries
stored #3
  -> 3 has 4 in term 3, round 0
3 append in term 3 after 3@1, command 4@3, commit 3, round 0
)");
  EXPECT_EQ(rig.raft().counters().impossible_messages, 3U);
}

TEST(RaftTranscript, ALeaderTakesNoAppendsOfItsOwnTermAndFollowsLaterOnes) {
  RaftRig rig({});
  rig.lead();
  rig.message(2, appends(2, at(1, 1), 1));
  rig.message(2, appends(3, at(1, 1), 1));
  rig.stored();
  EXPECT_EQ(rig.transcript(), R"(
2 append in term 2 after 1@1, no entries, commit 1, round 0
2 append in term 3 after 1@1, no entries, commit 1, round 0
  is follower in term 3, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
stored #2
  store #3: term 3, vote 0, from 3 no entries
)");
}

}  // namespace
}  // namespace rollcall::consensus::raft
