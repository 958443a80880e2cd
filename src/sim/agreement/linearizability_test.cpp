// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/linearizability.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "sim/agreement/group_model.hpp"

namespace rollcall::sim::agreement {
namespace {

using registry::Heartbeat;
using registry::Status;
using Verdict = Linearizability::Verdict;

/// Writes histories down, one operation a line: [invoked, returned], what, and what was told.
class LinearizabilityTest : public testing::Test {
 protected:
  struct Span {
    Moment invoked = 0;
    Moment returned = not_yet;
  };

  void add(Span span, GroupOperation what, std::optional<Outcome> outcome) {
    operations_.push_back({.group = "jobs",
                           .what = std::move(what),
                           .invoked = span.invoked,
                           .returned = span.returned,
                           .outcome = std::move(outcome)});
  }
  void join(Span span, const std::string& id, std::uint64_t number, std::uint64_t granted = 0) {
    const Outcome told{.status = Status::done,
                       .number = number,
                       .granted = granted == 0 ? number : granted,
                       .members = {}};
    add(span, JoinOperation{.id = id, .life = {}, .address = "1"}, told);
  }
  void leave(Span span, const std::string& id, std::uint64_t number, Status status = Status::done) {
    add(span, LeaveOperation{.id = id, .life = {}},
        Outcome{.status = status, .number = number, .members = {}});
  }
  void read(Span span, std::uint64_t number, std::vector<std::string> members) {
    add(span, ReadOperation{}, Outcome{.number = number, .members = std::move(members)});
  }
  void beat(Span span, const std::string& id, Heartbeat heartbeat) {
    add(span, HeartbeatOperation{id}, Outcome{.members = {}, .heartbeat = heartbeat});
  }
  void evict(Span span, std::vector<std::string> ids, std::uint64_t number) {
    add(span, EvictOperation{std::move(ids)}, Outcome{.number = number, .members = {}});
  }
  Verdict verdict() {
    const Linearizability result = check_linearizability(operations_);
    why_ = result.why;
    return result.verdict;
  }

  std::vector<Operation> operations_;
  std::string why_;
};

TEST_F(LinearizabilityTest, HoldsForOneAfterTheOther) {
  join({1, 2}, "a", 1);
  join({3, 4}, "b", 2);
  read({5, 6}, 2, {"a", "b"});
  leave({7, 8}, "a", 3);
  leave({9, 10}, "a", 3, Status::no_such_member);
  read({11, 12}, 3, {"b"});

  EXPECT_EQ(verdict(), Verdict::holds) << why_;
}

TEST_F(LinearizabilityTest, HoldsForWhatOverlapsInEitherOrder) {
  join({1, 10}, "a", 2);
  join({2, 9}, "b", 1);
  read({3, 8}, 0, {});
  read({4, 7}, 2, {"b", "a"});

  EXPECT_EQ(verdict(), Verdict::holds) << why_;
}

TEST_F(LinearizabilityTest, ObjectsToAStaleRead) {
  join({1, 2}, "a", 1);
  join({3, 4}, "b", 2);
  read({5, 6}, 1, {"a"});

  EXPECT_EQ(verdict(), Verdict::broken);
  EXPECT_NE(why_.find("read -> view 1: a"), std::string::npos) << why_;
}

TEST_F(LinearizabilityTest, ObjectsToReadsThatGoBack) {
  join({1, 2}, "a", 1);
  join({3, 20}, "b", 2);
  read({5, 6}, 2, {"a", "b"});
  read({7, 8}, 1, {"a"});

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToALostWrite) {
  join({1, 2}, "a", 1);
  join({3, 4}, "b", 2);
  join({5, 6}, "c", 2);
  read({7, 8}, 2, {"a", "c"});

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToAWriteThatIsDoneTwice) {
  join({1, 2}, "a", 1);
  leave({3, 4}, "a", 2);
  // The join of before was done once more, and nobody asked for it.
  read({5, 6}, 3, {"a"});

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToAFencingTokenThatIsGivenTwice) {
  join({1, 2}, "a", 1);
  leave({3, 4}, "a", 2);
  join({5, 6}, "b", 2);

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToAGrantThatIsGivenTwice) {
  join({1, 2}, "a", 1, 7);
  join({3, 4}, "b", 2, 7);

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToAnotherOrderThanThatOfStanding) {
  join({1, 2}, "a", 1);
  join({3, 4}, "b", 2);
  read({5, 6}, 2, {"b", "a"});

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, LetsAnOperationWithoutAnswerHaveHappenedOrNot) {
  add({1, not_yet}, JoinOperation{.id = "a", .life = {}, .address = "1"}, std::nullopt);
  read({2, 3}, 0, {});
  read({4, 5}, 1, {"a"});
  add({6, not_yet}, LeaveOperation{.id = "a", .life = {}}, std::nullopt);
  read({7, 8}, 1, {"a"});

  EXPECT_EQ(verdict(), Verdict::holds) << why_;
}

TEST_F(LinearizabilityTest, LetsNoOperationHappenBeforeItsCallOrTwice) {
  read({1, 2}, 1, {"a"});
  add({3, not_yet}, JoinOperation{.id = "a", .life = {}, .address = "1"}, std::nullopt);
  EXPECT_EQ(verdict(), Verdict::broken);

  operations_.clear();
  add({1, not_yet}, JoinOperation{.id = "a", .life = {}, .address = "1"}, std::nullopt);
  leave({2, 3}, "a", 2);
  read({4, 5}, 3, {"a"});
  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, KnowsNewLivesAndRefusesOldOnes) {
  const auto join_life = [&](Span span, std::uint64_t boot, Status status, std::uint64_t number) {
    const std::uint64_t granted = status == Status::done ? number : 0;
    add(span, JoinOperation{.id = "a", .life = {boot, {0, boot}}, .address = "1"},
        Outcome{.status = status, .number = number, .granted = granted, .members = {}});
  };
  join_life({1, 2}, 2, Status::done, 1);
  join({3, 4}, "b", 2);
  join_life({5, 6}, 3, Status::done, 3);
  read({7, 8}, 3, {"b", "a"});
  join_life({9, 10}, 2, Status::stale_life, 3);
  EXPECT_EQ(verdict(), Verdict::holds) << why_;

  join_life({11, 12}, 2, Status::done, 4);
  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToHeartbeatsOfThoseWhoAreGone) {
  join({1, 2}, "a", 1);
  beat({3, 4}, "a", Heartbeat::renewed);
  evict({0, 6}, {"a"}, 2);
  beat({7, 8}, "a", Heartbeat::no_such_lease);
  EXPECT_EQ(verdict(), Verdict::holds) << why_;

  beat({9, 10}, "a", Heartbeat::renewed);
  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, ObjectsToAMemberThatIsDeniedItsLease) {
  join({1, 2}, "a", 1);
  beat({3, 4}, "a", Heartbeat::no_such_lease);
  read({5, 6}, 1, {"a"});

  EXPECT_EQ(verdict(), Verdict::broken);
}

TEST_F(LinearizabilityTest, LooksAtEachGroupOnItsOwn) {
  join({1, 2}, "a", 1);
  const Outcome told{.status = Status::done, .number = 1, .granted = 2, .members = {}};
  operations_.push_back({.group = "web",
                         .what = JoinOperation{.id = "a", .life = {}, .address = "1"},
                         .invoked = 3,
                         .returned = 4,
                         .outcome = told});
  EXPECT_EQ(verdict(), Verdict::holds) << why_;
}

TEST_F(LinearizabilityTest, SaysWhenItGaveUp) {
  join({1, 2}, "a", 1);
  join({3, 4}, "b", 2);
  const Linearizability result = check_linearizability(operations_, 1);
  EXPECT_EQ(result.verdict, Verdict::undecided);
}

/// Which of those that asked for the same was done makes no difference, only how many were.
TEST_F(LinearizabilityTest, TriesThoseThatAskedForTheSameInOneOrderOnly) {
  for (Moment moment = 1; moment <= 7; ++moment) {
    add({moment}, JoinOperation{.id = "a", .life = {}, .address = "1"}, std::nullopt);
    add({moment}, LeaveOperation{.id = "a", .life = {}}, std::nullopt);
  }
  read({20, 21}, 14, {});
  constexpr std::size_t few = 1000;
  EXPECT_EQ(check_linearizability(operations_, few).verdict, Verdict::holds);
  read({22, 23}, 15, {"a"});
  EXPECT_EQ(check_linearizability(operations_, few).verdict, Verdict::broken);
}

/// Histories made from an order that is known: every client's operation happens at a moment between
/// its call and its answer, and one answer in five is lost.
std::vector<Operation> draw_history(Prng& prng, std::size_t count) {
  constexpr std::size_t clients = 6;
  std::vector<Operation> history;
  std::vector<Moment> free_from(clients, 1);
  GroupModel model;
  for (Moment moment = 10; history.size() < count; moment += 10) {
    const std::size_t client = prng.below(clients);
    if (free_from[client] >= moment) continue;
    const std::string id(1, static_cast<char>('a' + client));
    Operation one{.group = "jobs",
                  .what = ReadOperation{},
                  .invoked = free_from[client] + 1,
                  .returned = moment + 1 + prng.below(90),
                  .outcome = {}};
    const std::size_t kind = prng.below(3);
    const auto at = std::ranges::find(model.standing, id, &GroupModel::Person::id);
    const bool is_there = at != model.standing.end();
    const GroupModel before = model;
    if (kind == 0) one.what = JoinOperation{.id = id, .life = {}, .address = "1"};
    if (kind == 1) one.what = LeaveOperation{.id = id, .life = {}};
    model = *model.after(one);
    Outcome told{.number = model.number, .members = {}};
    for (const auto& person : model.standing) told.members.push_back(person.id);
    if (kind == 0) {
      told.granted = model.granted = moment;
      told.status = is_there ? Status::unchanged : Status::done;
    }
    if (kind == 1 && !is_there) told.status = Status::no_such_member;
    if (kind == 1 && before.number == 0) told.status = Status::no_such_group;
    free_from[client] = one.returned;
    if (prng.chance(0.2)) {
      one.returned = not_yet;
    } else {
      one.outcome = told;
    }
    history.push_back(one);
  }
  std::ranges::sort(history, {}, &Operation::invoked);
  return history;
}

TEST(LinearizabilityOfDrawnHistories, HoldsAndNoLongerWhenOneAnswerIsFalse) {
  std::size_t found = 0;
  std::size_t told = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Prng prng(seed);
    std::vector<Operation> history = draw_history(prng, 150);
    const Linearizability right = check_linearizability(history);
    ASSERT_EQ(right.verdict, Verdict::holds) << "seed " << seed << ": " << right.why;

    // Somebody late is told a number that was over before it asked.
    for (std::size_t i = history.size(); i-- > 100;) {
      if (!history[i].outcome || history[i].outcome->number < 20) continue;
      history[i].outcome->number -= 15;
      ++told;
      found += check_linearizability(history).verdict == Verdict::broken ? 1U : 0U;
      break;
    }
  }
  EXPECT_GT(told, 40U);
  EXPECT_EQ(found, told);
}

}  // namespace
}  // namespace rollcall::sim::agreement
