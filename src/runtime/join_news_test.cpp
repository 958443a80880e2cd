// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/join_news.hpp"

#include <gtest/gtest.h>

namespace rollcall::runtime {
namespace {

using namespace std::chrono_literals;
using Attempts = std::vector<core::JoinAttempt>;

Attempts attempts(const std::string& outcome) {
  return {{.seed = "10.0.0.1:7420", .outcome = outcome, .joined = false}};
}

TEST(JoinNewsTest, TellsTheOutcomeOfEachSeed) {
  JoinNews news;

  EXPECT_EQ(news.next(Attempts{{.seed = "a:1", .outcome = "connection refused", .joined = false},
                               {.seed = "b:2", .outcome = "no such host", .joined = false}},
                      Instant{}),
            "no seed could be joined, trying again: seed a:1: connection refused; "
            "seed b:2: no such host");
}

TEST(JoinNewsTest, RepeatsTheSameMoreAndMoreSeldom) {
  JoinNews news;
  const Instant start{};
  int told = 0;
  for (auto at = 0s; at <= 3h; at += 10s) {
    if (news.next(attempts("connection refused"), start + at)) ++told;
  }

  // After 0, 1, 3, 7, 15, 31 and 63 minutes, then every hour.
  EXPECT_EQ(told, 8);
}

TEST(JoinNewsTest, TellsAnotherOutcomeAtOnce) {
  JoinNews news;
  EXPECT_TRUE(news.next(attempts("connection refused"), Instant{}));
  EXPECT_FALSE(news.next(attempts("connection refused"), Instant{} + 1s));
  EXPECT_TRUE(news.next(attempts("no answer in time"), Instant{} + 2s));

  news.forget();
  EXPECT_TRUE(news.next(attempts("no answer in time"), Instant{} + 3s)) << "in between it was in";
}

TEST(JoinNewsTest, IsSilentAboutAMemberThatIsItsOwnSeed) {
  EXPECT_FALSE(JoinNews().next(attempts("is this member itself"), Instant{}));
}

TEST(JoinNewsTest, NamesOnlySoManySeeds) {
  const Attempts many(JoinNews::seeds_told_max + 3, attempts("connection refused").front());

  const auto text = JoinNews().next(many, Instant{});

  ASSERT_TRUE(text);
  EXPECT_TRUE(text->ends_with("; and 3 more")) << *text;
}

}  // namespace
}  // namespace rollcall::runtime
