// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.hpp"

#include <string>

#include <gtest/gtest.h>

#include "registry/limits.hpp"
#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

/// Applies commands one after the other, in term 1, and says views as text.
class RegistryTest : public testing::Test {
 protected:
  Applied apply(std::variant<Join, Leave, Evict, ChangeCluster> action, RequestId request = {}) {
    const ByteVector bytes = encode({.request = request, .action = std::move(action)});
    auto applied = registry_.apply({.term = 1, .index = ++index_, .command = bytes});
    EXPECT_TRUE(applied.has_value());
    registry_.check_invariants();
    return applied ? std::move(*applied) : Applied{};
  }
  Status join(std::string group, MemberSpec spec) {
    return apply(Join{std::move(group), std::move(spec)}).result.status;
  }
  Status change(std::vector<ClusterRemoval> removed, std::vector<MemberSpec> joined) {
    return apply(ChangeCluster{std::move(removed), std::move(joined)}).result.status;
  }
  static std::string text(const View& view) {
    std::string text = std::to_string(view.number) + " " + std::string(to_text(view.cause)) + ":";
    for (const std::string& id : view.members) text += " " + id;
    return text;
  }
  std::string view(std::string_view group) const { return text(registry_.find(group)->view()); }
  std::string views(std::string_view group) const {
    std::string all;
    for (const View& one : registry_.views_since(group, 0, 100)) all += text(one) + "\n";
    return all;
  }

  Registry registry_{LifeId{7, 7}};
  std::uint64_t index_ = 0;
};

TEST_F(RegistryTest, NumbersTheViewsOfEachGroup) {
  join("jobs", client("a"));
  join("web", client("a"));
  join("jobs", client("b"));
  apply(Leave{"jobs", "a", {}});

  EXPECT_EQ(views("jobs"),
            "1 joined: a\n"
            "2 joined: a b\n"
            "3 left: b\n");
  EXPECT_EQ(views("web"), "1 joined: a\n");
  const View last = registry_.find("jobs")->view();
  EXPECT_EQ(last.leader, "b");
  EXPECT_EQ(last.term, 1U);
  EXPECT_EQ(last.index, 4U);
}

TEST_F(RegistryTest, LetsTheLongestStandingLead) {
  join("jobs", client("z"));
  join("jobs", client("a"));
  EXPECT_EQ(registry_.find("jobs")->leader()->spec.id, "z");
  apply(Leave{"jobs", "z", {}});
  join("jobs", client("z"));
  EXPECT_EQ(registry_.find("jobs")->leader()->spec.id, "a");
  EXPECT_EQ(view("jobs"), "4 joined: a z");
}

TEST_F(RegistryTest, MakesAViewOfWhatIsNewAndNoneOfARepetition) {
  EXPECT_EQ(join("jobs", client("a", 5s)), Status::done);
  const Applied again = apply(Join{"jobs", client("a", 5s)});
  EXPECT_EQ(again.result.status, Status::unchanged);
  EXPECT_EQ(again.result.number, 1U);
  EXPECT_TRUE(again.changes.empty());
  ASSERT_TRUE(again.renewed.has_value());
  EXPECT_EQ(again.renewed->granted, 2U);

  MemberSpec moved = client("a", 5s);
  moved.address = "10.0.0.2:80";
  EXPECT_EQ(join("jobs", moved), Status::done);
  EXPECT_EQ(view("jobs"), "2 updated: a");
}

TEST_F(RegistryTest, PutsANewLifeAtTheEndAndRefusesAnOldOne) {
  MemberSpec a = client("a");
  a.life = life(2);
  join("jobs", a);
  join("jobs", client("b"));
  a.life = life(3);
  EXPECT_EQ(join("jobs", a), Status::done);
  EXPECT_EQ(view("jobs"), "3 rejoined: b a");
  a.life = life(2);
  EXPECT_EQ(join("jobs", a), Status::stale_life);
  EXPECT_EQ(apply(Leave{"jobs", "a", life(2)}).result.status, Status::no_such_member);
  // Who does not say its life is the one that is there.
  EXPECT_EQ(join("jobs", client("a")), Status::unchanged);
  EXPECT_EQ(registry_.find("jobs")->find("a")->spec.life, life(3));
}

TEST_F(RegistryTest, EvictsOnlyTheLeaseThatIsNamed) {
  const std::uint64_t first = apply(Join{"jobs", client("a", 1s)}).result.granted;
  const std::uint64_t second = apply(Join{"jobs", client("a", 1s)}).result.granted;
  EXPECT_EQ(apply(Evict{Cause::expired, {{"jobs", "a", first}}}).result.status,
            Status::lease_renewed);
  EXPECT_EQ(view("jobs"), "1 joined: a");
  EXPECT_EQ(apply(Evict{Cause::expired, {{"jobs", "a", second}}}).result.status, Status::done);
  EXPECT_EQ(view("jobs"), "2 expired:");
  EXPECT_EQ(registry_.find("jobs")->leader(), nullptr);
}

TEST_F(RegistryTest, EvictsManyInOneViewAGroup) {
  for (const char* id : {"a", "b", "c"}) join("jobs", client(id, 1s));
  join("web", client("a", 1s));
  const Applied applied =
      apply(Evict{Cause::expired, {{"jobs", "a", 1}, {"jobs", "c", 3}, {"web", "a", 4}}});
  EXPECT_EQ(applied.changes.size(), 2U);
  EXPECT_EQ(view("jobs"), "4 expired: b");
  EXPECT_EQ(view("web"), "2 expired:");
}

TEST_F(RegistryTest, KeepsTheNumberOfAnEmptyGroup) {
  join("jobs", client("a"));
  apply(Leave{"jobs", "a", {}});
  join("jobs", client("a"));
  EXPECT_EQ(view("jobs"), "3 joined: a");
}

TEST_F(RegistryTest, MakesNoGroupForAMemberThatItRefuses) {
  EXPECT_EQ(apply(Leave{"jobs", "a", {}}).result.status, Status::no_such_group);
  EXPECT_EQ(apply(Evict{Cause::removed, {{"jobs", "a", 1}}}).result.status, Status::no_such_group);
  EXPECT_EQ(registry_.groups().size(), 1U);
}

TEST_F(RegistryTest, ChangesTheClusterInOneViewForAWholeBatch) {
  change({}, {server("m1", 1), server("m2", 1), server("m3", 1), server("m4", 1)});
  EXPECT_EQ(view("cluster"), "1 joined: m1 m2 m3 m4");
  EXPECT_EQ(
      change({{"m1", life(1), Cause::failed}, {"m3", life(1), Cause::left}}, {server("m5", 1)}),
      Status::done);
  EXPECT_EQ(view("cluster"), "2 failed: m2 m4 m5");
  EXPECT_EQ(registry_.cluster().leader()->spec.id, "m2");
}

TEST_F(RegistryTest, TellsARemovedLifeToComeBackAsANewOne) {
  change({}, {server("m1", 1), server("m2", 1)});
  change({{"m1", life(1), Cause::failed}}, {});
  EXPECT_TRUE(registry_.is_removed("m1", life(1)));
  EXPECT_FALSE(registry_.is_removed("m2", life(1)));
  EXPECT_EQ(change({}, {server("m1", 1)}), Status::removed_life);
  EXPECT_EQ(change({}, {server("m1", 2)}), Status::done);
  EXPECT_EQ(view("cluster"), "3 joined: m2 m1");
}

TEST_F(RegistryTest, RemovesOnlyTheLifeThatIsMeant) {
  change({}, {server("m1", 1)});
  change({}, {server("m1", 2)});
  EXPECT_EQ(view("cluster"), "2 rejoined: m1");
  EXPECT_EQ(change({{"m1", life(1), Cause::failed}}, {}), Status::no_such_member);
  EXPECT_EQ(view("cluster"), "2 rejoined: m1");
  EXPECT_TRUE(registry_.is_removed("m1", life(1)));
}

TEST_F(RegistryTest, PutsWhoAsksForAutoIntoTheSmallestGroupAndLeavesItThere) {
  const Applied first = apply(Join{"auto", client("x")});
  EXPECT_EQ(first.result.group, "default");
  join("web", client("a"));
  join("jobs", client("a"));
  join("jobs", client("b"));
  join("default", client("y"));
  EXPECT_EQ(apply(Join{"auto", client("z")}).result.group, "web");
  const Applied again = apply(Join{"auto", client("x")});
  EXPECT_EQ(again.result.group, "default");
  EXPECT_EQ(again.result.status, Status::unchanged);
}

TEST_F(RegistryTest, DoesARequestOnceAndAnswersItTwiceAlike) {
  const RequestId request{.client = {0, 1}, .sequence = 1, .answered_below = 1};
  const Applied first = apply(Join{"jobs", client("a")}, request);
  apply(Leave{"jobs", "a", {}});
  const Applied again = apply(Join{"jobs", client("a")}, request);
  EXPECT_EQ(again.result, first.result);
  EXPECT_TRUE(again.changes.empty());
  EXPECT_EQ(view("jobs"), "2 left:");
}

TEST_F(RegistryTest, RefusesARequestWhoseAnswerIsGone) {
  const LifeId me{0, 1};
  apply(Join{"jobs", client("a")}, {.client = me, .sequence = 1, .answered_below = 1});
  apply(Join{"jobs", client("b")}, {.client = me, .sequence = 2, .answered_below = 2});
  EXPECT_EQ(apply(Leave{"jobs", "a", {}}, {.client = me, .sequence = 1, .answered_below = 1})
                .result.status,
            Status::already_answered);
  EXPECT_EQ(apply(Leave{"jobs", "a", {}}, {.client = {0, 2}, .sequence = 9, .answered_below = 8})
                .result.status,
            Status::unknown_session);
  EXPECT_EQ(view("jobs"), "2 joined: a b");
}

TEST_F(RegistryTest, BoundsTheRequestsOfOneClient) {
  RequestId request{.client = {0, 1}, .sequence = 0, .answered_below = 1};
  for (std::size_t i = 0; i < session_results_max; ++i) {
    ++request.sequence;
    EXPECT_NE(apply(Leave{"jobs", "a", {}}, request).result.status, Status::too_many_requests);
  }
  ++request.sequence;
  EXPECT_EQ(apply(Leave{"jobs", "a", {}}, request).result.status, Status::too_many_requests);
  request.answered_below = 2;
  EXPECT_EQ(apply(Leave{"jobs", "a", {}}, request).result.status, Status::no_such_group);
}

TEST_F(RegistryTest, ForgetsTheSessionThatWasUsedLongestAgo) {
  for (std::uint64_t one = 1; one <= sessions_max + 1; ++one) {
    const ByteVector bytes =
        encode({.request = {.client = {0, one}, .sequence = 1, .answered_below = 1},
                .action = Leave{"jobs", "a", {}}});
    ASSERT_TRUE(registry_.apply({.term = 1, .index = ++index_, .command = bytes}).has_value());
  }
  registry_.check_invariants();
  const auto second = [&](std::uint64_t who) {
    return apply(Leave{"jobs", "a", {}}, {.client = {0, who}, .sequence = 2, .answered_below = 2})
        .result.status;
  };
  EXPECT_EQ(second(1), Status::unknown_session);
  EXPECT_EQ(second(2), Status::no_such_group);
}

TEST_F(RegistryTest, AnswersBytesThatAreNoCommandAndGoesOn) {
  const auto refused =
      registry_.apply({.term = 1, .index = ++index_, .command = as_bytes("\x01garbage")});
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->result.status, Status::malformed);
  EXPECT_EQ(registry_.index(), 1U);
  EXPECT_EQ(join("jobs", client("a")), Status::done);
}

TEST_F(RegistryTest, StopsAtACommandOfALaterVersion) {
  join("jobs", client("a"));
  const ByteVector before = registry_.snapshot();
  ByteVector bytes = encode({.request = {}, .action = Leave{"jobs", "a", {}}});
  bytes[0] = std::byte{command_version + 1};
  const auto refused = registry_.apply({.term = 1, .index = 2, .command = bytes});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), CommandError::too_new);
  EXPECT_EQ(registry_.snapshot(), before);
}

TEST_F(RegistryTest, ForgetsAnEmptyGroupOnlyForANewOneAndNeverGoesBackBehindItsNumber) {
  for (std::size_t i = 0; i + 1 < groups_max; ++i) {
    const std::string name = "g" + std::to_string(i);
    const ByteVector bytes = encode({.request = {}, .action = Join{name, client("a")}});
    ASSERT_TRUE(registry_.apply({.term = 1, .index = ++index_, .command = bytes}).has_value());
  }
  EXPECT_EQ(join("one-more", client("a")), Status::too_many_groups);
  apply(Leave{"g5", "a", {}});
  apply(Leave{"g3", "a", {}});
  EXPECT_EQ(join("one-more", client("a")), Status::done);
  EXPECT_EQ(registry_.find("g5"), nullptr);
  EXPECT_NE(registry_.find("g3"), nullptr);
  EXPECT_EQ(view("one-more"), "3 joined: a");
  EXPECT_EQ(registry_.deltas_since("one-more", 0).error(), WatchError::too_old);
  EXPECT_EQ(registry_.deltas_since("one-more", 2)->size(), 1U);
}

TEST_F(RegistryTest, TellsAReaderThatResumesWhatItMissed) {
  for (const char* id : {"a", "b", "c"}) join("jobs", client(id));
  const auto deltas = registry_.deltas_since("jobs", 1);
  ASSERT_TRUE(deltas.has_value());
  ASSERT_EQ(deltas->size(), 2U);
  EXPECT_EQ((*deltas)[0]->number, 2U);
  EXPECT_EQ((*deltas)[0]->joined.front().spec.id, "b");
  EXPECT_EQ((*deltas)[1]->number, 3U);
  EXPECT_TRUE(registry_.deltas_since("jobs", 3)->empty());
  EXPECT_EQ(registry_.deltas_since("jobs", 4).error(), WatchError::in_future);
  EXPECT_EQ(registry_.deltas_since("web", 0).error(), WatchError::no_such_group);
}

TEST_F(RegistryTest, KeepsTheViewsOfTheClusterWhateverClientsDo) {
  change({}, {server("m1", 1)});
  for (std::size_t i = 0; i < history_views_max + 10; ++i) {
    MemberSpec spec = client("a");
    spec.address = std::to_string(i);
    const ByteVector bytes = encode({.request = {}, .action = Join{"jobs", spec}});
    ASSERT_TRUE(registry_.apply({.term = 1, .index = ++index_, .command = bytes}).has_value());
  }
  EXPECT_EQ(views("cluster"), "1 joined: m1\n");
  EXPECT_EQ(registry_.deltas_since("jobs", 1).error(), WatchError::too_old);
  EXPECT_EQ(registry_.deltas_since("jobs", history_views_max)->size(), 10U);
}

}  // namespace
}  // namespace rollcall::registry
