// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/flap_damping.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using namespace std::chrono_literals;

constexpr Duration budget = 2s;
constexpr std::uint64_t peer = 77;

class FlapDampingTest : public testing::Test {
 protected:
  void flap(int times = 1, std::uint64_t name = peer) {
    for (int i = 0; i < times; ++i) damping_.on_flap(name, budget, now_);
  }

  Instant now_{1h};
  FlapDamping damping_;
};

TEST_F(FlapDampingTest, HoldsNothingAgainstWhoNeverFlapped) {
  EXPECT_EQ(damping_.penalty(peer, now_), 0);
  EXPECT_EQ(damping_.stretch(peer, now_), 1);
  EXPECT_EQ(damping_.begin_of_suspicion(peer, now_), now_);
}

TEST_F(FlapDampingTest, LetsTheFirstFlapPass) {
  flap();

  EXPECT_EQ(damping_.penalty(peer, now_), 1);
  EXPECT_EQ(damping_.stretch(peer, now_), 1);
  EXPECT_EQ(damping_.begin_of_suspicion(peer, now_), now_);
}

TEST_F(FlapDampingTest, GivesMoreTimeWithEachFlapUpToABound) {
  flap(2);
  EXPECT_EQ(damping_.stretch(peer, now_), 1.5);
  flap(3);
  EXPECT_EQ(damping_.stretch(peer, now_), FlapDamping::stretch_max);
  flap(100);
  EXPECT_EQ(damping_.stretch(peer, now_), FlapDamping::stretch_max);
}

TEST_F(FlapDampingTest, HoldsDownTheNextSuspicionAfterTheSecondFlap) {
  flap(2);

  EXPECT_EQ(damping_.begin_of_suspicion(peer, now_), now_ + budget / 2);
  EXPECT_EQ(damping_.begin_of_suspicion(peer, now_ + 5s), now_ + 5s) << "that is over";
}

TEST_F(FlapDampingTest, NeverHoldsDownForMoreThanTwoBudgets) {
  flap(1000);

  EXPECT_EQ(damping_.begin_of_suspicion(peer, now_), now_ + 2 * budget);
}

TEST_F(FlapDampingTest, HalvesThePenaltyInEachHalfLife) {
  flap(4);

  EXPECT_NEAR(damping_.penalty(peer, now_ + FlapDamping::half_life), 2, 1e-9);
  EXPECT_NEAR(damping_.penalty(peer, now_ + 3 * FlapDamping::half_life), 0.5, 1e-9);
}

TEST_F(FlapDampingTest, IsAsPatientAsBeforeSoonAfterTheWorst) {
  flap(1000);

  EXPECT_EQ(damping_.stretch(peer, now_ + 3 * FlapDamping::half_life), 1);
}

TEST_F(FlapDampingTest, ForgetsWhoIsSteadyAgain) {
  flap();

  EXPECT_NE(damping_.find(peer, now_ + FlapDamping::half_life), nullptr);
  EXPECT_EQ(damping_.find(peer, now_ + 2 * FlapDamping::half_life + 1ms), nullptr);
}

TEST_F(FlapDampingTest, CountsAnewAfterItHasForgotten) {
  flap(2);
  now_ += 1h;
  flap();

  ASSERT_NE(damping_.find(peer, now_), nullptr);
  EXPECT_EQ(damping_.find(peer, now_)->flaps, 1U);
}

TEST_F(FlapDampingTest, SeesWhoFlapsOnceAMinuteForEver) {
  for (int i = 0; i < 30; ++i) {
    flap();
    now_ += FlapDamping::half_life;
  }

  EXPECT_NEAR(damping_.penalty(peer, now_), 1, 0.01);
  EXPECT_EQ(damping_.find(peer, now_)->flaps, 30U);
}

TEST_F(FlapDampingTest, KeepsThoseWhoFlapMost) {
  flap(3);
  for (std::uint64_t name = 1000; name < 2000; ++name) {
    now_ += 1ms;
    flap(1, name);
  }

  EXPECT_EQ(damping_.size(), FlapDamping::entries_max);
  EXPECT_EQ(damping_.find(peer, now_)->flaps, 3U);
  EXPECT_NE(damping_.find(1999, now_), nullptr) << "the newest has a place";
}

TEST_F(FlapDampingTest, GivesBackTheRoomOfWhomItForgot) {
  for (std::uint64_t name = 1; name <= 100; ++name) flap(1, name);
  now_ += 1h;
  flap(1, 500);

  EXPECT_EQ(damping_.size(), 1U);
}

}  // namespace
}  // namespace rollcall::core
