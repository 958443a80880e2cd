// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Checkers that never object prove nothing. What no known-bad replica shows to each of them first
/// is shown to them here.
#include "consensus/raft/raft_checkers_test.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/raft/raft_rig_test.hpp"

namespace rollcall::consensus::raft {
namespace {

Raft with_log(std::uint64_t id, const std::vector<std::uint64_t>& terms) {
  Stored stored;
  stored.hard.term = Term{9};
  for (const std::uint64_t term : terms) {
    stored.entries.push_back(command(stored.entries.size() + 1, term));
  }
  return std::move(Raft::create(small_config(id), std::move(stored), 1, Instant{}).value());
}

bool objects(const Checkers& checkers, const std::string& checker) {
  return checkers.objection().starts_with(checker + ": ");
}

TEST(RaftCheckers, LogsThatAgreeAtOnePlaceAgreeBeforeIt) {
  Checkers checkers;
  checkers.compare(with_log(1, {1, 1, 2}), with_log(2, {1, 1, 3, 3}));
  EXPECT_EQ(checkers.objection(), "");
  checkers.compare(with_log(1, {1, 1, 3}), with_log(2, {1, 2, 3, 3}));
  EXPECT_TRUE(objects(checkers, "log matching")) << checkers.objection();
}

TEST(RaftCheckers, AnAcknowledgedWriteIsThereAtTheEnd) {
  const Entry entry = command(1, 4);
  Checkers checkers;
  checkers.proposed(VoterId{1}, at(1, 4), entry.payload);
  checkers.applied(VoterId{1}, Term{1}, entry, Index::none, 0, {{Index{1}, entry}});
  checkers.answered(VoterId{1}, entry);
  EXPECT_EQ(checkers.writes_done(), 1U);
  checkers.nothing_is_lost(Index{1});
  EXPECT_EQ(checkers.objection(), "");
  checkers.nothing_is_lost(Index{0});
  EXPECT_TRUE(objects(checkers, "writes")) << checkers.objection();
}

TEST(RaftCheckers, AWriteThatAnotherTermReplacedIsNotAcknowledged) {
  Checkers checkers;
  checkers.proposed(VoterId{1}, at(1, 4), command(1, 4).payload);
  checkers.answered(VoterId{1}, command(1, 5));
  EXPECT_EQ(checkers.writes_done(), 0U);
}

TEST(RaftCheckers, ReplicasApplyTheSameAtOnePlaceAndInOrder) {
  const Entry one = command(1, 1);
  const Entry other = command(1, 2);
  Checkers checkers;
  checkers.applied(VoterId{1}, Term{1}, one, Index::none, 0, {{Index{1}, one}});
  checkers.applied(VoterId{2}, Term{1}, other, Index::none, 0, {{Index{1}, other}});
  EXPECT_TRUE(objects(checkers, "state-machine safety")) << checkers.objection();

  Checkers skipping;
  skipping.applied(VoterId{1}, Term{1}, command(2, 1), Index::none, 0, {{Index{2}, command(2, 1)}});
  EXPECT_TRUE(objects(skipping, "state-machine safety")) << skipping.objection();
}

TEST(RaftCheckers, AVoteIsGivenOnceInATerm) {
  const VoteReply grant{.term = Term{3}, .kind = VoteKind::vote, .vote = Vote::granted};
  Checkers checkers;
  checkers.granted(VoterId{1}, VoterId{2}, grant, {.term = Term{3}, .voted_for = VoterId{2}});
  EXPECT_EQ(checkers.objection(), "");
  checkers.granted(VoterId{1}, VoterId{3}, grant, {.term = Term{3}, .voted_for = VoterId{3}});
  EXPECT_TRUE(objects(checkers, "election safety")) << checkers.objection();
}

/// A world whose replica says what none can say, and asks for what is not there.
TEST(RaftCheckers, AWorldObjectsToASecondLeaderOfATerm) {
  RaftWorld world(1);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t follower = 1 + leader % 3;
  const std::uint64_t third = 1 + follower % 3;
  world.run_for(50ms);
  world.inject(third, follower,
               Append{.term = world.raft(leader).term(),
                      .previous = {},
                      .commit = {},
                      .round = 0,
                      .entries = {}});
  EXPECT_TRUE(world.take_objection().starts_with("effects: ")) << world.objection();
}

}  // namespace
}  // namespace rollcall::consensus::raft
