// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/voter_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall::consensus {
namespace {

using namespace std::chrono_literals;
using raft::ChangeKind;
using raft::VoterId;
using State = Peer::State;
using Ids = std::vector<VoterId>;

constexpr LogId log{.high = 1, .low = 2};

std::string to_text(const VoterStep& step) {
  if (const auto* hand = std::get_if<HandOver>(&step)) {
    return "hand over to " + std::to_string(raft::number(hand->to));
  }
  const auto& change = std::get<raft::MembershipChange>(step);
  const std::string member = std::to_string(raft::number(change.member));
  switch (change.kind) {
    case ChangeKind::add_learner:
      return "add " + member;
    case ChangeKind::promote:
      return "promote " + member;
    case ChangeKind::demote:
      return "demote " + member;
    case ChangeKind::remove:
      return "remove " + member;
  }
  return {};
}

Ids ids(std::initializer_list<std::uint64_t> numbers) {
  Ids list;
  for (const std::uint64_t number : numbers) list.push_back(VoterId{number});
  return list;
}

/// Members 1, 2, … of whom 1 leads; every step but those refused is taken at once.
class Cluster {
 public:
  explicit Cluster(std::size_t members, std::size_t wanted = 3)
      : keeper_({.voters_wanted = wanted, .replace_after = 30s}) {
    for (std::size_t i = 1; i <= members; ++i) {
      Peer peer;
      peer.name = std::string(1, static_cast<char>('a' + i - 1));
      peer.voter = i;
      peer.log = log;
      peers.push_back(std::move(peer));
    }
    membership.voters = ids({1});
    tell();
  }

  Peers peers;
  raft::Membership membership;
  std::vector<raft::PeerStatus> progress;
  Instant now{};
  Instant listens_since = now - 1h;
  bool leaves = false;
  Ids behind;  // who is refused as not caught up

  Peer& peer(std::uint64_t id) { return peers.at(id - 1); }
  void tell() { keeper_.on_peers(peers, now); }
  void wait(Duration duration) { now += duration; }
  void set(std::uint64_t id, State state) {
    peer(id).state = state;
    tell();
  }

  std::vector<VoterStep> next() { return keeper_.next(voters()); }
  std::string next_text() {
    std::string text;
    for (const VoterStep& step : next()) text += (text.empty() ? "" : ", ") + to_text(step);
    return text;
  }
  bool has_heir() { return keeper_.has_heir(voters()); }

  [[nodiscard]] std::size_t live_voters(const raft::Membership& of) const {
    return static_cast<std::size_t>(std::ranges::count_if(of.voters, [this](VoterId id) {
      const State state = peers.at(raft::number(id) - 1).state;
      return state == State::alive || state == State::suspect;
    }));
  }
  /// Takes the first step that the log would take; its text, or nothing.
  std::string step() {
    for (const VoterStep& step : next()) {
      const auto* change = std::get_if<raft::MembershipChange>(&step);
      if (change == nullptr) return to_text(step);
      if (change->kind == ChangeKind::promote &&
          std::ranges::find(behind, change->member) != behind.end()) {
        continue;
      }
      auto after = changed(membership, *change);
      EXPECT_TRUE(after.has_value()) << to_text(step);
      if (!after) return {};
      EXPECT_GE(live_voters(*after), after->quorum()) << to_text(step);
      EXPECT_TRUE(after->is_voter(VoterId{1})) << to_text(step);
      membership = std::move(*after);
      return to_text(step);
    }
    return {};
  }
  /// All steps until nothing is left to do.
  std::string settle() {
    std::string text;
    constexpr int steps_max = 40;
    for (int i = 0; i < steps_max; ++i) {
      const std::string one = step();
      if (one.empty()) return text;
      text += (text.empty() ? "" : ", ") + one;
    }
    ADD_FAILURE() << "no end: " << text;
    return text;
  }

 private:
  /// Those of whom the test says nothing else have answered just now.
  VotersNow voters() {
    told_ = progress;
    for (const Peer& peer : peers) {
      const VoterId id{peer.voter};
      if (std::ranges::find(told_, id, &raft::PeerStatus::id) == told_.end()) {
        told_.push_back({.id = id, .match = {}, .heard = now});
      }
    }
    return {.membership = membership,
            .progress = told_,
            .self = VoterId{1},
            .self_leaves = leaves,
            .log = log,
            .listens_since = listens_since,
            .now = now};
  }

  std::vector<raft::PeerStatus> told_;

  VoterKeeper keeper_;
};

TEST(VoterKeeperTest, GrowsFromOneToThree) {
  Cluster cluster(3);
  EXPECT_EQ(cluster.settle(), "add 2, add 3, promote 2, promote 3");
  EXPECT_EQ(cluster.membership.voters, ids({1, 2, 3}));
}

TEST(VoterKeeperTest, GrowsToFiveWhenAsked) {
  Cluster cluster(7, 5);
  cluster.settle();
  EXPECT_EQ(cluster.membership.voters, ids({1, 2, 3, 4, 5}));
  EXPECT_TRUE(cluster.membership.learners.empty());
}

TEST(VoterKeeperTest, StaysAloneWhenOneIsWanted) {
  Cluster cluster(5, 1);
  EXPECT_EQ(cluster.settle(), "");
}

TEST(VoterKeeperTest, OfTwoTheOtherLearns) {
  Cluster cluster(2);
  EXPECT_EQ(cluster.settle(), "add 2");
  EXPECT_EQ(cluster.membership.learners, ids({2}));
}

TEST(VoterKeeperTest, PromotesWhoeverHasCaughtUp) {
  Cluster cluster(3);
  cluster.behind = ids({2});
  EXPECT_EQ(cluster.settle(), "add 2, add 3, promote 3");
  cluster.behind.clear();
  EXPECT_EQ(cluster.settle(), "promote 2");
}

TEST(VoterKeeperTest, WaitsBeforeItReplacesAFailedVoter) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::failed);
  cluster.wait(29s);
  EXPECT_EQ(cluster.settle(), "");
  cluster.wait(1s);
  EXPECT_EQ(cluster.settle(), "add 4, promote 4, remove 3");
}

TEST(VoterKeeperTest, AFailedVoterThatComesBackStays) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::failed);
  cluster.wait(29s);
  cluster.set(3, State::alive);
  cluster.wait(29s);
  cluster.set(3, State::failed);
  cluster.wait(29s);
  EXPECT_EQ(cluster.settle(), "");
}

TEST(VoterKeeperTest, AVoterThatLeftGoesAtOnce) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(2, State::left);
  EXPECT_EQ(cluster.settle(), "remove 2, add 4, promote 4");
}

TEST(VoterKeeperTest, WithoutAReplacementTwoBecomeOneAndASpare) {
  Cluster cluster(3);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(2, State::failed);
  cluster.wait(30s);
  EXPECT_EQ(cluster.settle(), "remove 2, demote 3");
  EXPECT_EQ(cluster.membership.learners, ids({3}));
}

TEST(VoterKeeperTest, AVoterThatNobodyKnowsIsLostAfterAWhile) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 99});
  EXPECT_EQ(cluster.next_text(), "");
  cluster.wait(30s);
  EXPECT_EQ(cluster.next_text(), "add 3");
}

TEST(VoterKeeperTest, AVoterThatLivesButIsSilentIsReplaced) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.progress = {{.id = VoterId{2}, .match = {}, .heard = cluster.now},
                      {.id = VoterId{3}, .match = {}, .heard = cluster.now + 31s}};
  cluster.wait(31s);
  EXPECT_EQ(cluster.settle(), "add 4, promote 4, remove 2");
}

TEST(VoterKeeperTest, TakesNobodyOutWhereASilentOneWouldBeNeeded) {
  Cluster cluster(3);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::left);
  cluster.progress = {{.id = VoterId{2}, .match = {}, .heard = cluster.now - 300ms}};
  EXPECT_EQ(cluster.next_text(), "");
  cluster.progress.front().heard += 1ms;
  EXPECT_EQ(cluster.step(), "remove 3");
}

TEST(VoterKeeperTest, ANewLeaderListensBeforeItTakesAnybodyOut) {
  Cluster cluster(3);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::left);
  cluster.listens_since = cluster.now;
  cluster.wait(299ms);
  EXPECT_EQ(cluster.next_text(), "");
  cluster.wait(1ms);
  EXPECT_EQ(cluster.step(), "remove 3");
}

TEST(VoterKeeperTest, ALeaderThatWasStoppedBlamesNobodyForItsSilence) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.progress = {{.id = VoterId{2}, .match = {}, .heard = cluster.now}};
  cluster.wait(40s);
  cluster.listens_since = cluster.now - 1s;
  EXPECT_EQ(cluster.next_text(), "");
  cluster.listens_since -= 30s;
  EXPECT_EQ(cluster.settle(), "add 4, promote 4, remove 2");
}

TEST(VoterKeeperTest, WhoHasAnotherLogOrNoDirectoryIsNoCandidate) {
  Cluster cluster(4);
  cluster.peer(2).log = {.high = 9, .low = 9};
  cluster.peer(3).voter = 0;
  cluster.tell();
  EXPECT_EQ(cluster.settle(), "add 4");
}

TEST(VoterKeeperTest, WhoHasNoLogYetIsOne) {
  Cluster cluster(3);
  cluster.peer(2).log = {};
  cluster.peer(3).log = {};
  cluster.tell();
  cluster.settle();
  EXPECT_EQ(cluster.membership.voters, ids({1, 2, 3}));
}

TEST(VoterKeeperTest, SpreadsOverZones) {
  Cluster cluster(5);
  const std::vector<std::string> zones = {"x", "x", "y", "y", "z"};
  for (std::size_t i = 0; i < zones.size(); ++i) cluster.peers[i].zone = zones[i];
  cluster.tell();
  cluster.settle();
  EXPECT_EQ(cluster.membership.voters, ids({1, 3, 5}));

  // One of z fails: y has two, of whom one votes; the second of x and of y are as good.
  cluster.set(5, State::failed);
  cluster.wait(30s);
  EXPECT_EQ(cluster.settle(), "add 2, promote 2, remove 5");
}

TEST(VoterKeeperTest, MovesAVoteToAZoneThatComes) {
  Cluster cluster(4);
  for (Peer& peer : cluster.peers) peer.zone = "x";
  cluster.peer(4).zone = "y";
  cluster.membership.voters = ids({1, 2, 3});
  cluster.tell();
  EXPECT_EQ(cluster.settle(), "add 4, promote 4, demote 3");
  EXPECT_EQ(cluster.settle(), "");
}

TEST(VoterKeeperTest, DemotesWhoIsTooMany) {
  Cluster cluster(5);
  cluster.membership.voters = ids({1, 2, 3, 4, 5});
  EXPECT_EQ(cluster.settle(), "demote 5, demote 4");
  EXPECT_EQ(cluster.membership.learners, ids({4, 5}));
}

TEST(VoterKeeperTest, SendsLearnersAwayThatFailedOrAreTooMany) {
  Cluster cluster(10);
  cluster.membership = {.voters = ids({1, 2, 3}), .learners = ids({4, 5, 6, 7, 8, 9})};
  cluster.set(5, State::left);
  EXPECT_EQ(cluster.settle(), "remove 5, remove 9");
}

TEST(VoterKeeperTest, HandsOverBeforeItLeaves) {
  Cluster cluster(3);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.progress = {{.id = VoterId{2}, .match = raft::Index{5}, .heard = {}},
                      {.id = VoterId{3}, .match = raft::Index{6}, .heard = {}}};
  cluster.leaves = true;
  EXPECT_EQ(cluster.next_text(), "hand over to 3");
}

TEST(VoterKeeperTest, LeavesNoMajorityThatCannotDecide) {
  Cluster cluster(3);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::failed);
  cluster.leaves = true;
  EXPECT_EQ(cluster.step(), "remove 3");
  EXPECT_EQ(cluster.next_text(), "remove 1");
}

TEST(VoterKeeperTest, FindsAReplacementBeforeItLeaves) {
  Cluster cluster(4);
  cluster.membership.voters = ids({1, 2, 3});
  cluster.set(3, State::left);
  cluster.leaves = true;
  EXPECT_EQ(cluster.step(), "remove 3");
  EXPECT_EQ(cluster.next_text(), "remove 1");
}

TEST(VoterKeeperTest, TheOnlyVoterFindsAnHeirBeforeItLeaves) {
  Cluster cluster(2);
  cluster.leaves = true;
  EXPECT_TRUE(cluster.has_heir());
  EXPECT_EQ(cluster.step(), "add 2");
  EXPECT_EQ(cluster.step(), "promote 2");
  EXPECT_EQ(cluster.next_text(), "remove 1");
  cluster.set(2, State::failed);
  EXPECT_FALSE(cluster.has_heir());
}

/// Every cluster of up to five members, each in any state and any part: the steps come to an end,
/// none of them loses the majority (Cluster checks), and what comes of them is as it should be.
class VoterKeeperExhaustive : public testing::TestWithParam<std::size_t> {
 protected:
  enum class Part : std::uint8_t { voter, learner, stranger };

  static void expect_settled(Cluster& cluster, std::size_t wanted) {
    std::size_t live = 0;
    for (const Peer& peer : cluster.peers) live += peer.state == State::alive ? 1 : 0;
    const std::size_t able = std::min(live, wanted);
    const std::size_t goal = able - (able % 2 == 0 ? 1 : 0);
    EXPECT_EQ(cluster.membership.voters.size(), goal);
    EXPECT_EQ(cluster.live_voters(cluster.membership), goal);
    EXPECT_GE(goal + cluster.membership.learners.size(), able);
    for (const VoterId id : cluster.membership.learners) {
      EXPECT_EQ(cluster.peer(raft::number(id)).state, State::alive);
    }
    EXPECT_EQ(cluster.settle(), "");
  }
};

TEST_P(VoterKeeperExhaustive, EveryCaseEndsWell) {
  constexpr std::size_t members = 5;
  constexpr std::array<State, 3> states = {State::alive, State::failed, State::left};
  std::size_t cases = 0;
  for (std::size_t code = 0; code < 9 * 9 * 9 * 9; ++code) {
    Cluster cluster(members, GetParam());
    std::size_t rest = code;
    for (std::uint64_t id = 2; id <= members; ++id, rest /= 9) {
      cluster.peer(id).state = states[rest % 3];
      const Part part = static_cast<Part>(rest / 3 % 3);
      if (part == Part::voter) cluster.membership.voters.push_back(VoterId{id});
      if (part == Part::learner) cluster.membership.learners.push_back(VoterId{id});
    }
    // Without a majority nobody leads.
    if (cluster.live_voters(cluster.membership) < cluster.membership.quorum()) continue;
    ++cases;
    cluster.tell();
    cluster.wait(30s);
    cluster.settle();
    expect_settled(cluster, GetParam());
    if (HasFailure()) FAIL() << "case " << code;
  }
  EXPECT_GT(cases, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Wanted, VoterKeeperExhaustive, testing::Values(1, 3, 5));

}  // namespace
}  // namespace rollcall::consensus
