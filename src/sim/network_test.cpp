// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

constexpr HostId a{0};
constexpr HostId b{1};
constexpr HostId c{2};

class NetworkTest : public testing::Test {
 protected:
  NetworkTest() {
    for (int i = 0; i < 3; ++i) network_.add_host();
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
    const Duration delay = network_.draw_delay(a, b);
    EXPECT_GE(delay, network_.link().delay_min);
    EXPECT_LT(delay, network_.link().delay_max);
  }
}

TEST_F(NetworkTest, GivesEachPairOfZonesItsOwnLink) {
  network_.set_zone(c, ZoneId{1});
  network_.set_zone_link(ZoneId{0}, ZoneId{1},
                         {.delay_min = 40ms, .shape = DelayShape::constant, .loss = 1});

  EXPECT_EQ(network_.draw_delay(a, c), 40ms);
  EXPECT_EQ(network_.draw_delay(c, a), 40ms);
  EXPECT_LT(network_.draw_delay(a, b), 1ms);
  EXPECT_TRUE(network_.loses_datagram(c, b));
  EXPECT_FALSE(network_.loses_datagram(a, b));
}

TEST_F(NetworkTest, PutsTheLinkOfAPairBeforeThatOfItsZones) {
  network_.set_zone_link(ZoneId{0}, ZoneId{0}, {.delay_min = 1ms, .shape = DelayShape::constant});
  network_.set_pair_link(a, b, {.delay_min = 9ms, .shape = DelayShape::constant});

  EXPECT_EQ(network_.draw_delay(a, b), 9ms);
  EXPECT_EQ(network_.draw_delay(b, a), 1ms);
  EXPECT_EQ(network_.draw_delay(a, c), 1ms);
}

TEST_F(NetworkTest, LetsNoHostsPacketsChangeTheLuckOfAnothers) {
  Network other(LinkOptions{}, Prng(1));
  for (int i = 0; i < 3; ++i) other.add_host();

  for (int i = 0; i < 100; ++i) {
    static_cast<void>(other.draw_delay(b, a));  // what b sends besides
    EXPECT_EQ(other.draw_delay(a, b), network_.draw_delay(a, b));
  }
}

}  // namespace
}  // namespace rollcall::sim
