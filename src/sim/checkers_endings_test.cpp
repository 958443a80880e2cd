// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_endings.hpp"

#include "sim/formed_world_test.hpp"

namespace rollcall::sim {
namespace {

using core::EventKind;

// --- CompletenessChecker ---------------------------------------------------------------------

class CompletenessCheckerTest : public FormedWorldTest {
 protected:
  std::string watch(CompletenessChecker& checker, Duration time) {
    run_for(time, [&] { checker.look(); });
    return checker.violations().text();
  }
};

TEST_F(CompletenessCheckerTest, ObjectsWhenAnEndIsNotKnownInTime) {
  CompletenessChecker checker(world_, troubles_, {.process = 100ms, .silence = 100ms});
  watch(checker, 1s);
  world_.power_off(n3);

  const std::string objections = watch(checker, 1s);

  EXPECT_TRUE(objections.starts_with("completeness: ")) << objections;
  EXPECT_NE(objections.find("still lists a life of n3"), std::string::npos) << objections;
}

TEST_F(CompletenessCheckerTest, AcceptsAnEndThatIsKnownInTime) {
  CompletenessChecker checker(world_, troubles_, {});
  watch(checker, 1s);
  world_.power_off(n3);

  EXPECT_EQ(watch(checker, 30s), "");
}

TEST_F(CompletenessCheckerTest, ExcusesWhoCannotHear) {
  CompletenessChecker checker(world_, troubles_, {.process = 6s, .silence = 6s});
  watch(checker, 1s);
  world_.freeze(n1);
  world_.power_off(n3);

  EXPECT_EQ(watch(checker, 15s), "");
}

TEST_F(CompletenessCheckerTest, ExpectsNothingOfWhoIsCutOffFromAll) {
  CompletenessChecker checker(world_, troubles_, {.process = 6s, .silence = 6s});
  watch(checker, 1s);
  world_.partition({{n1}});
  world_.power_off(n3);

  EXPECT_EQ(watch(checker, 15s), "");
}

// --- DepartureChecker ------------------------------------------------------------------------

class DepartureCheckerTest : public FormedWorldTest {
 protected:
  DepartureCheckerTest() { run_for(7s); }

  void leave_and_accuse() {
    say(checker_, n2, EventKind::member_leave, n2, life(n2));
    run_for(1s);
    say(checker_, n1, EventKind::member_failed, n2, life(n2), "n3");
  }
  [[nodiscard]] std::string objections() const { return checker_.violations().text(); }

  DepartureChecker checker_{world_, troubles_, 6s};
};

TEST_F(DepartureCheckerTest, ObjectsToFailingWhoLeft) {
  leave_and_accuse();

  EXPECT_TRUE(objections().starts_with("departures: ")) << objections();
}

TEST_F(DepartureCheckerTest, AcceptsFailingWhoDidNotLeave) {
  say(checker_, n2, EventKind::member_leave, n2, life(n2));
  say(checker_, n1, EventKind::member_failed, n3, life(n3), "n0");

  EXPECT_EQ(objections(), "");
}

TEST_F(DepartureCheckerTest, ExcusesAnAccuserThatCouldNotHear) {
  world_.partition({{n3}});
  run_for(1s);

  leave_and_accuse();

  EXPECT_EQ(objections(), "");
}

TEST_F(DepartureCheckerTest, TakesNobodyElsesWordForADeparture) {
  say(checker_, n1, EventKind::member_leave, n2, life(n2));
  say(checker_, n1, EventKind::member_failed, n2, life(n2), "n3");

  EXPECT_EQ(objections(), "");
}

}  // namespace
}  // namespace rollcall::sim
