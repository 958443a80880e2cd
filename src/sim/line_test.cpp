// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/line.hpp"

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{};
/// With its headers, a datagram of a hundred bytes: 100 ms at 1,000 B/s.
constexpr std::size_t payload = 100 - Line::datagram_header_bytes;

TEST(LineTest, WithoutABoundTakesNoTime) {
  Line line;

  EXPECT_EQ(line.carry_datagram(start, 1'000'000), Duration::zero());
  EXPECT_EQ(line.carry_frame(start, 1'000'000), Duration::zero());
}

TEST(LineTest, CarriesOneDatagramAfterAnother) {
  Line line;
  line.set(1000, 10'000);

  EXPECT_EQ(line.carry_datagram(start, payload), 100ms);
  EXPECT_EQ(line.carry_datagram(start, payload), 200ms);
  EXPECT_EQ(line.carry_datagram(start + 150ms, payload), 150ms);
  EXPECT_EQ(line.carry_datagram(start + 10s, payload), 100ms);
}

TEST(LineTest, DropsWhatFindsTheQueueFull) {
  Line line;
  line.set(1000, 250);

  EXPECT_TRUE(line.carry_datagram(start, payload));
  EXPECT_TRUE(line.carry_datagram(start, payload));
  EXPECT_FALSE(line.carry_datagram(start, payload));
  EXPECT_EQ(line.dropped(), 1U);
  // Room is there again once the first has gone.
  EXPECT_TRUE(line.carry_datagram(start + 100ms, payload));
}

TEST(LineTest, NeverDropsAFrameButDelaysIt) {
  Line line;
  line.set(1000, 250);
  static_cast<void>(line.carry_datagram(start, payload));

  const std::size_t frame = 5000 - 4 * Line::segment_header_bytes;
  EXPECT_EQ(line.carry_frame(start, frame), 5100ms);
  EXPECT_EQ(line.carry_frame(start, frame), 10100ms);
  EXPECT_EQ(line.dropped(), 0U);
}

TEST(LineTest, LetsDatagramsPassAStreamForHalfAQueue) {
  Line line;
  line.set(1000, 1000);
  const Duration alone = line.carry_frame(start, 5000);

  EXPECT_EQ(line.carry_datagram(start, payload), 600ms);

  // What the datagram took, the next frame of the stream lacks.
  EXPECT_EQ(line.carry_frame(start, 5000), 2 * alone + 100ms);
}

}  // namespace
}  // namespace rollcall::sim
