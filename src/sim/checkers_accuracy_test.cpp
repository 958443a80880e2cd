// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_accuracy.hpp"

#include "sim/formed_world_test.hpp"

namespace rollcall::sim {
namespace {

using core::EventKind;

constexpr Duration grace = 6s;

class AccuracyCheckerTest : public FormedWorldTest {
 protected:
  AccuracyCheckerTest() { run_for(grace + 1s); }

  void accuse(HostId about, const Life& life) {
    say(checker_, n1, EventKind::member_failed, about, life, "n1");
  }
  [[nodiscard]] std::string objections() const { return checker_.violations().text(); }

  AccuracyChecker checker_{world_, grace, &troubles_};
};

TEST_F(AccuracyCheckerTest, ObjectsToAVerdictOnWhoRuns) {
  accuse(n2, life(n2));

  EXPECT_TRUE(objections().starts_with("accuracy: ")) << objections();
  EXPECT_EQ(checker_.false_failures(), 1U);
  EXPECT_EQ(checker_.failures_of_living(), 1U);
}

TEST_F(AccuracyCheckerTest, AcceptsAVerdictOnWhoCrashed) {
  const Life ended = life(n2);
  world_.crash(n2);

  accuse(n2, ended);

  EXPECT_EQ(objections(), "");
  EXPECT_EQ(checker_.failures_of_living(), 0U);
}

TEST_F(AccuracyCheckerTest, AcceptsAVerdictOnAnEarlierLife) {
  const Life ended = life(n2);
  world_.crash(n2);
  world_.restart(n2, Disk::kept, {world_.seed_of(n0)});
  run_for(1s);

  accuse(n2, ended);

  EXPECT_EQ(objections(), "");
}

TEST_F(AccuracyCheckerTest, ExcusesALongPauseUntilGraceAfterIt) {
  world_.freeze(n2);
  run_for(4s);
  world_.thaw(n2);
  run_for(1s);

  accuse(n2, life(n2));

  EXPECT_EQ(objections(), "");
  EXPECT_EQ(checker_.false_failures(), 0U);
  EXPECT_EQ(checker_.failures_of_living(), 1U);
}

TEST_F(AccuracyCheckerTest, ExcusesNoPauseBelowTheBudget) {
  world_.freeze(n2);
  run_for(1s);
  world_.thaw(n2);
  run_for(1s);

  accuse(n2, life(n2));

  EXPECT_NE(objections(), "");
}

TEST_F(AccuracyCheckerTest, ExcusesAVerdictAcrossAPartition) {
  world_.partition({{n2, n3}});

  accuse(n2, life(n2));

  EXPECT_EQ(objections(), "");
}

TEST_F(AccuracyCheckerTest, CountsALifeOnce) {
  accuse(n2, life(n2));
  say(checker_, n3, EventKind::member_failed, n2, life(n2), "n1");

  EXPECT_EQ(checker_.false_failures(), 1U);
}

}  // namespace
}  // namespace rollcall::sim
