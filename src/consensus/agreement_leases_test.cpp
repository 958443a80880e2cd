// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "consensus/agreement.hpp"
#include "consensus/agreement_world_test.hpp"

namespace rollcall::consensus {
namespace {

class LeasesTest : public testing::Test {
 protected:
  LeasesTest() {
    world.lead("m00");
    world.run(1s);
    world.join("m02", "jobs", client("a", 2s));
    world.run(100ms);
  }
  ~LeasesTest() override { world.check(); }
  [[nodiscard]] bool holds(const std::string& at = "m00") const {
    return world.holds(at, "jobs", "a");
  }
  /// Heartbeats at a member every 500 ms.
  void beat(const std::string& at, Duration time) {
    for (Duration spent{}; spent < time; spent += 500ms) {
      const auto token = world.heartbeat(at, "jobs", "a");
      world.run(500ms);
      EXPECT_EQ(world.answer(token), "renewed");
    }
  }

  AgreementWorld world;
};

TEST_F(LeasesTest, EvictsWhoIsSilent) {
  world.run(1880ms);
  EXPECT_TRUE(holds());
  world.run(200ms);
  EXPECT_FALSE(holds());
  EXPECT_EQ(world.registry("m01").find("jobs")->cause(), registry::Cause::expired);
  const auto late = world.heartbeat("m02", "jobs", "a");
  world.run(100ms);
  EXPECT_EQ(world.answer(late), "no-such-lease");
}

TEST_F(LeasesTest, RenewsByHeartbeatsAtAnyMember) {
  const std::size_t proposals = world.proposals;
  beat("m00", 3s);
  beat("m02", 3s);
  EXPECT_TRUE(holds());
  EXPECT_EQ(world.proposals, proposals);
}

TEST_F(LeasesTest, AnswersOnlyAfterAConfirmation) {
  world.is_read_held = true;
  const auto own = world.heartbeat("m00", "jobs", "a");
  const auto first = world.heartbeat("m02", "jobs", "a");
  world.run(10ms);
  const auto second = world.heartbeat("m01", "jobs", "a");
  world.run(100ms);
  // All that came after the first share one read, which is asked when the first's is answered.
  EXPECT_EQ(world.held_reads.size(), 1U);
  EXPECT_EQ(world.answer(own), "");
  world.held_reads[0]();
  world.run(10ms);
  EXPECT_EQ(world.answer(own), "renewed");
  EXPECT_EQ(world.answer(first), "");
  ASSERT_EQ(world.held_reads.size(), 2U);
  world.held_reads[1]();
  world.run(10ms);
  EXPECT_EQ(world.answer(first), "renewed");
  EXPECT_EQ(world.answer(second), "renewed");
}

TEST_F(LeasesTest, IsNotRenewedByADeposedLeader) {
  world.usurp("m01");
  world.run(100ms);
  ASSERT_TRUE(world.hosts.at("m00").agreement->leadership().is_leading);
  const auto lost = world.heartbeat("m00", "jobs", "a", 300ms);
  world.run(400ms);
  EXPECT_EQ(world.answer(lost), "timeout");
  // As soon as it learns who leads, it asks there.
  const auto kept = world.heartbeat("m00", "jobs", "a", 2s);
  world.run(100ms);
  EXPECT_EQ(world.answer(kept), "");
  world.reconnect("m00");
  world.run(100ms);
  EXPECT_EQ(world.answer(kept), "renewed");
}

TEST_F(LeasesTest, TellsOthersToAskAgainWhenItLeadsNoLonger) {
  world.is_read_held = true;
  const auto token = world.heartbeat("m02", "jobs", "a", 2s);
  world.run(100ms);
  world.is_read_held = false;
  world.lead("m01");
  world.run(100ms);
  EXPECT_EQ(world.answer(token), "renewed");
}

TEST_F(LeasesTest, WaitsForALeader) {
  world.lead_nobody();
  world.run(10ms);
  const auto early = world.heartbeat("m02", "jobs", "a", 100ms);
  const auto patient = world.heartbeat("m02", "jobs", "a", 2s);
  world.run(500ms);
  EXPECT_EQ(world.answer(early), "no-leader");
  world.lead("m02");
  world.run(100ms);
  EXPECT_EQ(world.answer(patient), "renewed");
}

TEST_F(LeasesTest, AsksAgainWhenAFrameIsLost) {
  int lost = 1;
  world.drops = [&](const std::string&, const std::string&, const Frame& frame) {
    return std::holds_alternative<Renew>(frame) && lost-- > 0;
  };
  const auto token = world.heartbeat("m02", "jobs", "a", 1500ms);
  world.run(1500ms);
  EXPECT_EQ(world.answer(token), "renewed");
}

TEST_F(LeasesTest, GivesEveryLeaseItsWholeTimeUnderANewLeader) {
  world.run(1500ms);
  world.lead("m01");
  world.run(1900ms);
  EXPECT_TRUE(holds());
  world.run(300ms);
  EXPECT_FALSE(holds());
}

/// The heartbeat came in time, and was read after the deadline.
TEST_F(LeasesTest, EvictsNobodyWhoseHeartbeatCameWhileTheLeaderSlept) {
  world.run(1200ms);
  world.doze("m00");
  const auto token = world.heartbeat("m02", "jobs", "a", 2s);
  world.run(1s);
  world.wake("m00");
  world.run(100ms);
  EXPECT_EQ(world.answer(token), "renewed");
  EXPECT_TRUE(holds());
  world.run(2500ms);
  EXPECT_FALSE(holds());
}

TEST_F(LeasesTest, GivesEveryLeaseItsWholeTimeAfterAPause) {
  world.run(1500ms);
  world.hosts.at("m00").agreement->on_paused(2s, world.now);
  world.run(1900ms);
  EXPECT_TRUE(holds());
  world.run(300ms);
  EXPECT_FALSE(holds());
}

TEST_F(LeasesTest, EvictsThoughTheFirstProposalWasLost) {
  world.run(1800ms);
  world.is_deaf = true;
  world.run(500ms);
  EXPECT_TRUE(holds());
  world.is_deaf = false;
  world.run(1s);
  EXPECT_FALSE(holds());
}

TEST_F(LeasesTest, LeavesAloneWhoJoinsWhileItsEvictionIsUnderWay) {
  world.run(1800ms);
  world.is_deaf = true;
  world.run(300ms);
  world.is_deaf = false;
  const auto again = world.join("m02", "jobs", client("a", 10s));
  world.run(2s);
  EXPECT_EQ(world.answer(again), "done");
  EXPECT_TRUE(holds());
}

TEST_F(LeasesTest, EvictsNobodyOnceDeposed) {
  world.run(1800ms);
  world.is_deaf = true;
  world.run(300ms);
  world.lead("m01");
  world.run(100ms);
  world.is_deaf = false;
  beat("m02", 4s);
  EXPECT_TRUE(holds());
}

TEST_F(LeasesTest, MarksItsDecisionsWithItsTerm) {
  Agreement& leader = *world.hosts.at("m00").agreement;
  AgreementEffects effects;
  const Instant due = leader.next_deadline();
  leader.on_deadline(due, effects);
  ASSERT_EQ(effects.size(), 1U);
  const auto& proposal = std::get<ProposeToLog>(effects[0]);
  EXPECT_EQ(proposal.term, world.term);
  EXPECT_TRUE(leader.is_current(proposal));
  // Deposed before it was performed: another leader must not get it.
  const Leadership other{.is_leading = false, .term = world.term + 1, .leader = "m01"};
  leader.on_log(other, due, effects);
  EXPECT_FALSE(leader.is_current(std::get<ProposeToLog>(effects[0])));
  world.now += 2s;
}

TEST_F(LeasesTest, RefusesMoreHeartbeatsThanItCanHold) {
  AgreementWorld small(
      {.configure = [](AgreementConfig& config) { config.heartbeats_open_max = 2; }});
  small.heartbeat("m01", "jobs", "a");
  small.heartbeat("m01", "jobs", "b");
  EXPECT_EQ(small.answer(small.heartbeat("m01", "jobs", "c")), "overloaded");
}

registry::MemberSpec checked(const std::string& id) {
  registry::MemberSpec spec = client(id);
  spec.check = {.kind = registry::CheckKind::tcp,
                .target = "10.0.0.1:80",
                .interval = 1s,
                .timeout = 500ms,
                .misses = 3};
  return spec;
}

/// Thirty clients with checks, over four members.
class ChecksTest : public testing::Test {
 protected:
  ChecksTest() : world({.members = 4}) {
    world.lead("m00");
    world.run(1s);
    for (int i = 0; i < 30; ++i) world.join("m01", "jobs", checked("c" + std::to_string(i)));
    world.run(200ms);
  }
  ~ChecksTest() override { world.check(); }
  /// Everybody is looked after by exactly the responsible member.
  void expect_covered() {
    std::size_t count = 0;
    for (const auto& [name, host] : world.hosts) {
      if (world.dead.contains(name)) continue;
      for (const auto& [key, granted] : host.checking) {
        EXPECT_EQ(world.registry("m00").responsible("jobs", key.substr(5)), name);
        EXPECT_EQ(world.registry("m00").find("jobs")->find(key.substr(5))->granted, granted);
        ++count;
      }
    }
    EXPECT_EQ(count, world.registry("m00").find("jobs")->size());
  }
  registry::LeaseName lease_at(const std::string& name) {
    const auto& [key, granted] = *world.hosts.at(name).checking.begin();
    return {.group = "jobs", .id = key.substr(5), .granted = granted};
  }

  AgreementWorld world;
};

TEST_F(ChecksTest, SharesThemOut) {
  expect_covered();
  for (const auto& [name, host] : world.hosts) EXPECT_FALSE(host.checking.empty()) << name;
}

TEST_F(ChecksTest, TakesOverWhatAFailedMemberLookedAfter) {
  const std::size_t before = world.hosts.at("m01").checks.size();
  const std::size_t orphans = world.hosts.at("m03").checking.size();
  world.kill("m03");
  world.tell_peers();
  world.run(2s);
  ASSERT_EQ(world.registry("m00").cluster().size(), 3U);
  expect_covered();
  EXPECT_LE(world.hosts.at("m01").checks.size(), before + orphans);
}

TEST_F(ChecksTest, GivesANewMemberItsShare) {
  world.peers["m03"].state = Peer::State::left;
  world.tell_peers();
  world.run(1s);
  ASSERT_EQ(world.registry("m00").cluster().size(), 3U);
  expect_covered();
  world.peers["m03"] = peer_of("m03", 2);
  world.tell_peers();
  world.run(1s);
  expect_covered();
  EXPECT_FALSE(world.hosts.at("m03").checking.empty());
  world.peers["m02"].life = life(2);  // a quick restart moves nothing
  world.tell_peers();
  world.run(1s);
  expect_covered();
}

TEST_F(ChecksTest, EndsWithTheClientAndFollowsItsLease) {
  world.leave("m00", "jobs", "c1");
  world.join("m00", "jobs", checked("c2"));  // says nothing new, but the lease has another name
  world.join("m00", "jobs", client("c3"));   // without a check now
  world.run(100ms);
  world.leave("m00", "jobs", "c3");
  world.run(100ms);
  expect_covered();
}

TEST_F(ChecksTest, EvictsWhomTheResponsibleMemberFindsFailed) {
  for (const char* const name : {"m00", "m01"}) {
    const registry::LeaseName lease = lease_at(name);
    world.check_failed(name, lease);
    world.check_failed(name, lease);
    world.run(100ms);
    EXPECT_FALSE(world.holds("m02", "jobs", lease.id));
    EXPECT_EQ(world.registry("m02").find("jobs")->cause(), registry::Cause::check_failed);
  }
  expect_covered();
}

TEST_F(ChecksTest, BelievesNobodyElse) {
  const registry::LeaseName lease = lease_at("m01");
  world.check_failed("m02", lease);
  AgreementEffects effects;
  world.hosts.at("m00").agreement->on_frame("m02", CheckFailed{lease}, world.now, effects);
  registry::LeaseName other = lease;
  ++other.granted;
  world.hosts.at("m00").agreement->on_frame("m01", CheckFailed{other}, world.now, effects);
  EXPECT_TRUE(effects.empty());
  world.run(1s);
  EXPECT_TRUE(world.holds("m02", "jobs", lease.id));
}

TEST_F(ChecksTest, BeginsAnewAfterASnapshot) {
  world.hosts.at("m02").is_cut_off = true;
  world.leave("m00", "jobs", "c1");
  world.run(100ms);
  world.restore("m02", "m00");
  world.reconnect("m02");
  world.run(100ms);
  EXPECT_EQ(world.hosts.at("m02").resets, 1U);
  expect_covered();
}

}  // namespace
}  // namespace rollcall::consensus
