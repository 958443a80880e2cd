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

TEST(JoinNewsTest, IsSilentAboutAMemberThatIsAloneOnItsLan) {
  const core::JoinAttempt nobody{.seed = "LAN",
                                 .outcome = std::string(core::nobody_on_lan_text),
                                 .stage = core::JoinStage::lan};
  EXPECT_FALSE(JoinNews().next(Attempts{nobody}, Instant{}));

  Attempts both = attempts("connection refused");
  both.push_back(nobody);
  EXPECT_EQ(JoinNews().next(both, Instant{}),
            "no seed could be joined, trying again: seed 10.0.0.1:7420: connection refused; "
            "LAN: nobody answered");
}

TEST(JoinNewsTest, SaysWhatKindOfPeerWasAsked) {
  const Attempts all = {{.seed = "a:1", .outcome = "no", .stage = core::JoinStage::saved_peers},
                        {.seed = "b:1", .outcome = "no", .stage = core::JoinStage::seeds},
                        {.seed = "c:1", .outcome = "no", .stage = core::JoinStage::hosts_file},
                        {.seed = "d:1", .outcome = "no", .stage = core::JoinStage::lan},
                        {.seed = std::string(core::hosts_file_text),
                         .outcome = "names no others",
                         .stage = core::JoinStage::hosts_file}};
  EXPECT_EQ(JoinNews().next(all, Instant{}),
            "no seed could be joined, trying again: saved peer a:1: no; seed b:1: no; "
            "host c:1: no; on the LAN d:1: no; hosts file: names no others");
}

TEST(JoinNewsTest, NamesOnlySoManySeeds) {
  const Attempts many(JoinNews::seeds_told_max + 3, attempts("connection refused").front());

  const auto text = JoinNews().next(many, Instant{});

  ASSERT_TRUE(text);
  EXPECT_TRUE(text->ends_with("; and 3 more")) << *text;
}

}  // namespace
}  // namespace rollcall::runtime
