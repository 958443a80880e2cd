// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/delay.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

constexpr int draws = 100'000;

struct Spread {
  double mean = 0;
  double deviation = 0;
  double median = 0;
  double least = 0;
  double most = 0;
};

template <class Draw>
Spread spread_of(Draw draw) {
  Prng prng(7);
  std::vector<double> values;
  for (int i = 0; i < draws; ++i) values.push_back(draw(prng));
  std::ranges::sort(values);
  Spread spread{.median = values[draws / 2], .least = values.front(), .most = values.back()};
  for (const double value : values) spread.mean += value / draws;
  for (const double value : values) {
    spread.deviation += (value - spread.mean) * (value - spread.mean) / draws;
  }
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

Spread milliseconds_of(const LinkOptions& link) {
  return spread_of([&](Prng& prng) { return 1000 * to_seconds(draw_delay(link, prng)); });
}

TEST(DelayTest, NormalHasMeanZeroAndDeviationOne) {
  const Spread spread = spread_of(draw_normal);

  EXPECT_NEAR(spread.mean, 0, 0.02);
  EXPECT_NEAR(spread.deviation, 1, 0.02);
  EXPECT_GE(spread.least, -6);
  EXPECT_LE(spread.most, 6);
}

TEST(DelayTest, ExponentialHasItsMeanItsMedianAndItsTail) {
  const Spread spread = spread_of(draw_exponential);

  EXPECT_NEAR(spread.mean, 1, 0.02);
  EXPECT_NEAR(spread.deviation, 1, 0.03);
  EXPECT_NEAR(spread.median, std::log(2.0), 0.02);
  EXPECT_GT(spread.most, 8);
}

TEST(DelayTest, LongTailHasItsMedianAndIsFarBeyondTheExponential) {
  const Spread spread = spread_of(draw_long_tail);

  EXPECT_NEAR(spread.median, std::sqrt(2.0) - 1, 0.02);
  EXPECT_NEAR(spread.mean, 1, 0.15);
  EXPECT_GT(spread.most, 50);
}

TEST(DelayTest, KeepsWithinTheBoundsOfTheLinkWhateverTheShape) {
  for (const DelayShape shape : {DelayShape::uniform, DelayShape::constant, DelayShape::normal,
                                 DelayShape::exponential, DelayShape::pareto}) {
    const Spread spread =
        milliseconds_of({.delay_min = 10ms, .delay_max = 30ms, .shape = shape, .delay_mean = 15ms});

    EXPECT_GE(spread.least, 10);
    EXPECT_LE(spread.most, 30);
  }
}

TEST(DelayTest, HasTheMeanAskedFor) {
  for (const DelayShape shape : {DelayShape::normal, DelayShape::exponential, DelayShape::pareto}) {
    const Spread spread =
        milliseconds_of({.delay_min = 10ms, .delay_max = 1h, .shape = shape, .delay_mean = 15ms});

    EXPECT_NEAR(spread.mean, 15, 1);
  }
}

TEST(DelayTest, IsTheSameNumbersOnEveryMachine) {
  // Worked out by another program; a compiler, a library or a machine that rounds otherwise is
  // found out here.
  Prng prng(42);
  const LinkOptions exponential{
      .delay_min = 1ms, .delay_max = 1s, .shape = DelayShape::exponential, .delay_mean = 3ms};
  LinkOptions pareto = exponential;
  pareto.shape = DelayShape::pareto;
  LinkOptions normal = exponential;
  normal.shape = DelayShape::normal;

  EXPECT_EQ(draw_delay(exponential, prng).count(), 5'436'810);
  EXPECT_EQ(draw_delay(pareto, prng).count(), 1'461'701);
  EXPECT_EQ(draw_delay(normal, prng).count(), 2'704'767);
}

}  // namespace
}  // namespace rollcall::sim
