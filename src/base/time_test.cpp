// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

TEST(TimeTest, GoesToSecondsAndBack) {
  EXPECT_DOUBLE_EQ(to_seconds(1500ms), 1.5);
  EXPECT_EQ(from_seconds(1.5), 1500ms);
  EXPECT_EQ(from_seconds(-0.25), -250ms);
  EXPECT_EQ(scaled(200ms, 2.5), 500ms);
  EXPECT_EQ(scaled(200ms, 0), 0s);
}

TEST(TimeTest, HoldsTheLongestDurationForWhatIsBeyondIt) {
  EXPECT_EQ(from_seconds(1e30), Duration::max());
  EXPECT_EQ(from_seconds(-1e30), Duration::min());
  EXPECT_EQ(from_seconds(std::numeric_limits<double>::infinity()), Duration::max());
  EXPECT_EQ(scaled(10'000h, 1e12), Duration::max());
}

}  // namespace
}  // namespace rollcall
