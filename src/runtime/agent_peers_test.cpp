// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_peers.hpp"

#include <string>

#include <gtest/gtest.h>

#include "runtime/agent_tags.hpp"
#include "wire/tags.hpp"

namespace rollcall::runtime {
namespace {

using Standing = LogEngine::Standing;

constexpr consensus::LogId some_log = {0x0123456789abcdef, 0xfedcba9876543210};

TEST(StandingTagTest, SaysTheSameWhenItIsReadBack) {
  const Standing voter{.voter = 0xabc, .log = some_log, .expects = 3};
  const Standing waiting{.voter = 7, .log = {}, .expects = 5};

  EXPECT_EQ(standing_text(voter), "0000000000000abc.0123456789abcdeffedcba9876543210.3");
  EXPECT_EQ(parse_standing(standing_text(voter)), voter);
  EXPECT_EQ(parse_standing(standing_text(waiting)), waiting);
  EXPECT_EQ(parse_standing(standing_text({})), Standing{}) << "who does not vote takes part";
  EXPECT_LE(standing_tag.size() + standing_text(voter).size() + 3 + 4, system_tag_bytes_max);
}

TEST(StandingTagTest, RefusesWhatNobodyOfThisVersionWrote) {
  for (const char* wrong : {"", ".", "..", "abc..3", "0000000000000abc.3", "000000000000zabc..3",
                            "0000000000000abc.1.3", "0000000000000abc..", "0000000000000abc..70000",
                            "0000000000000abc..-1"}) {
    EXPECT_FALSE(parse_standing(wrong)) << wrong;
  }
}

class AgentPeersTest : public testing::Test {
 protected:
  core::Slot put(const std::string& name, const wire::Tags& tags = {},
                 core::State state = core::State::alive) {
    return table_.put({.name = name,
                       .life = {1, {1, hash_bytes(name)}},
                       .state = state,
                       .address = Address::v4(10, 0, 0, 1, 7420),
                       .tags = *wire::encode_tags(tags)});
  }
  bool update() { return peers_.update(table_, table_.take_changed()); }
  std::string names() const {
    std::string names;
    for (const consensus::Peer& peer : peers_.list()) names += peer.name + " ";
    return names;
  }

  core::MemberTable table_;
  AgentPeers peers_;
};

TEST_F(AgentPeersTest, ListsEverybodyByName) {
  put("c");
  put("a", {}, core::State::failed);
  put("b", {}, core::State::left);

  EXPECT_TRUE(update());

  EXPECT_EQ(names(), "a b c ");
  EXPECT_EQ(peers_.list()[0].state, consensus::Peer::State::failed);
  EXPECT_EQ(peers_.list()[2].address, "10.0.0.1:7420");
}

TEST_F(AgentPeersTest, ReadsZoneAndStandingFromTheTags) {
  const Standing standing{.voter = 9, .log = some_log, .expects = 3};
  put("a", {{"zone", "north"}, {std::string(standing_tag), standing_text(standing)}});

  update();

  const consensus::Peer peer = peers_.list().front();
  EXPECT_EQ(peer.zone, "north");
  EXPECT_EQ((Standing{.voter = peer.voter, .log = peer.log, .expects = peer.expects}), standing);
}

TEST_F(AgentPeersTest, WhatIsNoneOfItsMatterIsNoNews) {
  const core::Slot slot = put("a");
  EXPECT_TRUE(update());

  table_.set_rtt(slot, std::chrono::milliseconds(3));
  put("a", {{"role", "web"}});

  EXPECT_FALSE(update());
}

TEST_F(AgentPeersTest, ForgetsWhoIsGoneAndLetsHimComeBack) {
  const core::Slot slot = put("a");
  put("b");
  update();

  table_.erase(slot);
  EXPECT_TRUE(update());
  EXPECT_EQ(names(), "b ");

  put("a");
  EXPECT_TRUE(update());
  EXPECT_EQ(names(), "a b ");
}

TEST_F(AgentPeersTest, ATenantOfAnotherNameTakesTheSlotOver) {
  const core::Slot slot = put("a");
  update();

  table_.erase(slot);
  put("z");

  EXPECT_TRUE(update());
  EXPECT_EQ(names(), "z ");
}

}  // namespace
}  // namespace rollcall::runtime
