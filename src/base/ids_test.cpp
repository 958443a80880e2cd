// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <bit>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(LifeIdTest, IsWrittenAs32Digits) {
  EXPECT_EQ(to_text(LifeId{}), "00000000000000000000000000000000");
  EXPECT_EQ(to_text(LifeId{0x0123456789abcdef, 0xf}), "0123456789abcdef000000000000000f");
  EXPECT_EQ(to_text(LifeId{~0U, ~std::uint64_t{0}}), "00000000ffffffffffffffffffffffff");
}

TEST(LifeIdTest, IsReadAsItIsWritten) {
  const LifeId id{0x0123456789abcdef, 0xf};
  EXPECT_EQ(parse_life_id(to_text(id)), id);
  for (const char* text :
       {"", "1", "0123456789abcdef00000000000000", "0123456789ABCDEF000000000000000f",
        "0123456789abcdef00000000000000-f", "0123456789abcdef000000000000000f0"}) {
    EXPECT_EQ(parse_life_id(text), std::nullopt) << text;
  }
}

TEST(LifeIdTest, IsNobodyOnlyWhenAllIsZero) {
  EXPECT_TRUE(LifeId().is_nobody());
  EXPECT_FALSE((LifeId{0, 1}).is_nobody());
  EXPECT_FALSE((LifeId{1, 0}).is_nobody());
}

TEST(LifeTest, IsOrderedByBootCounterAndThenById) {
  EXPECT_LT((Life{1, {9, 9}}), (Life{2, {0, 0}}));
  EXPECT_LT((Life{1, {1, 9}}), (Life{1, {2, 0}}));
  EXPECT_LT((Life{1, {1, 1}}), (Life{1, {1, 2}}));
  EXPECT_EQ((Life{1, {1, 1}}), (Life{1, {1, 1}}));
}

TEST(HashBytesTest, GivesTheSameOnEveryMachine) {
  // These travel: another value here is another wire version.
  EXPECT_EQ(hash_bytes(""), 0xf52a15e9a9b5e89bU);
  EXPECT_EQ(hash_bytes("default"), 0xf109ada1b3dd278eU);
  EXPECT_EQ(hash_bytes("default", 1), 0xd876aa59d8145a9fU);
  EXPECT_EQ(hash_combine(1, 2), 0x3706970b052f16b1U);
  static_assert(hash_bytes("a") != hash_bytes("b"));
}

TEST(HashBytesTest, ChangesHalfOfItsBitsWithOneBitOfTheInput) {
  int bits = 0;
  constexpr int trials = 1000;
  for (int i = 0; i < trials; ++i) {
    std::string text = "member-" + std::to_string(i);
    const std::uint64_t before = hash_bytes(text);
    text[static_cast<std::size_t>(i) % text.size()] ^= 1;
    bits += std::popcount(before ^ hash_bytes(text));
  }
  EXPECT_NEAR(static_cast<double>(bits) / trials, 32, 0.7);
}

TEST(HashBytesTest, SpreadsNamesOverItsHighestByte) {
  // Names are put into buckets by it.
  std::array<int, 256> buckets{};
  for (int i = 0; i < 25'600; ++i) {
    ++buckets.at(hash_bytes("node-" + std::to_string(i)) >> 56U);
  }
  for (const int count : buckets) EXPECT_NEAR(count, 100, 60);
}

TEST(HashCombineTest, DependsOnTheOrder) {
  EXPECT_NE(hash_combine(1, 2), hash_combine(2, 1));
  EXPECT_NE(hash_combine(0, 0), 0U);
}

}  // namespace
}  // namespace rollcall
