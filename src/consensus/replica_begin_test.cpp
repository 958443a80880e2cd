// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "consensus/replica.hpp"

/// One replica and every word to and from it: who may begin a log.
namespace rollcall::consensus {
namespace {

TEST(ReplicaBeginTest, WhoPromisedDoesNotBegin) {
  ReplicaConfig config;
  config.self = "b";
  config.raft.self = raft::VoterId{2};
  config.begins_alone = true;
  Instant now{};
  Replica replica = std::move(*Replica::create(config, {}, now));
  ReplicaEffects effects;
  const Peers peers = {{.name = "a", .life = {}, .voter = 1, .log = {}, .zone = {}, .address = {}},
                       {.name = "b", .life = {}, .voter = 2, .log = {}, .zone = {}, .address = {}}};

  replica.on_frame("a", BeginAsk{.from = raft::VoterId{1}, .token = 9}, now, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<SendFrame>(effects[0]).frame,
            Frame(BeginReply{.granted = true, .log = {}, .token = 9}));
  effects.clear();
  replica.on_frame("c", BeginAsk{.from = raft::VoterId{3}, .token = 1}, now, effects);
  EXPECT_EQ(std::get<SendFrame>(effects.at(0)).frame,
            Frame(BeginReply{.granted = false, .log = {}, .token = 1}));
  effects.clear();
  replica.on_peers(peers, now, effects);
  EXPECT_TRUE(replica.log().is_nobody());

  const Instant promised_until = now + config.begin_promise;
  while (now < promised_until) {
    EXPECT_TRUE(replica.log().is_nobody());
    ASSERT_GT(replica.next_deadline(), now);
    now = replica.next_deadline();
    replica.on_deadline(now, effects);
  }
  EXPECT_EQ(now, promised_until);
  EXPECT_FALSE(replica.log().is_nobody());
}

TEST(ReplicaBeginTest, WhoLostItsLogBeginsNoOther) {
  ReplicaConfig config;
  config.self = "b";
  config.raft.self = raft::VoterId{2};
  config.begins_alone = true;
  config.lost_log = {7, 7};
  Instant now{};
  Replica replica = std::move(*Replica::create(config, {}, now));
  ReplicaEffects effects;
  const Peers peers = {{.name = "a", .life = {}, .voter = 1, .log = {}, .zone = {}, .address = {}},
                       {.name = "b", .life = {}, .voter = 2, .log = {}, .zone = {}, .address = {}}};
  replica.on_peers(peers, now, effects);
  for (int i = 0; i < 100 && replica.next_deadline() < never; ++i) {
    now = std::max(now, replica.next_deadline());
    replica.on_deadline(now, effects);
  }
  EXPECT_TRUE(replica.log().is_nobody());
  EXPECT_NE(replica.status(now).trouble.find(to_text(config.lost_log)), std::string::npos)
      << replica.status(now).trouble;

  // Nor may others: whoever has the log is only not here yet.
  effects.clear();
  replica.on_frame("a", BeginAsk{.from = raft::VoterId{1}, .token = 9}, now, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<SendFrame>(effects[0]).frame,
            Frame(BeginReply{.granted = false, .log = {}, .token = 9}));
}

TEST(ReplicaBeginTest, WhoHasLeftAndComesBackLeavesNoMore) {
  ReplicaConfig config;
  config.self = "a";
  config.raft.self = raft::VoterId{1};
  const Instant now{};
  Replica replica = std::move(*Replica::create(config, {}, now));
  ReplicaEffects effects;
  Peers peers = {{.name = "a", .life = {1, {1, 1}}, .voter = 1, .log = {}, .zone = {}}};
  replica.on_peers(peers, now, effects);
  replica.prepare_to_leave(now, effects);
  EXPECT_TRUE(replica.has_handed_over());
  replica.on_peers(peers, now, effects);
  EXPECT_TRUE(replica.has_handed_over());

  peers[0].life = {2, {2, 2}};
  replica.on_peers(peers, now, effects);

  EXPECT_FALSE(replica.has_handed_over()) << "there is nothing to hand over";
}

TEST(ReplicaBeginTest, WhoWasStoppedWhileItBeganBeginsTheSameLogAgain) {
  ReplicaConfig config;
  config.self = "a";
  config.raft.self = raft::VoterId{1};
  config.begins_alone = true;
  config.seed = 3;
  Instant now{};
  const Peers peers = {{.name = "a", .life = {}, .voter = 1, .log = {}, .zone = {}, .address = {}}};
  Replica first = std::move(*Replica::create(config, {}, now));
  ReplicaEffects effects;
  first.on_peers(peers, now, effects);
  const LogId log = std::get<KeepLog>(effects.at(0)).log;
  ASSERT_TRUE(std::holds_alternative<raft::Store>(effects.at(1)));

  config.seed = 4;
  config.begins_alone = false;
  Replica again = std::move(*Replica::create(config, {.log = log, .raft = {}}, now));
  effects.clear();
  again.on_peers(peers, now, effects);
  EXPECT_EQ(again.log(), log);
  EXPECT_TRUE(std::holds_alternative<raft::Store>(effects.at(0)));

  // Another member's log is none that it may begin.
  config.raft.self = raft::VoterId{2};
  config.begins_alone = true;
  Replica other = std::move(*Replica::create(config, {.log = log, .raft = {}}, now));
  effects.clear();
  other.on_peers(peers, now, effects);
  EXPECT_TRUE(effects.empty());
}

}  // namespace
}  // namespace rollcall::consensus
