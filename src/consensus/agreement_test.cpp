// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/agreement.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/agreement_world_test.hpp"
#include "registry/limits.hpp"

namespace rollcall::consensus {
namespace {

/// Three members, m00 leads, and the first view is there.
class AgreementTest : public testing::Test {
 protected:
  AgreementTest() {
    world.lead("m00");
    world.run(1s);
  }
  ~AgreementTest() override { world.check(); }

  AgreementWorld world;
};

TEST_F(AgreementTest, AnswersWhatWasCommittedAndAppliedHere) {
  const auto join = world.join("m02", "jobs", client("a"));
  EXPECT_EQ(world.answer(join), "");
  world.run(100ms);
  EXPECT_EQ(world.answer(join), "done");
  EXPECT_EQ(world.results[join].number, 1U);
  EXPECT_TRUE(world.holds("m02", "jobs", "a"));
  EXPECT_TRUE(world.holds("m01", "jobs", "a"));
  const auto leave = world.leave("m01", "jobs", "a");
  world.run(100ms);
  EXPECT_EQ(world.answer(leave), "done");
  EXPECT_EQ(world.proposals, 3U);  // with the cluster's first view
}

TEST_F(AgreementTest, ProposesAgainWhatWasLost) {
  world.lose_next = 2;
  const auto join = world.join("m01", "jobs", client("a"));
  world.run(2900ms);
  EXPECT_EQ(world.answer(join), "");
  world.run(200ms);
  EXPECT_EQ(world.answer(join), "done");
}

TEST_F(AgreementTest, ProposesAgainSoonWhatWasRefused) {
  world.refuse_next = {LogRefusal::overloaded, LogRefusal::no_leader};
  const auto join = world.join("m01", "jobs", client("a"));
  world.run(100ms);
  EXPECT_EQ(world.answer(join), "done");
}

TEST_F(AgreementTest, ProposesAllAgainInOrderToANewLeader) {
  world.is_deaf = true;
  std::vector<RequestToken> asked;
  for (int i = 0; i < 20; ++i) {
    asked.push_back(world.join("m02", "jobs", client("c" + std::to_string(i))));
  }
  world.run(100ms);
  world.is_deaf = false;
  world.lead("m01");
  world.run(100ms);
  for (const RequestToken token : asked) EXPECT_EQ(world.answer(token), "done");
}

TEST_F(AgreementTest, DoesOnceWhatIsCommittedTwice) {
  world.lose_next = 1;
  const auto join = world.join("m01", "jobs", client("a"));
  world.run(100ms);
  world.lead("m02");
  world.run(100ms);
  EXPECT_EQ(world.answer(join), "done");
  const auto leave = world.leave("m00", "jobs", "a");
  world.run(100ms);
  EXPECT_EQ(world.answer(leave), "done");
  // The first copy of the join comes late: it must not bring the client back.
  const Committed first = *std::ranges::find_if(world.log, [](const Committed& one) {
    return !registry::peek_request(one.command)->client.is_nobody();
  });
  Committed again = first;
  again.index = world.log.back().index + 1;
  again.term = world.term;
  for (const char* name : {"m00", "m01", "m02"}) world.give(name, again);
  world.run(100ms);
  EXPECT_FALSE(world.holds("m00", "jobs", "a"));
  EXPECT_FALSE(world.holds("m01", "jobs", "a"));
}

TEST_F(AgreementTest, IgnoresWhatItHasApplied) {
  world.join("m01", "jobs", client("a"));
  world.run(100ms);
  const std::uint64_t number = world.registry("m01").find("jobs")->number();
  world.give("m01", world.log.back());
  world.run(100ms);
  EXPECT_EQ(world.registry("m01").find("jobs")->number(), number);
}

TEST_F(AgreementTest, TellsWhatMayHaveBeenDoneFromWhatWasNot) {
  world.is_deaf = true;
  const auto lost = world.join("m01", "jobs", client("a"), 500ms);
  world.run(499ms);
  EXPECT_EQ(world.answer(lost), "");
  world.run(2ms);
  EXPECT_EQ(world.answer(lost), "timeout");
  world.lead_nobody();
  world.run(100ms);
  const auto refused = world.join("m01", "jobs", client("b"), 500ms);
  world.run(501ms);
  EXPECT_EQ(world.answer(refused), "no-leader");
}

TEST_F(AgreementTest, RefusesWhatNoRuleAllows) {
  EXPECT_EQ(world.answer(world.join("m01", "cluster", client("a"))), "malformed");
  EXPECT_EQ(world.answer(world.join("m01", "jobs", client("no blanks"))), "malformed");
  EXPECT_EQ(world.answer(world.leave("m01", "", "a")), "malformed");
}

TEST_F(AgreementTest, SaysThatALogTakesNoCommandOfThatSize) {
  world.refuse_next = {LogRefusal::too_large};
  const auto join = world.join("m01", "jobs", client("a"));
  world.run(100ms);
  EXPECT_EQ(world.answer(join), "too-large");
  const auto next = world.join("m01", "jobs", client("a"));
  world.run(100ms);
  EXPECT_EQ(world.answer(next), "done");
}

TEST_F(AgreementTest, RestoresInTheMiddleOfARequest) {
  world.hosts.at("m01").is_cut_off = true;
  const auto join = world.join("m01", "jobs", client("a"));
  world.run(100ms);
  world.join("m02", "jobs", client("b"));
  world.run(100ms);
  world.restore("m01", "m02");
  world.reconnect("m01");
  EXPECT_EQ(world.hosts.at("m01").resets, 1U);
  EXPECT_TRUE(world.holds("m01", "jobs", "b"));
  world.run(2s);
  EXPECT_EQ(world.answer(join), "done");
  EXPECT_TRUE(world.holds("m00", "jobs", "a"));
}

TEST_F(AgreementTest, AnswersARequestWhoseCommitASnapshotSkipped) {
  const auto join = world.join("m01", "jobs", client("a"));
  world.hosts.at("m01").is_cut_off = true;  // proposed, but it will not see the outcome
  world.run(100ms);
  ASSERT_TRUE(world.holds("m02", "jobs", "a"));
  world.restore("m01", "m02");
  world.reconnect("m01");
  EXPECT_EQ(world.answer(join), "");
  world.run(100ms);
  EXPECT_EQ(world.answer(join), "done");
  EXPECT_EQ(world.results[join].number, 1U);
}

TEST_F(AgreementTest, StopsAtACommandOfALaterVersion) {
  ByteVector command = registry::encode({.request = {}, .action = registry::Leave{"j", "a", {}}});
  command[0] = std::byte{registry::command_version + 1};
  const std::uint64_t index = world.log.back().index + 1;
  world.give("m01", Committed{.term = world.term, .index = index, .command = command});
  const auto join = world.join("m01", "jobs", client("a"), 1s);
  world.run(100ms);
  EXPECT_NE(world.hosts.at("m01").agreement->trouble().find("later version"), std::string::npos);
  EXPECT_FALSE(world.holds("m01", "jobs", "a"));
  const auto read = world.read("m01", 1s);
  world.run(2s);
  EXPECT_EQ(world.answer(join), "timeout");
  EXPECT_EQ(world.answer(read), "timeout");
}

TEST_F(AgreementTest, StopsAtAnEntryThatContradictsThoseBefore) {
  const ByteVector command =
      registry::encode({.request = {}, .action = registry::Leave{"j", "a", {}}});
  const std::uint64_t index = world.log.back().index + 1;
  world.give("m01", Committed{.term = world.term - 1, .index = index, .command = command});
  world.run(10ms);
  EXPECT_NE(world.hosts.at("m01").agreement->trouble().find("contradicts"), std::string::npos);
  EXPECT_EQ(world.hosts.at("m00").agreement->trouble(), "");
}

TEST_F(AgreementTest, RefusesASnapshotOfAnotherCluster) {
  const registry::Registry other(LifeId{1, 1});
  world.give("m01", Restored{.term = 9, .index = 1000, .snapshot = other.snapshot()});
  world.run(10ms);
  EXPECT_NE(world.hosts.at("m01").agreement->trouble().find("another cluster"), std::string::npos);
  EXPECT_EQ(world.hosts.at("m01").resets, 0U);
}

TEST_F(AgreementTest, ReadsWhatWasCommittedBefore) {
  world.join("m00", "jobs", client("a"));
  world.run(3ms);
  const auto read = world.read("m02");
  world.run(20ms);
  EXPECT_EQ(world.answer(read), "ready");
  EXPECT_TRUE(world.holds("m02", "jobs", "a"));
}

TEST_F(AgreementTest, AsksAgainForARead) {
  world.lead_nobody();
  world.run(10ms);
  const auto early = world.read("m02", 100ms);
  const auto patient = world.read("m02", 5s);
  world.run(1s);
  EXPECT_EQ(world.answer(early), "no-leader");
  EXPECT_EQ(world.answer(patient), "");
  world.lead("m01");
  world.run(20ms);
  EXPECT_EQ(world.answer(patient), "ready");
}

TEST_F(AgreementTest, RemovesAClientForAnOperatorHoweverOftenItJoins) {
  world.join("m00", "jobs", client("a"));
  world.run(100ms);
  const auto removal = world.remove("m01", "jobs", "a");
  world.join("m00", "jobs", client("a"));
  world.join("m02", "jobs", client("a"));
  world.run(100ms);
  EXPECT_EQ(world.answer(removal), "done");
  EXPECT_EQ(world.answer(world.remove("m01", "jobs", "nobody")), "no-such-member");
  EXPECT_EQ(world.answer(world.remove("m01", "nothing", "a")), "no-such-group");
}

/// A small window and queue.
class WindowTest : public testing::Test {
 protected:
  WindowTest()
      : world({.configure = [](AgreementConfig& config) {
          config.requests_open_max = 4;
          config.requests_waiting_max = 3;
        }}) {
    world.lead("m00");
    world.run(1s);
  }
  ~WindowTest() override { world.check(); }
  std::vector<RequestToken> joins(int first, int last, Duration within = 5s) {
    std::vector<RequestToken> asked;
    for (int i = first; i <= last; ++i) {
      asked.push_back(world.join("m01", "jobs", client("c" + std::to_string(i)), within));
    }
    return asked;
  }

  AgreementWorld world;
};

TEST_F(WindowTest, HoldsRequestsBackAndRefusesBeyondTheQueue) {
  world.proposals = 0;
  const auto asked = joins(1, 8);
  EXPECT_EQ(world.proposals, 4U);
  EXPECT_EQ(world.answer(asked[7]), "overloaded");
  world.run(100ms);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(world.answer(asked[static_cast<std::size_t>(i)]), "done");
}

TEST_F(WindowTest, HoldsRequestsBackWhileTheLowestIsOpen) {
  joins(0, 0);
  world.run(100ms);
  world.lose_next = 1;
  const auto asked = joins(1, 7);
  world.run(500ms);
  // The window is over the numbers: the registry keeps the answers of all above the lowest.
  EXPECT_EQ(world.answer(asked[0]), "");
  EXPECT_EQ(world.answer(asked[3]), "done");
  EXPECT_EQ(world.answer(asked[4]), "");
  world.run(1s);
  EXPECT_EQ(world.answer(asked[0]), "done");
  EXPECT_EQ(world.answer(asked[6]), "done");
}

TEST_F(WindowTest, SaysWhyWhoWaitedInVainWasNotAsked) {
  world.is_deaf = true;
  const auto asked = joins(1, 7, 500ms);
  world.run(600ms);
  EXPECT_EQ(world.answer(asked[3]), "timeout");
  EXPECT_EQ(world.answer(asked[4]), "overloaded");
  world.lead_nobody();
  world.run(100ms);
  const auto others = joins(8, 14, 500ms);
  world.run(600ms);
  EXPECT_EQ(world.answer(others[3]), "no-leader");
  EXPECT_EQ(world.answer(others[4]), "no-leader");
}

TEST_F(WindowTest, BeginsAnotherSessionWhenNothingOfTheFirstArrived) {
  world.is_deaf = true;
  for (int round = 0; round < 5; ++round) {
    joins(1, 4, 100ms);
    world.run(200ms);
  }
  world.is_deaf = false;
  const auto asked = joins(1, 7);
  world.run(100ms);
  for (const RequestToken token : asked) EXPECT_NE(world.answer(token), "");
  EXPECT_EQ(world.answer(asked[0]), "done");
  EXPECT_EQ(world.answer(asked[6]), "done");
}

TEST_F(WindowTest, BeginsAnotherSessionWhenItsOwnIsForgotten) {
  for (const int number : {1, 2}) {
    const auto first = joins(number, number);
    world.run(100ms);
    EXPECT_EQ(world.answer(first[0]), "done");
  }
  // So many others are used that the one of m01 is pushed out.
  for (std::uint64_t i = 0; i <= registry::sessions_max; ++i) {
    registry::Command command{.request = {{9, i + 1}, 1, 1},
                              .action = registry::Leave{"jobs", "nobody", {}}};
    Committed next{.term = world.term,
                   .index = world.log.back().index + 1,
                   .command = registry::encode(command)};
    world.log.push_back(next);
    for (const char* name : {"m00", "m01", "m02"}) world.give(name, next);
  }
  world.run(1s);
  const auto later = joins(4, 6);
  world.run(100ms);
  for (const RequestToken token : later) EXPECT_EQ(world.answer(token), "done");
}

/// Peers' bytes are behind it: a lower term or index must not end the process.
TEST_F(AgreementTest, StopsFollowingWhereEntriesContradictThoseBefore) {
  world.lead("m00");
  world.join("m00", "jobs", client("a"));
  world.run(100ms);
  ASSERT_EQ(world.registry("m01").term(), world.term);
  Committed fallen = world.log.back();
  fallen.index += 10;
  fallen.term -= 1;
  world.give("m01", fallen);
  world.run(100ms);
  EXPECT_NE(world.hosts.at("m01").agreement->trouble().find("contradicts"), std::string::npos);
  EXPECT_EQ(world.hosts.at("m00").agreement->trouble(), "");
}

TEST_F(AgreementTest, StopsFollowingWhereASnapshotHasMoreThanItSays) {
  const std::uint64_t known = world.registry("m01").index();
  world.hosts.at("m01").is_cut_off = true;
  for (const char* id : {"a", "b", "c"}) world.join("m00", "jobs", client(id));
  world.run(100ms);
  AgreementWorld::Host& host = world.hosts.at("m01");
  host.log.clear();
  host.log.push_back(Restored{
      .term = world.term, .index = known + 1, .snapshot = world.registry("m00").snapshot()});
  for (const Committed& one : world.log) {
    if (one.index > known) host.log.push_back(one);
  }
  world.reconnect("m01");
  world.run(100ms);
  EXPECT_NE(host.agreement->trouble().find("contradicts"), std::string::npos);
}

}  // namespace
}  // namespace rollcall::consensus
