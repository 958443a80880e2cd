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

/// The names of the live members, in the order of the ring.
std::vector<std::string> ring_names(const MemberTable& table) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.ring().size(); ++i) {
    names.push_back(table.at(table.ring()[i]).name);
  }
  return names;
}

/// Everything a reader can ask, of two tables that should know the same.
void expect_same(const MemberTable& one, const MemberTable& other) {
  EXPECT_EQ(one.size(), other.size());
  EXPECT_EQ(one.live_count(), other.live_count());
  EXPECT_EQ(one.failed().size(), other.failed().size());
  EXPECT_EQ(one.left().size(), other.left().size());
  EXPECT_EQ(one.digest(), other.digest());
  EXPECT_EQ(one.buckets(), other.buckets());
  EXPECT_EQ(ring_names(one), ring_names(other));
  for (const Slot slot : one.slots()) {
    const Record& record = one.at(slot);
    const auto twin = other.find(record.name);
    ASSERT_TRUE(twin) << record.name;
    EXPECT_EQ(other.at(*twin).standing(), record.standing());
    EXPECT_EQ(other.find(record.life.id), twin);
  }
}

void change_at_random(Prng& prng, std::uint64_t life, const std::vector<MemberTable*>& tables) {
  const std::string name = "n" + std::to_string(prng.below(60));
  const bool erases = prng.chance(0.2);
  const auto state = static_cast<State>(prng.below(4));
  for (MemberTable* table : tables) {
    const auto slot = table->find(name);
    if (slot && erases) {
      table->erase(*slot);
    } else {
      table->put(record_of(name, life, state));
    }
  }
}

TEST(MemberTableTest, KnowsTheSameWhenItBeginsAsAnother) {
  Prng prng(2);
  MemberTable base;
  MemberTable plain;
  for (std::uint64_t life = 1; life < 100; ++life) change_at_random(prng, life, {&base, &plain});
  MemberTable derived;
  derived.begin_as(base);
  const std::uint64_t digest_of_base = base.digest();
  expect_same(derived, plain);

  for (std::uint64_t life = 100; life < 3000; ++life) {
    change_at_random(prng, life, {&derived, &plain});
    if (life % 50 == 0) expect_same(derived, plain);
    if (life % 50 == 0) expect_consistent(derived);
  }

  expect_consistent(base);
  EXPECT_EQ(base.digest(), digest_of_base);
}

TEST(MemberTableTest, BeginsWithTheAddressesOfAnother) {
  MemberTable base;
  const Slot a = base.put(record_of("a", 1));
  MemberTable derived;
  derived.begin_as(base);
  const Address old_address = record_of("a", 1).address;
  EXPECT_EQ(derived.find_live_at(old_address), a);

  derived.put(record_of("a", 2));

  EXPECT_EQ(derived.find_live_at(old_address), std::nullopt);
  EXPECT_EQ(base.find_live_at(old_address), a);
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
  const std::vector<std::string> before = ring_names(table);

  table.put(record_of("n7", 107));

  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), 50U);
  EXPECT_NE(before, ring_names(table));
}

}  // namespace
}  // namespace rollcall::core
