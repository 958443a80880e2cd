// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/member_table.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/prng.hpp"

namespace rollcall::core {
namespace {

Record record_of(const std::string& name, std::uint64_t life, State state = State::alive) {
  Record record;
  record.name = name;
  record.life = {1, {life, life}};
  record.state = state;
  record.address = Address::v4(10, 0, 0, static_cast<std::uint8_t>(life & 0xFFU),
                               static_cast<std::uint16_t>(7000 + life));
  return record;
}

/// What the table says must follow from its records, computed from scratch.
void expect_consistent(const MemberTable& table) {
  std::uint64_t digest = 0;
  std::size_t live = 0;
  for (const Slot slot : table.slots()) {
    const Record& record = table.at(slot);
    EXPECT_EQ(table.find(record.name), slot);
    EXPECT_EQ(table.find(record.life.id), slot);
    if (!is_live(record.state)) continue;
    ++live;
    digest += record_hash(record);
    EXPECT_EQ(table.ring()[table.ring_index(slot)], slot);
  }
  EXPECT_EQ(table.live_count(), live);
  EXPECT_EQ(table.digest(), digest);
  EXPECT_EQ(std::accumulate(table.buckets().begin(), table.buckets().end(), std::uint64_t{0}),
            digest);
}

TEST(MemberTableTest, KeepsEveryIndexTrueThroughRandomChanges) {
  MemberTable table;
  Prng prng(1);
  for (int step = 0; step < 3000; ++step) {
    const std::string name = "n" + std::to_string(prng.below(40));
    if (const auto slot = table.find(name); slot && prng.chance(0.2)) {
      table.erase(*slot);
    } else {
      table.put(
          record_of(name, 1 + static_cast<std::uint64_t>(step), static_cast<State>(prng.below(4))));
    }
    if (step % 100 == 0) expect_consistent(table);
  }
  expect_consistent(table);
}

TEST(MemberTableTest, KeepsTheSlotOfANameThroughItsLives) {
  MemberTable table;
  const Slot first = table.put(record_of("a", 1));

  const Slot second = table.put(record_of("a", 2));

  EXPECT_EQ(first, second);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_FALSE(table.find(LifeId{1, 1}).has_value());
  EXPECT_EQ(table.find(LifeId{2, 2}), second);
  EXPECT_EQ(table.find_live_at(record_of("a", 2).address), second);
}

TEST(MemberTableTest, ReportsEachChangedSlotOnce) {
  MemberTable table;
  const Slot a = table.put(record_of("a", 1));
  table.put(record_of("a", 2));
  const Slot b = table.put(record_of("b", 3));

  EXPECT_EQ(table.take_changed(), (std::vector<Slot>{a, b}));
  EXPECT_TRUE(table.take_changed().empty());

  table.erase(a);
  EXPECT_EQ(table.take_changed(), std::vector<Slot>{a});
  EXPECT_FALSE(table.is_used(a));
}

TEST(MemberTableTest, GivesEqualDigestsForEqualLiveRecordsInAnyOrder) {
  MemberTable one;
  MemberTable other;
  one.put(record_of("a", 1));
  one.put(record_of("b", 2));
  one.put(record_of("c", 3, State::failed));
  other.put(record_of("b", 2, State::suspect));
  other.put(record_of("a", 1));

  EXPECT_EQ(one.digest(), other.digest());
}

TEST(MemberTableTest, PutsMembersOnTheRingInAnOrderOfTheirLives) {
  MemberTable table;
  for (std::uint64_t life = 1; life <= 50; ++life) {
    table.put(record_of("n" + std::to_string(life), life));
  }
  const std::vector<Slot> before = table.ring();

  table.put(record_of("n7", 107));

  EXPECT_EQ(std::set<Slot>(before.begin(), before.end()).size(), 50U);
  EXPECT_NE(before, table.ring());
}

}  // namespace
}  // namespace rollcall::core
