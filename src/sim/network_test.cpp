// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

constexpr HostId a{0};
constexpr HostId b{1};

class NetworkTest : public testing::Test {
 protected:
  NetworkTest() {
    network_.add_host();
    network_.add_host();
  }
  int lost_of(int count, HostId from, HostId to) {
    int lost = 0;
    for (int i = 0; i < count; ++i) lost += network_.loses_datagram(from, to) ? 1 : 0;
    return lost;
  }

  Network network_{LinkOptions{}, Prng(1)};
};

TEST_F(NetworkTest, LosesNothingUnlessTold) {
  EXPECT_EQ(lost_of(1000, a, b), 0);
}

TEST_F(NetworkTest, LosesAboutTheShareAskedFor) {
  network_.set_link({.loss = 0.3});

  EXPECT_NEAR(lost_of(10'000, a, b), 3000, 200);
}

TEST_F(NetworkTest, LosesOnTheWayInAndOutOfAHost) {
  network_.set_loss(a, {.in = 1, .out = 0});

  EXPECT_EQ(lost_of(100, a, b), 0);
  EXPECT_EQ(lost_of(100, b, a), 100);
}

TEST_F(NetworkTest, LeavesStreamsAloneWhenOnlyDatagramsAreLost) {
  network_.set_loss(a, {.in = 1, .out = 1, .scope = LossScope::datagrams});

  EXPECT_FALSE(network_.loses_segment(a, b));
  EXPECT_FALSE(network_.loses_segment(b, a));
}

TEST_F(NetworkTest, PartitionsCloseBothWaysAndCutsOne) {
  network_.cut(a, b);
  EXPECT_FALSE(network_.is_open(a, b));
  EXPECT_TRUE(network_.is_open(b, a));
  network_.mend(a, b);

  network_.set_group(a, 1);
  EXPECT_FALSE(network_.is_open(a, b));
  EXPECT_FALSE(network_.is_open(b, a));
  network_.heal_groups();
  EXPECT_TRUE(network_.is_open(a, b));
}

TEST_F(NetworkTest, DelaysWithinItsBounds) {
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = network_.draw_delay();
    EXPECT_GE(delay, network_.link().delay_min);
    EXPECT_LT(delay, network_.link().delay_max);
  }
}

}  // namespace
}  // namespace rollcall::sim
