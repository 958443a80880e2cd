// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/fail_time.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using std::chrono_literals::operator""ms;

Duration at(std::size_t members, std::size_t fanout = 1, double loss = 0.1) {
  return heartbeat_fail_time(
      {.members = members, .fanout = fanout, .interval = 200ms, .loss = loss});
}

TEST(FailTimeTest, GrowsWithMembersAndLossAndShrinksWithFanout) {
  EXPECT_LT(at(10), at(100));
  EXPECT_LT(at(100), at(1000));
  EXPECT_LT(at(100), at(100, 1, 0.3));
  EXPECT_GT(at(1000), at(1000, 3));
}

TEST(FailTimeTest, IsInProportionToTheInterval) {
  const HeartbeatLoad load{.members = 50, .interval = 100ms};
  HeartbeatLoad slower = load;
  slower.interval = 400ms;

  EXPECT_EQ(4 * heartbeat_fail_time(load), heartbeat_fail_time(slower));
}

TEST(FailTimeTest, IsFiniteWhereNothingOrEverythingIsLost) {
  EXPECT_GT(at(10, 1, 0), 200ms);
  EXPECT_LT(at(10, 1, 1), std::chrono::hours(1));
}

TEST(AccrualPhiTest, IsThePowerOfTenOfTheNormalTail) {
  // One in two at the mean; one in 6.3 a deviation later; one in 31,574 four deviations later.
  EXPECT_NEAR(accrual_phi(1, 1, 0.1), 0.301, 0.001);
  EXPECT_NEAR(accrual_phi(1.1, 1, 0.1), 0.7996, 0.001);
  EXPECT_NEAR(accrual_phi(1.4, 1, 0.1), 4.4993, 0.001);
}

TEST(AccrualPhiTest, StaysFiniteFarBeyondTheTail) {
  EXPECT_EQ(accrual_phi(1000, 1, 0.1), 300);
}

}  // namespace
}  // namespace rollcall::core
