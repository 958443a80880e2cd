// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_trouble.hpp"

#include "sim/formed_world_test.hpp"

namespace rollcall::sim {
namespace {

class TroubleLogTest : public FormedWorldTest {};

TEST_F(TroubleLogTest, KnowsNoTroubleOfWhoHadNone) {
  run_for(1s);

  EXPECT_FALSE(troubles_.last_trouble(n1));
  EXPECT_EQ(troubles_.last_apart(n1, n2), Instant{});
  EXPECT_EQ(troubles_.last_apart_from_any(n1), Instant{});
}

TEST_F(TroubleLogTest, RemembersASpellFromTheLookBeforeItToItsEnd) {
  run_for(1s);
  const Instant before = world_.now();
  world_.freeze(n1);
  run_for(500ms);
  EXPECT_FALSE(troubles_.last_trouble(n1)->ended);
  world_.thaw(n1);
  const Instant after = world_.now();
  run_for(5s);

  const auto spell = troubles_.last_trouble(n1);

  ASSERT_TRUE(spell);
  EXPECT_EQ(spell->began, before);
  EXPECT_EQ(spell->ended, after);
}

TEST_F(TroubleLogTest, TakesTroubleThatIsSoonBackForTheSame) {
  run_for(1s);
  const Instant before = world_.now();
  for (int i = 0; i < 3; ++i) {
    world_.freeze(n1);
    run_for(500ms);
    world_.thaw(n1);
    run_for(500ms);
  }

  EXPECT_EQ(troubles_.last_trouble(n1)->began, before);
}

TEST_F(TroubleLogTest, ForgetsTheTroubleOfAnEarlierProcess) {
  world_.freeze(n1);
  run_for(500ms);
  world_.thaw(n1);
  world_.crash(n1);
  world_.restart(n1, Disk::kept, {world_.seed_of(n0)});
  run_for(500ms);

  EXPECT_FALSE(troubles_.last_trouble(n1));
}

TEST_F(TroubleLogTest, SeesWhoIsApart) {
  run_for(1s);
  world_.cut(n1, n2);
  run_for(1s);
  const Instant then = world_.now();
  world_.mend(n1, n2);
  run_for(3s);

  EXPECT_GE(troubles_.last_apart(n2, n1), then);
  EXPECT_GE(troubles_.last_apart_from_any(n1), then);
  EXPECT_EQ(troubles_.last_apart(n1, n3), Instant{});
  EXPECT_GE(troubles_.calm_since(), then);
}

}  // namespace
}  // namespace rollcall::sim
