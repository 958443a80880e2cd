// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/event_queue.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rollcall::sim {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint32_t> drain(EventQueue& queue) {
  std::vector<std::uint32_t> slots;
  while (!queue.empty()) slots.push_back(queue.pop().slot);
  return slots;
}

TEST(EventQueueTest, GivesWhatIsDueFirst) {
  EventQueue queue;
  queue.push(Instant(3s), DueKind::task, 3);
  queue.push(Instant(1s), DueKind::task, 1);
  queue.push(Instant(2s), DueKind::task, 2);

  EXPECT_EQ(drain(queue), (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(EventQueueTest, KeepsTheOrderOfPushingAtOneMoment) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 100; ++i) queue.push(Instant(1s), DueKind::datagram, i);

  const std::vector<std::uint32_t> slots = drain(queue);

  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(slots[i], i);
}

TEST(EventQueueTest, GivesDeadlinesAfterTheInputOfTheSameMoment) {
  EventQueue queue;
  queue.push(Instant(1s), DueKind::deadline, 1);
  queue.push(Instant(1s), DueKind::datagram, 2);
  queue.push(Instant(2s), DueKind::datagram, 3);

  EXPECT_EQ(drain(queue), (std::vector<std::uint32_t>{2, 1, 3}));
}

TEST(EventQueueTest, WithoutAnythingIsDueNever) {
  EXPECT_EQ(EventQueue().next_time(), never);
}

}  // namespace
}  // namespace rollcall::sim
