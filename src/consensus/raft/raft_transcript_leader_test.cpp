// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Replica 1 of three, driven by hand: what a leader is answered, snapshots, and the end of a lead.
/// A line is an input; what is indented below it is all that the replica asks of its world.
#include <gtest/gtest.h>

#include "consensus/raft/raft_words_test.hpp"

namespace rollcall::consensus::raft {
namespace {

// --- Append replies ----------------------------------------------------------------------------
TEST(RaftTranscript, RepliesMoveTheCommitIndexAndWhatIsSentNext) {
  RaftRig rig({});
  rig.lead();
  rig.stored();
  rig.has(2, 1);  // less than was sent
  rig.has(2, 2);
  rig.propose();
  rig.has(3, 9);  // more than there is
  rig.message(3, AppendReply{.term = Term{1},
                             .result = AppendResult::accepted,
                             .match = Index{3},
                             .match_term = {},
                             .refused = {},
                             .round = 0});  // of an earlier term
  rig.has(4, 3);                            // a stranger's
  EXPECT_EQ(rig.transcript(), R"(
stored #2
2 has 1 in term 2, round 0
  -> 2 append in term 2 after 1@1, no-op 2@2, commit 0, round 0
2 has 2 in term 2, round 0
  -> 2 append in term 2 after 2@2, no entries, commit 2, round 0
  apply 1 to 2
  membership voters 1 2 3 at 1 committed
propose
  -> 2 append in term 2 after 2@2, command 3@2, commit 2, round 0
  store #3: term 2, vote 1, from 3 command 3@2
3 has 9 in term 2, round 0
3 has 3 in term 1, round 0
4 has 3 in term 2, round 0
)");
  EXPECT_EQ(rig.raft().counters().impossible_messages, 1U);
}

TEST(RaftTranscript, AMismatchMovesBackToWhereTheLogsMayAgree) {
  RaftRig rig({1, 2, 2});
  rig.lead();
  rig.message(2, lacks(3, 4, at(3, 1)));
  rig.message(2, lacks(3, 4, at(3, 1)));  // doubled
  EXPECT_EQ(rig.transcript(), R"(
2 lacks 4 in term 3, try 3@1
  -> 2 append in term 3 after 2@1, entries 3@2 to 5@3, commit 0, round 0
2 lacks 4 in term 3, try 3@1
)");
}

TEST(RaftTranscript, AReplyOfALaterTermEndsLeadership) {
  RaftRig rig({});
  rig.lead();
  rig.read(1);
  rig.message(2, lacks(5, 0, {}));
  rig.stored();
  EXPECT_EQ(rig.transcript(), R"(
read #1
2 lacks 0 in term 5, try 0@0
  read #1 failed
  is follower in term 5, leader 0
stored #2
  store #3: term 5, vote 0, from 3 no entries
)");
}

// --- Snapshots ---------------------------------------------------------------------------------
TEST(RaftTranscript, ASnapshotArrivesInPieces) {
  RaftRig rig({});
  rig.message(2, piece(1, at(9, 1), 0, 4, 6));
  rig.message(2, piece(1, at(9, 1), 0, 4, 6));  // doubled, while the disk writes
  rig.chunk_stored(1);
  rig.message(2, piece(1, at(9, 1), 0, 4, 6));  // doubled
  rig.message(2, piece(1, at(9, 1), 4, 2, 6));
  rig.chunk_stored(2);
  rig.stored();
  rig.message(2, piece(1, at(9, 1), 4, 2, 6));  // doubled
  rig.message(2, appends(1, at(9, 1), 10, {command(10, 1)}));
  EXPECT_EQ(rig.transcript(), R"(
2 snapshot 9@1 in term 1, 4 bytes at 0 of 6
  store piece #1 of snapshot 9@1, 4 bytes at 0
  is follower in term 1, leader 2
2 snapshot 9@1 in term 1, 4 bytes at 0 of 6
stored piece #1
  -> 2 wants more of 9@1 from 4 in term 1
2 snapshot 9@1 in term 1, 4 bytes at 0 of 6
  -> 2 wants more of 9@1 from 4 in term 1
2 snapshot 9@1 in term 1, 2 bytes at 4 of 6
  store piece #2 of snapshot 9@1, 2 bytes at 4
stored piece #2
  store #1: term 1, vote 0, install 9@1, from 10 no entries
stored #1
  restore snapshot 9@1
  membership voters 1 2 3 at 9 committed
  -> 2 installed 9@1 from 6 in term 1
2 snapshot 9@1 in term 1, 2 bytes at 4 of 6
  -> 2 installed 9@1 from 6 in term 1
2 append in term 1 after 9@1, command 10@1, commit 10, round 0
  store #2: term 1, vote 0, from 10 command 10@1
)");
}

TEST(RaftTranscript, PiecesThatCannotBeAreRefused) {
  RaftRig rig({});
  rig.message(2, piece(1, at(9, 1), 4, 4, 6));  // beyond its end
  rig.message(2, piece(1, at(9, 1), 4, 0, 6));  // nothing
  rig.message(2, piece(1, at(9, 2), 0, 4, 6));  // later than its leader's term
  rig.message(2, piece(1, at(0, 0), 0, 4, 6));  // of nothing
  EXPECT_EQ(rig.transcript(), R"(
2 snapshot 9@1 in term 1, 4 bytes at 4 of 6
2 snapshot 9@1 in term 1, 0 bytes at 4 of 6
2 snapshot 9@2 in term 1, 4 bytes at 0 of 6
2 snapshot 0@0 in term 1, 4 bytes at 0 of 6
)");
  EXPECT_EQ(rig.raft().counters().messages_refused, 4U);
}

TEST(RaftTranscript, ASnapshotOfWhatTheLogHasTakesNothingAway) {
  RaftRig rig({1, 1, 1});
  rig.message(2, piece(1, at(3, 1), 0, 4, 6));
  rig.message(2, piece(1, at(3, 1), 0, 4, 6));  // by now applied
  EXPECT_EQ(rig.transcript(), R"(
2 snapshot 3@1 in term 1, 4 bytes at 0 of 6
  is follower in term 1, leader 2
  apply 1 to 3
  membership voters 1 2 3 at 1 committed
  -> 2 has 3 in term 1, round 0
2 snapshot 3@1 in term 1, 4 bytes at 0 of 6
  -> 2 installed 3@1 from 6 in term 1
)");
}

TEST(RaftTranscript, ALeaderSendsASnapshotPieceByPiece) {
  RaftRig rig({});
  rig.lead();
  rig.stored();
  rig.has(2, 2);
  for (std::uint64_t index = 3; index <= 25; ++index) {
    rig.propose();
    rig.stored();
    rig.has(2, index);
  }
  rig.transcript();
  rig.snapshot_saved(100);  // up to 24; the log begins at 19 now, and replica 3 needs more
  rig.message(3, lacks(2, 1, at(0, 0)));  // late: there is a snapshot on the way
  rig.message(3, installed(2, InstallResult::more, at(24, 2), 61));
  rig.message(3, installed(2, InstallResult::more, at(24, 2), 61));  // doubled
  rig.message(3, installed(2, InstallResult::more, at(20, 2), 3));   // of another snapshot
  rig.message(3, installed(2, InstallResult::installed, at(24, 2), 100));
  EXPECT_EQ(rig.transcript(), R"(
snapshot saved
  -> 3 piece of snapshot 24@2, 61 bytes at 0
  store #26: term 2, vote 1, from 26 no entries
3 lacks 1 in term 2, try 0@0
3 wants more of 24@2 from 61 in term 2
  -> 3 piece of snapshot 24@2, 39 bytes at 61
3 wants more of 24@2 from 61 in term 2
3 wants more of 20@2 from 3 in term 2
3 installed 24@2 from 100 in term 2
  -> 3 append in term 2 after 24@2, command 25@2, commit 25, round 0
)");
}

// --- Handing over ------------------------------------------------------------------------------
TEST(RaftTranscript, TimeoutNowIsObeyedIfTheLeaderSaysIt) {
  RaftRig rig({});
  rig.message(2, TimeoutNow{Term{1}});  // leads, for all that is known, nobody
  rig.message(2, appends(1, at(1, 1), 1));
  rig.message(3, TimeoutNow{Term{1}});
  rig.message(2, TimeoutNow{Term{9}});
  rig.message(2, TimeoutNow{Term{1}});
  rig.stored();
  EXPECT_EQ(rig.transcript(), R"(
2 campaign now, says the leader of term 1
2 append in term 1 after 1@1, no entries, commit 1, round 0
  is follower in term 1, leader 2
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  -> 2 has 1 in term 1, round 0
3 campaign now, says the leader of term 1
2 campaign now, says the leader of term 9
2 campaign now, says the leader of term 1
  is candidate in term 2, leader 0
  store #1: term 2, vote 1, from 2 no entries
stored #1
  -> 2 asks for a vote in term 2, last 1@1, by transfer
  -> 3 asks for a vote in term 2, last 1@1, by transfer
)");
}

TEST(RaftTranscript, NotMemberIsBelievedByWhoHearsNoLeader) {
  RaftRig rig({1, 2});
  rig.message(2, NotMember{Term{1}});  // from before
  rig.message(2, NotMember{Term{2}});
  rig.message(3, appends(2, at(3, 2), 1));
  rig.message(2, NotMember{Term{2}});
  EXPECT_EQ(rig.transcript(), R"(
2 you are no member any more, in term 1
2 you are no member any more, in term 2
  removed, says 2 in term 2
3 append in term 2 after 3@2, no entries, commit 1, round 0
  is follower in term 2, leader 3
  apply 1 to 1
  membership voters 1 2 3 at 1 committed
  -> 3 has 3 in term 2, round 0
2 you are no member any more, in term 2
)");
}

TEST(RaftTranscript, WhatOneSaysToItselfOrNobodySaysIsRefused) {
  RaftRig rig({});
  rig.message(1, appends(1, at(1, 1), 1));
  rig.message(0, appends(1, at(1, 1), 1));
  EXPECT_EQ(rig.raft().counters().messages_refused, 2U);
  EXPECT_EQ(rig.effects(), "");
}

}  // namespace
}  // namespace rollcall::consensus::raft
