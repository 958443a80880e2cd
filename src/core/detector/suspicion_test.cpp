// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/suspicion.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using namespace std::chrono_literals;

TEST(SuspicionTimeoutTest, ShrinksFromLongestToShortestAsLifeguardSays) {
  // K = 3: the excess over the shortest is 100, 50, 20.8 and 0 percent.
  EXPECT_EQ(suspicion_timeout(2s, 12s, 0, 3), 12s);
  EXPECT_NEAR(to_seconds(suspicion_timeout(2s, 12s, 1, 3)), 7.0, 0.001);
  EXPECT_NEAR(to_seconds(suspicion_timeout(2s, 12s, 2, 3)), 4.075, 0.001);
  EXPECT_EQ(suspicion_timeout(2s, 12s, 3, 3), 2s);
  EXPECT_EQ(suspicion_timeout(2s, 12s, 9, 3), 2s);
}

TEST(SuspicionTimeoutTest, IsTheShortestWhenNobodyCouldConfirm) {
  EXPECT_EQ(suspicion_timeout(2s, 12s, 0, 0), 2s);
}

TEST(WitnessesTest, CountsEachWitnessOnceAndStopsAtItsLimit) {
  Witnesses witnesses;
  EXPECT_TRUE(witnesses.add({1, 1}));
  EXPECT_FALSE(witnesses.add({1, 1}));
  EXPECT_FALSE(witnesses.add({}));
  EXPECT_EQ(witnesses.count_besides({1, 1}), 0U);
  EXPECT_EQ(witnesses.count_besides({2, 2}), 1U);

  for (std::uint64_t i = 2; i < 100; ++i) witnesses.add({i, i});
  EXPECT_EQ(witnesses.size(), Witnesses::witnesses_max);
}

}  // namespace
}  // namespace rollcall::core
