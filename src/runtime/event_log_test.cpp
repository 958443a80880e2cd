// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/event_log.hpp"

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

std::vector<Event> events(std::size_t count) {
  return std::vector<Event>(count);
}

std::vector<std::uint64_t> indexes(const EventBatch& batch) {
  std::vector<std::uint64_t> all;
  for (const auto& event : batch.events) all.push_back(event->index);
  return all;
}

TEST(EventLogTest, NumbersFromOneWithoutAGap) {
  EventLog log(10);
  EXPECT_EQ(log.newest(), 0U);

  log.append(events(2));
  log.append(events(1));

  EXPECT_EQ(log.newest(), 3U);
  EXPECT_EQ(indexes(log.since(0, 100)), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(indexes(log.since(2, 100)), (std::vector<std::uint64_t>{3}));
  EXPECT_TRUE(log.since(3, 100).events.empty());
  EXPECT_TRUE(log.since(99, 100).events.empty());
}

TEST(EventLogTest, GivesNoMoreThanAskedFor) {
  EventLog log(10);
  log.append(events(5));

  EXPECT_EQ(indexes(log.since(1, 2)), (std::vector<std::uint64_t>{2, 3}));
}

TEST(EventLogTest, SaysWhenSomeWereForgotten) {
  EventLog log(3);
  log.append(events(5));

  EXPECT_TRUE(log.since(0, 100).gap);
  EXPECT_EQ(indexes(log.since(0, 100)), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_TRUE(log.since(1, 100).gap);
  EXPECT_FALSE(log.since(2, 100).gap);
}

TEST(EventLogTest, WakesForAsLongAsTheSubscriptionLives) {
  EventLog log(10);
  int wakes = 0;
  {
    const Subscription subscription = log.on_append([&wakes] { ++wakes; });
    log.append(events(1));
    log.append(events(3));
    log.append({});
  }
  log.append(events(1));

  EXPECT_EQ(wakes, 2);
}

TEST(EventLogTest, AWakerMayEndItselfAndAskForMore) {
  EventLog log(10);
  Subscription subscription;
  std::vector<std::uint64_t> seen;
  subscription = log.on_append([&] {
    seen = indexes(log.since(0, 100));
    subscription = {};
  });

  log.append(events(1));
  log.append(events(1));

  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace rollcall::runtime
