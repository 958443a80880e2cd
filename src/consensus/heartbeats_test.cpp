// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/heartbeats.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "registry/commands.hpp"

namespace rollcall::consensus {
namespace {

using namespace std::chrono_literals;
using registry::Heartbeat;

AgreementConfig config_of_a() {
  AgreementConfig config;
  config.self = "a";
  return config;
}

/// The leader, whose log may have more than has been applied here.
class HeartbeatsTest : public testing::Test {
 protected:
  HeartbeatsTest() { keeper.on_leading(registry, now); }

  std::uint64_t apply(decltype(registry::Command::action) action) {
    const auto applied =
        registry.apply({.term = 1,
                        .index = ++index,
                        .command = registry::encode({.request = {}, .action = std::move(action)})});
    EXPECT_TRUE(applied.has_value());
    keeper.on_applied(*applied, registry, now);
    return index;
  }
  std::uint64_t join() {
    registry::Join join{.group = "jobs", .member = {}};
    join.member.id = "x";
    join.member.address = "10.0.0.1:1";
    join.member.ttl = 2s;
    return apply(std::move(join));
  }
  void evict(std::uint64_t granted) {
    apply(registry::Evict{registry::Cause::removed, {{"jobs", "x", granted}}});
  }
  void heartbeat() { heartbeats.heartbeat(RequestToken{1}, "jobs", "x", now + 1s, keeper, at()); }
  void renew() { heartbeats.on_renew("b", {.token = 7, .group = "jobs", .id = "x"}, keeper, at()); }
  /// The log confirms the read that was asked for last.
  void confirm() {
    std::optional<ReadToken> read;
    for (const AgreementEffect& effect : effects) {
      if (const auto* const asked = std::get_if<ReadFromLog>(&effect)) read = asked->token;
    }
    ASSERT_TRUE(read.has_value());
    effects.clear();
    heartbeats.on_ready(*read, at());
    heartbeats.check_invariants();
  }
  /// What this member's client, or the other member, is told.
  std::optional<Heartbeat> told() {
    for (const AgreementEffect& effect : effects) {
      if (const auto* const own = std::get_if<HeartbeatAnswered>(&effect)) return *own->result;
      if (const auto* const sent = std::get_if<SendToMember>(&effect)) {
        return std::get<RenewReply>(sent->frame).outcome;
      }
    }
    return std::nullopt;
  }
  Moment at() {
    return {.now = now,
            .registry = registry,
            .leadership = leadership,
            .is_leading = true,
            .effects = effects};
  }

  Instant now{};
  std::uint64_t index = 0;
  registry::Registry registry{LifeId{1, 2}};
  registry::LeaseKeeper keeper;
  Leadership leadership{.is_leading = true, .term = 1, .leader = "a"};
  AgreementEffects effects;
  Heartbeats heartbeats{config_of_a()};
};

TEST_F(HeartbeatsTest, WhatIsStillThereWhenTheReadIsReadyIsRenewed) {
  join();
  heartbeat();
  confirm();
  EXPECT_EQ(told(), Heartbeat::renewed);
}

TEST_F(HeartbeatsTest, WhoWasEvictedByWhatWasNotAppliedYetHasRenewedNothing) {
  const std::uint64_t granted = join();
  heartbeat();
  evict(granted);
  confirm();
  EXPECT_EQ(told(), Heartbeat::no_such_lease);

  const std::uint64_t again = join();
  effects.clear();
  renew();
  evict(again);
  confirm();
  EXPECT_EQ(told(), Heartbeat::no_such_lease);
}

TEST_F(HeartbeatsTest, WhoseJoinWasNotAppliedYetIsNotedOnceMore) {
  renew();
  join();
  confirm();
  EXPECT_EQ(told(), Heartbeat::not_leading);

  evict(index);
  effects.clear();
  heartbeat();
  join();
  confirm();
  EXPECT_EQ(told(), std::nullopt);
  now = heartbeats.next_deadline();
  heartbeats.on_deadline(keeper, at());
  confirm();
  EXPECT_EQ(told(), Heartbeat::renewed);
}

/// It has no lease, and is told so at once.
TEST_F(HeartbeatsTest, AMemberWithoutALeaseIsNotAskedToWait) {
  registry::Join join{.group = "jobs", .member = {}};
  join.member.id = "x";
  join.member.address = "10.0.0.1:1";
  apply(std::move(join));
  heartbeat();
  confirm();
  EXPECT_EQ(told(), Heartbeat::no_such_lease);
}

}  // namespace
}  // namespace rollcall::consensus
