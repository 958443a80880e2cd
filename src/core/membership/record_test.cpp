// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/record.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

/// Every standing with small numbers: all that the order can tell apart.
std::vector<Standing> small_standings() {
  std::vector<Standing> all;
  for (const std::uint64_t boot : {1U, 2U}) {
    for (const std::uint64_t id : {7U, 8U}) {
      for (const std::uint32_t incarnation : {0U, 1U, 2U}) {
        for (const State state : {State::alive, State::suspect, State::failed, State::left}) {
          all.push_back({.life = {boot, {0, id}}, .incarnation = incarnation, .state = state});
        }
      }
    }
  }
  return all;
}

/// Two ends of one life are the same end, whatever incarnation they were told at.
bool same_rank(const Standing& a, const Standing& b) {
  return a == b || (a.life == b.life && is_final(a.state) && a.state == b.state);
}

TEST(SupersedesTest, IsAStrictTotalOrder) {
  const auto all = small_standings();
  for (const Standing& a : all) {
    EXPECT_FALSE(supersedes(a, a));
    for (const Standing& b : all) {
      EXPECT_FALSE(supersedes(a, b) && supersedes(b, a));
      EXPECT_EQ(supersedes(a, b) || supersedes(b, a), !same_rank(a, b));
    }
  }
}

TEST(SupersedesTest, IsTransitive) {
  const auto all = small_standings();
  for (const Standing& a : all) {
    for (const Standing& b : all) {
      if (!supersedes(a, b)) continue;
      for (const Standing& c : all) {
        if (!supersedes(b, c)) continue;
        EXPECT_TRUE(supersedes(a, c));
      }
    }
  }
}

TEST(SupersedesTest, PutsLeftOverFailedOverSuspectOverAliveAtEqualIncarnation) {
  const auto at = [](State state) {
    return Standing{.life = {1, {0, 7}}, .incarnation = 3, .state = state};
  };

  EXPECT_TRUE(supersedes(at(State::suspect), at(State::alive)));
  EXPECT_TRUE(supersedes(at(State::failed), at(State::suspect)));
  EXPECT_TRUE(supersedes(at(State::left), at(State::failed)));
}

TEST(SupersedesTest, LetsARefutationExceedTheAccusation) {
  const Life life{1, {0, 7}};

  EXPECT_TRUE(supersedes({.life = life, .incarnation = 4, .state = State::alive},
                         {.life = life, .incarnation = 3, .state = State::suspect}));
}

TEST(SupersedesTest, HoldsDeathFinalForALife) {
  const Life life{1, {0, 7}};

  EXPECT_FALSE(supersedes({.life = life, .incarnation = 9, .state = State::alive},
                          {.life = life, .incarnation = 3, .state = State::failed}));
  EXPECT_TRUE(supersedes({.life = {2, {0, 1}}, .incarnation = 0, .state = State::alive},
                         {.life = life, .incarnation = 9, .state = State::left}));
}

Record sample_record() {
  return {.name = "a",
          .life = {1, {2, 3}},
          .incarnation = 4,
          .state = State::alive,
          .address = Address::v4(127, 0, 0, 1, 7420)};
}

TEST(RecordHashTest, IgnoresSuspicionAndNoticesEverythingElse) {
  const Record record = sample_record();
  Record suspect = record;
  suspect.state = State::suspect;
  EXPECT_EQ(record_hash(record), record_hash(suspect));

  Record other = record;
  ++other.incarnation;
  EXPECT_NE(record_hash(record), record_hash(other));
  other = record;
  ++other.life.boot;
  EXPECT_NE(record_hash(record), record_hash(other));
  other = record;
  ++other.address.port;
  EXPECT_NE(record_hash(record), record_hash(other));
  other = record;
  other.tags = {std::byte{1}};
  EXPECT_NE(record_hash(record), record_hash(other));
}

}  // namespace
}  // namespace rollcall::core
