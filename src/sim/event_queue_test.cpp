// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/event_queue.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"

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

TEST(EventQueueTest, GivesTheOrderOfASortWhateverTheDistances) {
  EventQueue queue;
  Prng prng(3);
  std::vector<Instant> expected;
  std::vector<Instant> given;
  Instant now{};
  const auto push = [&] {
    const Duration ahead = Duration(1) * static_cast<long>(prng.below(1ULL << prng.below(40)));
    expected.push_back(now + ahead);
    queue.push(now + ahead, DueKind::task, 0);
  };
  for (int i = 0; i < 1000; ++i) push();
  while (!queue.empty()) {
    EXPECT_EQ(queue.next_time(), *std::ranges::min_element(expected));
    now = queue.pop().time;
    given.push_back(now);
    expected.erase(std::ranges::find(expected, now));
    if (given.size() < 2000) push();
  }

  EXPECT_TRUE(std::ranges::is_sorted(given));
  EXPECT_TRUE(expected.empty());
  EXPECT_EQ(queue.next_time(), never);
}

TEST(EventQueueTest, WithoutAnythingIsDueNever) {
  EXPECT_EQ(EventQueue().next_time(), never);
}

}  // namespace
}  // namespace rollcall::sim
