// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/prng.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

TEST(PrngTest, GivesTheNumbersOfThePublishedGenerator) {
  // The first outputs of splitmix64 for the seed 1234567.
  Prng prng(1234567);

  EXPECT_EQ(prng.next(), 6457827717110365317U);
  EXPECT_EQ(prng.next(), 3203168211198807973U);
  EXPECT_EQ(prng.next(), 9817491932198370423U);
  EXPECT_EQ(prng.next(), 4593380528125082431U);
  EXPECT_EQ(prng.next(), 16408922859458223821U);
}

TEST(PrngTest, GivesTheSameToEverybodyWithTheSameSeed) {
  // Every simulation's seed depends on these; another result here makes old seeds worthless.
  Prng prng(42);

  EXPECT_EQ(prng.below(1000), 741U);
  EXPECT_EQ(prng.between(1s, 2s), 1159910392ns);
  EXPECT_EQ(prng.life_id(), (LifeId{0x47526757130f9f52, 0x581ce1ff0e4ae394}));
  std::array<int, 6> items = {0, 1, 2, 3, 4, 5};
  prng.shuffle(std::span<int>(items));
  EXPECT_EQ(items, (std::array<int, 6>{1, 3, 2, 5, 4, 0}));
}

TEST(PrngTest, ReachesEveryNumberBelowItsBoundAboutAsOften) {
  Prng prng(7);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts.at(prng.below(counts.size()));

  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(PrngTest, StaysInsideItsRanges) {
  Prng prng(8);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double unit = prng.unit();
    ASSERT_TRUE(unit >= 0 && unit < 1);
    sum += unit;
    const Duration between = prng.between(-1s, 3ms);
    ASSERT_TRUE(between >= -1s && between < 3ms);
    ASSERT_EQ(prng.below(1), 0U);
    ASSERT_EQ(prng.between(5s, 5s), 5s);
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(PrngTest, NeverDoesTheImpossibleAndAlwaysTheCertain) {
  Prng prng(9);
  int happened = 0;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(prng.chance(0));
    ASSERT_TRUE(prng.chance(1));
    happened += prng.chance(0.3) ? 1 : 0;
  }
  EXPECT_NEAR(happened, 3000, 200);
}

TEST(PrngTest, ShufflesWithoutLosingAnything) {
  Prng prng(10);
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);

  prng.shuffle(std::span<int>(items));

  EXPECT_FALSE(std::ranges::is_sorted(items));
  std::ranges::sort(items);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(items[static_cast<std::size_t>(i)], i);
}

TEST(PrngDeathTest, TakesNoEmptyRange) {
  Prng prng(11);

  EXPECT_DEATH((void)prng.below(0), "internal check failed: bound > 0");
  EXPECT_DEATH((void)prng.between(2s, 1s), "internal check failed: low <= high");
}

}  // namespace
}  // namespace rollcall
