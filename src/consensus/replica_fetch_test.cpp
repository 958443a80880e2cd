// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/replica.hpp"

/// One replica and every word to and from it: how members without a vote follow, and are served.
namespace rollcall::consensus {
namespace {

using namespace std::chrono_literals;

constexpr LogId log{.high = 1, .low = 2};

raft::Entry command(std::uint64_t index) {
  return {.index = raft::Index{index}, .term = raft::Term{2}, .payload = ByteVector(1)};
}

class Driven {
 public:
  explicit Driven(std::uint64_t voter, std::size_t held_max = 8) {
    ReplicaConfig config;
    config.self = "a";
    config.raft.self = raft::VoterId{voter};
    config.begins_alone = voter != 0;
    config.fetches_held_max = held_max;
    replica_.emplace(std::move(*Replica::create(config, {}, now)));
    Peers peers(3);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      peers[i].name = std::string(1, static_cast<char>('a' + i));
      if (i > 0 && voter == 0) peers[i].voter = i + 1;
      if (i > 0 && voter == 0) peers[i].log = log;
    }
    replica_->on_peers(peers, now, effects_);
    settle();
    if (voter != 0) wait(1ms);  // the only voter is soon elected
  }

  Instant now{};
  std::vector<SendFrame> sent;
  std::vector<std::uint64_t> given;     // indexes of commands
  std::vector<std::uint64_t> restored;  // indexes of snapshots

  Replica& replica() { return *replica_; }
  void hear(const std::string& from, Frame frame) {
    replica_->on_frame(from, std::move(frame), now, effects_);
    settle();
  }
  void wait(Duration duration) {
    const Instant end = now + duration;
    while (replica_->next_deadline() <= end) {
      now = std::max(now, replica_->next_deadline());
      replica_->on_deadline(now, effects_);
      settle();
    }
    now = end;
  }
  void propose() {
    replica_->propose(ProposalToken{1}, ByteVector(1), now, effects_);
    settle();
  }
  /// The only frame since the last one of these.
  template <class Wanted>
  Wanted only(std::string* to = nullptr) {
    EXPECT_EQ(sent.size(), 1U);
    const SendFrame one = sent.empty() ? SendFrame() : sent.back();
    sent.clear();
    if (to != nullptr) *to = one.to;
    const auto* wanted = std::get_if<Wanted>(&one.frame);
    EXPECT_NE(wanted, nullptr);
    return wanted == nullptr ? Wanted() : *wanted;
  }

 private:
  void settle() {
    while (!effects_.empty()) {
      for (ReplicaEffect& effect : std::exchange(effects_, {})) {
        if (auto* send = std::get_if<SendFrame>(&effect)) sent.push_back(std::move(*send));
        if (auto* store = std::get_if<raft::Store>(&effect)) {
          replica_->on_stored(store->id, now, effects_);
        }
        if (auto* event = std::get_if<LogEvent>(&effect)) note(*event);
      }
    }
  }
  void note(const LogEvent& event) {
    if (const auto* one = std::get_if<Committed>(&event)) given.push_back(one->index);
    if (const auto* one = std::get_if<Restored>(&event)) restored.push_back(one->index);
  }

  std::optional<Replica> replica_;
  ReplicaEffects effects_;
};

FetchReply reply_to(const Fetch& fetch, std::uint64_t upto, std::vector<raft::Entry> entries) {
  return {
      .log = log,
      .token = fetch.token,
      .term = raft::Term{2},
      .leader = "b",
      .voters = {"b", "c"},
      .stale_ms = 0,
      .what = FetchedEntries{
          .entries = std::move(entries), .upto = raft::Index{upto}, .applied = raft::Index{upto}}};
}

// --- the follower --------------------------------------------------------------------------------
TEST(ReplicaFollowTest, GivesUpEachCommandOnce) {
  Driven follower(0);
  std::string voter;
  Fetch fetch = follower.only<Fetch>(&voter);
  EXPECT_EQ(fetch.after, raft::Index{0});

  follower.hear(voter, reply_to(fetch, 3, {command(2), command(3)}));
  fetch = follower.only<Fetch>();
  EXPECT_EQ(fetch.after, raft::Index{3});
  EXPECT_EQ(fetch.log, log);

  follower.hear(voter, reply_to(fetch, 5, {command(2), command(3), command(5)}));
  EXPECT_EQ(follower.given, (std::vector<std::uint64_t>{2, 3, 5}));
}

TEST(ReplicaFollowTest, BelievesNoAnswerToWhatItDidNotAsk) {
  Driven follower(0);
  std::string voter;
  const Fetch fetch = follower.only<Fetch>(&voter);

  Fetch other = fetch;
  ++other.token;
  follower.hear(voter, reply_to(other, 3, {command(3)}));
  follower.hear(voter == "b" ? "c" : "b", reply_to(fetch, 3, {command(3)}));
  follower.hear(voter, reply_to(fetch, 3, {command(3)}));
  follower.hear(voter, reply_to(fetch, 4, {command(4)}));

  EXPECT_EQ(follower.given, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(follower.replica().counters().frames_late, 3U);
}

TEST(ReplicaFollowTest, AsksTheNextOneWhenNobodyAnswers) {
  Driven follower(0);
  std::string first;
  (void)follower.only<Fetch>(&first);
  follower.wait(2499ms);
  EXPECT_TRUE(follower.sent.empty());
  follower.wait(21ms);
  std::string second;
  (void)follower.only<Fetch>(&second);
  EXPECT_NE(first, second);
}

TEST(ReplicaFollowTest, DoesNotHurryAVoterThatDoesNotWait) {
  Driven follower(0);
  std::string voter;
  Fetch fetch = follower.only<Fetch>(&voter);
  int asked = 0;
  for (int i = 0; i < 1000; ++i) {
    follower.hear(voter, reply_to(fetch, 0, {}));
    follower.wait(1ms);
    if (follower.sent.empty()) continue;
    ++asked;
    fetch = follower.only<Fetch>();
  }
  EXPECT_LE(asked, 50);
}

TEST(ReplicaFollowTest, PutsASnapshotTogetherAndBeginsAnewWithAnother) {
  Driven follower(0);
  std::string voter;
  Fetch fetch = follower.only<Fetch>(&voter);
  const auto piece = [&](std::uint64_t index, std::uint64_t offset, std::size_t size) {
    FetchReply reply = reply_to(fetch, 0, {});
    reply.what = FetchedPiece{.snapshot = {.term = raft::Term{2}, .index = raft::Index{index}},
                              .size = 10,
                              .offset = offset,
                              .data = ByteVector(size)};
    follower.hear(voter, reply);
  };
  piece(20, 0, 4);
  fetch = follower.only<Fetch>();
  EXPECT_EQ(fetch.snapshot.index, raft::Index{20});
  EXPECT_EQ(fetch.offset, 4U);
  piece(30, 0, 4);
  fetch = follower.only<Fetch>();
  EXPECT_EQ(fetch.offset, 4U);
  EXPECT_TRUE(follower.restored.empty());
  piece(30, 4, 6);
  fetch = follower.only<Fetch>();
  EXPECT_EQ(fetch.after, raft::Index{30});
  EXPECT_EQ(follower.restored, (std::vector<std::uint64_t>{30}));
}

TEST(ReplicaFollowTest, TakesNothingOfAnotherLog) {
  Driven follower(0);
  std::string voter;
  Fetch fetch = follower.only<Fetch>(&voter);
  follower.hear(voter, reply_to(fetch, 1, {command(1)}));
  fetch = follower.only<Fetch>();
  FetchReply other = reply_to(fetch, 2, {command(2)});
  other.log = {.high = 8, .low = 8};
  follower.hear(voter, other);
  EXPECT_EQ(follower.given, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(follower.replica().counters().frames_of_another_log, 1U);
}

// --- the voter -----------------------------------------------------------------------------------
/// Whoever speaks for a voter that nobody knows is answered, but not for as many as it likes.
TEST(ReplicaServeTest, RemembersNotMoreStrangersThanItMay) {
  constexpr std::uint64_t strangers = 2000;
  constexpr std::size_t known_max = 300;  // 3 peers, and 256 besides
  Driven voter(1);
  voter.propose();
  voter.sent.clear();
  const LogId own = voter.replica().log();
  for (std::uint64_t id = 100; id < 100 + strangers; ++id) {
    const raft::VoteRequest request{
        .term = raft::Term{1}, .kind = raft::VoteKind::vote, .cause = {}, .last = {}};
    voter.hear(
        "b",
        RaftFrame{
            .log = own, .from = raft::VoterId{id}, .to = raft::VoterId{1}, .message = request});
  }
  EXPECT_GT(voter.sent.size(), 0U);
  EXPECT_LT(voter.sent.size(), known_max);
  EXPECT_EQ(voter.sent.size() + voter.replica().counters().sends_without_name, strangers);
}

Fetch question(std::uint64_t after, std::uint32_t patience_ms = 100) {
  return {.log = {}, .token = after + 1, .after = raft::Index{after}, .patience_ms = patience_ms};
}

TEST(ReplicaServeTest, AnswersAtOnceWhatItHasAndHoldsWhatItHasNot) {
  Driven voter(1);
  voter.propose();
  voter.hear("x", question(0));
  const auto first = voter.only<FetchReply>();
  const auto& entries = std::get<FetchedEntries>(first.what);
  ASSERT_EQ(entries.entries.size(), 1U);
  EXPECT_EQ(first.leader, "a");
  EXPECT_EQ(first.voters, std::vector<std::string>{"a"});

  voter.hear("x", question(raft::number(entries.upto)));
  EXPECT_TRUE(voter.sent.empty());
  voter.propose();
  const auto second = voter.only<FetchReply>();
  EXPECT_EQ(std::get<FetchedEntries>(second.what).entries.size(), 1U);
  EXPECT_EQ(second.token, raft::number(entries.upto) + 1);
}

TEST(ReplicaServeTest, AnswersWithNothingWhenThePatienceIsOver) {
  Driven voter(1);
  voter.hear("x", question(50));
  voter.wait(99ms);
  EXPECT_TRUE(voter.sent.empty());
  voter.wait(1ms);
  const auto reply = voter.only<FetchReply>();
  EXPECT_TRUE(std::get<FetchedEntries>(reply.what).entries.empty());
  EXPECT_EQ(std::get<FetchedEntries>(reply.what).upto, raft::Index{50});
}

TEST(ReplicaServeTest, HoldsNoMoreThanItMay) {
  Driven voter(1, 2);
  for (const char* name : {"x", "y", "x", "z"}) voter.hear(name, question(50));
  std::string to;
  (void)voter.only<FetchReply>(&to);
  EXPECT_EQ(to, "z");
}

TEST(ReplicaServeTest, WhoHasNoVoteSaysWhoHas) {
  Driven follower(0);
  std::string voter;
  const Fetch fetch = follower.only<Fetch>(&voter);
  follower.hear(voter, reply_to(fetch, 1, {}));
  follower.sent.clear();
  follower.hear("x", question(0));
  const auto reply = follower.only<FetchReply>();
  EXPECT_TRUE(std::holds_alternative<FetchElsewhere>(reply.what));
  EXPECT_EQ(reply.voters, (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace rollcall::consensus
