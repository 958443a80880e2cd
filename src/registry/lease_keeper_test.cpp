// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/lease_keeper.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

/// A leader: a registry, and the keeper of its leases.
class Leader {
 public:
  Leader() { keeper.on_leading(registry, now); }

  Applied apply(std::variant<Join, Leave, Evict, ChangeCluster> action) {
    const ByteVector bytes = encode({.request = {}, .action = std::move(action)});
    auto applied = registry.apply({.term = 1, .index = registry.index() + 1, .command = bytes});
    keeper.on_applied(*applied, registry, now);
    return std::move(*applied);
  }
  /// Time goes by; whatever runs out is evicted at once. The ids, as they go.
  std::string wait(Duration time) {
    const Instant end = now + time;
    std::string gone;
    while (keeper.next_deadline() <= end) {
      now = keeper.next_deadline();
      if (const auto evict = keeper.on_deadline(now)) {
        for (const LeaseName& one : evict->leases) gone += one.id + " ";
        apply(*evict);
      }
    }
    now = end;
    return gone;
  }
  [[nodiscard]] bool holds(std::string_view id) const {
    const Group* const group = registry.find("jobs");
    return group != nullptr && group->find(id) != nullptr;
  }

  Registry registry{LifeId{7, 7}};
  LeaseKeeper keeper;
  Instant now{1h};
};

TEST(LeaseKeeperTest, EvictsWhoIsSilentForItsTtl) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.apply(Join{"jobs", client("b", 5s)});
  leader.apply(Join{"jobs", client("c")});
  EXPECT_EQ(leader.keeper.size(), 2U);
  EXPECT_EQ(leader.wait(1999ms), "");
  EXPECT_EQ(leader.wait(1ms), "a ");
  EXPECT_EQ(leader.wait(3s), "b ");
  EXPECT_EQ(leader.keeper.next_deadline(), never);
  EXPECT_TRUE(leader.holds("c"));
}

TEST(LeaseKeeperTest, RenewsByHeartbeatsAndByJoins) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.wait(1500ms);
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::renewed);
  leader.wait(1500ms);
  EXPECT_EQ(leader.apply(Join{"jobs", client("a", 2s)}).result.status, Status::unchanged);
  EXPECT_EQ(leader.wait(1999ms), "");
  EXPECT_EQ(leader.wait(1ms), "a ");
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::no_such_lease);
}

TEST(LeaseKeeperTest, DoesNotRenewWhatIsAboutToBeEvicted) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.now += 2s;
  const auto evict = leader.keeper.on_deadline(leader.now);
  ASSERT_TRUE(evict.has_value());
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::expiring);
  // A join that is committed first has a lease of its own, which the eviction does not mean.
  leader.apply(Join{"jobs", client("a", 2s)});
  EXPECT_EQ(leader.apply(*evict).result.status, Status::lease_renewed);
  EXPECT_TRUE(leader.holds("a"));
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::renewed);
}

TEST(LeaseKeeperTest, GivesEveryLeaseItsWholeTimeWhenLeadershipBegins) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.wait(1900ms);
  leader.keeper.on_following();
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::not_leading);
  EXPECT_EQ(leader.keeper.next_deadline(), never);
  leader.wait(5s);
  leader.keeper.on_leading(leader.registry, leader.now);
  EXPECT_EQ(leader.wait(1999ms), "");
  EXPECT_EQ(leader.wait(1ms), "a ");
}

TEST(LeaseKeeperTest, EvictsNobodyForItsOwnSleep) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.now += 10s;
  EXPECT_FALSE(leader.keeper.on_deadline(leader.now).has_value());
  EXPECT_EQ(leader.keeper.next_deadline(), leader.now + 2s);
}

TEST(LeaseKeeperTest, GivesBackTheTimeOfAShortSleep) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 500ms)});
  leader.apply(Join{"jobs", client("b", 2s)});
  leader.now += 1200ms;  // both would have renewed, had it read
  EXPECT_FALSE(leader.keeper.on_deadline(leader.now).has_value());
  EXPECT_EQ(leader.keeper.on_heartbeat("jobs", "a", leader.now), Heartbeat::renewed);
  EXPECT_EQ(leader.keeper.next_deadline(), leader.now + 500ms);
  EXPECT_EQ(leader.wait(1599ms), "a ");
  EXPECT_EQ(leader.wait(1ms), "b ") << "700 ms later, and 100 ms to read";
}

TEST(LeaseKeeperTest, GivesBackTheTimeOfASleepThatPassedNoDeadline) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 1s)});
  leader.now += 999ms;
  leader.keeper.on_paused(900ms, leader.now);
  EXPECT_EQ(leader.wait(1000ms), "");
  EXPECT_EQ(leader.wait(1ms), "a ");
}

TEST(LeaseKeeperTest, EvictsAtOnceWhenTheTimerIsHardlyLate) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 1s)});
  leader.now += 1s + LeaseKeeper::lateness_min;
  EXPECT_TRUE(leader.keeper.on_deadline(leader.now).has_value());
}

TEST(LeaseKeeperTest, EndsLeasesAlthoughTheCallerIsAlwaysLate) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 1s)});
  std::optional<Evict> evict;
  const Instant begun = leader.now;
  while (!evict && leader.now < begun + 1min) {
    leader.now = leader.keeper.next_deadline() + 900ms;
    evict = leader.keeper.on_deadline(leader.now);
  }
  ASSERT_TRUE(evict.has_value());
  EXPECT_LE(leader.now - begun, 2 * (1s + LeaseKeeper::credit_max) + 1s);
}

TEST(LeaseKeeperTest, StartsAgainWhatCouldNotBeEvicted) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.now += 2s;
  const auto evict = leader.keeper.on_deadline(leader.now);
  leader.keeper.on_evict_failed(*evict, leader.now);
  EXPECT_EQ(leader.keeper.next_deadline(), leader.now + 2s);
  EXPECT_EQ(leader.wait(2s), "a ");
}

TEST(LeaseKeeperTest, FollowsChangesOfTheTtlAndOfTheLife) {
  Leader leader;
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.apply(Join{"jobs", client("a", 9s)});
  EXPECT_EQ(leader.wait(8s), "");
  MemberSpec reborn = client("a", 3s);
  reborn.life = life(1);
  leader.apply(Join{"jobs", reborn});
  EXPECT_EQ(leader.wait(3s), "a ");
  leader.apply(Join{"jobs", client("a", 2s)});
  leader.apply(Join{"jobs", client("a")});
  EXPECT_EQ(leader.wait(1h), "");
  EXPECT_EQ(leader.keeper.size(), 0U);
}

RC_GTEST_PROP(LeaseKeeperTest, NeverEndsALeaseEarlyNorForgetsOne, ()) {
  Leader leader;
  std::map<std::string, Instant> latest;  // when each last joined or was renewed
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) {
    const std::string id = *any_name();
    const Instant before = leader.now;
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        leader.apply(Join{"jobs", client(id, 3s)});
        latest[id] = leader.now;
        break;
      case 1: {
        const bool is_renewed =
            leader.keeper.on_heartbeat("jobs", id, leader.now) == Heartbeat::renewed;
        RC_ASSERT(is_renewed == leader.holds(id));
        if (is_renewed) latest[id] = leader.now;
        break;
      }
      case 2:
        leader.apply(Leave{"jobs", id, {}});
        latest.erase(id);
        break;
      default:
        leader.wait(*rc::gen::element<Duration>(0s, 500ms, 1s, 2999ms, 3s));
    }
    RC_ASSERT(leader.now >= before);
    std::erase_if(latest, [&](const auto& one) { return leader.now - one.second >= 3s; });
    for (const char* one : {"a", "b", "c", "d", "e"}) {
      RC_ASSERT(leader.holds(one) == latest.contains(one));
    }
    RC_ASSERT(leader.keeper.size() == latest.size());
  }
}

}  // namespace
}  // namespace rollcall::registry
