// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_endings.hpp"

#include "sim/checkers.hpp"
#include "sim/formed_world_test.hpp"
#include "wire/datagram.hpp"

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

TEST_F(CompletenessCheckerTest, GivesWhoHearsOfALifeTooLateItsTimeFromThen) {
  CompletenessChecker checker(world_, troubles_, {.process = 6s, .silence = 6s});
  const Life ended = life(n3);
  watch(checker, 1s);
  world_.freeze(n0);  // for whom the end is followed
  world_.partition({{n1}});
  world_.power_off(n3);
  world_.crash(n1);
  world_.restart(n1, Disk::lost);
  ASSERT_EQ(watch(checker, 8s), "");

  wire::DatagramWriter hearsay({.cluster = wire::cluster_hash(world_.node(n1).config().cluster),
                                .sender = life(n2).id,
                                .health = 0});
  ASSERT_TRUE(hearsay.add(wire::Update{.name = world_.name(n3),
                                       .life = ended,
                                       .address = world_.address(n3),
                                       .witness = {},
                                       .tags = {}}));
  world_.inject(world_.address(n2), n1, hearsay.bytes());

  EXPECT_EQ(watch(checker, 1s), "");
  EXPECT_FALSE(knows_end_of(world_.node(n1), ended.id));
}

TEST_F(CompletenessCheckerTest, ExpectsNoVerdictWhereHardlyAPingIsAnswered) {
  CompletenessChecker checker(world_, troubles_, {.process = 100ms, .silence = 100ms});
  watch(checker, 1s);
  world_.set_link({.loss = 0.45});
  for (const HostId host : {n2, n3, HostId{4}}) world_.power_off(host);

  EXPECT_EQ(watch(checker, 1s), "");
  world_.set_link({});
  EXPECT_NE(watch(checker, 1s), "");
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

TEST_F(DepartureCheckerTest, ExcusesWhoRepeatsAVerdictOfOneThatCouldNotHear) {
  world_.partition({{n3}});
  run_for(1s);
  leave_and_accuse();

  // n3 is another life by now: the name of the old one is not known any more.
  say(checker_, n0, EventKind::member_failed, n2, life(n2), "");

  EXPECT_EQ(objections(), "");
}

TEST_F(DepartureCheckerTest, ExcusesWhoRepeatsAVerdictOfBeforeTheDeparture) {
  say(checker_, n3, EventKind::member_failed, n2, life(n2), "n3");
  say(checker_, n2, EventKind::member_leave, n2, life(n2));

  say(checker_, n0, EventKind::member_failed, n2, life(n2), "");

  EXPECT_EQ(objections(), "");
}

TEST_F(DepartureCheckerTest, ObjectsToAVerdictThatNobodyPassed) {
  say(checker_, n2, EventKind::member_leave, n2, life(n2));
  run_for(1s);
  say(checker_, n1, EventKind::member_failed, n2, life(n2), "");

  EXPECT_NE(objections(), "");
}

TEST_F(DepartureCheckerTest, TakesNobodyElsesWordForADeparture) {
  say(checker_, n1, EventKind::member_leave, n2, life(n2));
  say(checker_, n1, EventKind::member_failed, n2, life(n2), "n3");

  EXPECT_EQ(objections(), "");
}

}  // namespace
}  // namespace rollcall::sim
