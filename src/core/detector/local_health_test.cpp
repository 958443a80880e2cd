// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/local_health.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using namespace std::chrono_literals;

TEST(LocalHealthTest, CountsAPointForEveryHundredMillisecondsOfLateness) {
  LocalHealth health;
  EXPECT_EQ(health.score(), 0U);

  health.on_lateness(250ms);

  EXPECT_EQ(health.slowness(), 2U);
  EXPECT_EQ(health.score(), 2U);
}

TEST(LocalHealthTest, ForgetsLatenessOverTimersThatFireInTime) {
  LocalHealth health;
  health.on_lateness(400ms);

  for (int i = 0; i < 60; ++i) health.on_lateness(0ms);

  EXPECT_EQ(health.slowness(), 0U);
}

TEST(LocalHealthTest, CountsMissesWithoutBecomingMorePatient) {
  LocalHealth health;
  health.on_accused();
  health.on_missing_helpers();

  EXPECT_EQ(health.score(), 2U);
  EXPECT_EQ(health.slowness(), 0U);

  health.on_success();
  EXPECT_EQ(health.score(), 1U);
}

TEST(LocalHealthTest, NeverExceedsItsLimit) {
  LocalHealth health;
  for (int i = 0; i < 100; ++i) health.on_accused();
  health.on_lateness(1h);

  EXPECT_EQ(health.score(), LocalHealth::score_max);
}

}  // namespace
}  // namespace rollcall::core
