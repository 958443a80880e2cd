// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/host_clock.hpp"

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

using namespace std::chrono_literals;

constexpr Instant start = Instant{} + 5s;

TEST(HostClockTest, WithoutDriftIsAnOffset) {
  const HostClock clock(start, 10h, 0);

  EXPECT_EQ(clock.local(start + 1s), start + 10h + 1s);
  EXPECT_EQ(clock.world_time(start + 10h + 1s), start + 1s);
  EXPECT_EQ(clock.world_time(never), never);
}

TEST(HostClockTest, GainsOrLosesByItsRate) {
  EXPECT_EQ(HostClock(start, 0s, 500).local(start + 1000s), start + 1000s + 500ms);
  EXPECT_EQ(HostClock(start, 0s, -100'000).local(start + 10s), start + 9s);
}

TEST(HostClockTest, TellsTheFirstMomentThatShowsATime) {
  Duration step = 1ns;
  for (const std::int64_t ppm : {-500'000, -333'333, -500, -1, 1, 7, 500, 100'000, 500'000}) {
    const HostClock clock(start, 3h, ppm);
    for (Duration later{}; later < 100h; later += (step = step * 3 + 1ns)) {
      const Instant shown = clock.local(start) + later;
      const Instant moment = clock.world_time(shown);

      EXPECT_GE(clock.local(moment), shown) << ppm;
      if (moment == start) continue;
      EXPECT_LT(clock.local(moment - 1ns), shown) << ppm;
    }
    step = 1ns;
  }
}

}  // namespace
}  // namespace rollcall::sim
