// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "consensus/raft/raft.hpp"
#include "consensus/raft/raft_rig_test.hpp"

/// What a failure detector's verdict on the leader leads to.
namespace rollcall::consensus::raft {
namespace {

/// Follows replica 2, whose word it has just heard.
void follow(RaftRig& rig) {
  rig.message(
      2, Append{.term = Term{1}, .previous = at(1, 1), .commit = {}, .round = 0, .entries = {}});
  rig.effects();
}

TEST(RaftFailedLeader, AnotherCampaignsAtOnce) {
  RaftRig rig({});
  follow(rig);
  rig.failed(2);
  EXPECT_EQ(rig.effects(), "is follower in term 1, leader 0\n");
  rig.wait(7ms);  // of a time-out of 100 ms
  EXPECT_EQ(rig.effects(),
            "-> 2 asks for a pre-vote in term 2, last 1@1\n"
            "-> 3 asks for a pre-vote in term 2, last 1@1\n"
            "is pre-candidate in term 1, leader 0\n");
}

TEST(RaftFailedLeader, WhoKnowsThatItsLeaderFailedVotesForOthers) {
  RaftRig rig({});
  follow(rig);
  rig.failed(2);
  rig.effects();
  rig.message(
      3, VoteRequest{.term = Term{2}, .kind = VoteKind::pre_vote, .cause = {}, .last = at(1, 1)});
  EXPECT_EQ(rig.effects(), "-> 3 grants a pre-vote in term 2\n");
}

TEST(RaftFailedLeader, WhoeverElseFailsIsNoReasonToCampaign) {
  RaftRig rig({});
  follow(rig);
  rig.failed(3);
  rig.wait(99ms);
  EXPECT_EQ(rig.effects(), "");
}

TEST(RaftFailedLeader, ALeaderThatIsHeardAfterAllIsFollowedAgain) {
  RaftRig rig({});
  follow(rig);
  rig.failed(2);
  follow(rig);
  rig.wait(99ms);
  EXPECT_EQ(rig.effects(), "");
  EXPECT_EQ(rig.raft().leader(), VoterId{2});
}

}  // namespace
}  // namespace rollcall::consensus::raft
