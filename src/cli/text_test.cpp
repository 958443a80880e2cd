// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

TEST(CliText, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(printable("plain caf\xC3\xA9"), "plain caf\xC3\xA9");
  EXPECT_EQ(printable("\x1B[2Jgone\n\x7F"), "\\x1B[2Jgone\\x0A\\x7F");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\x9B31m");
}

TEST(CliText, CountsColumnsNotBytes) {
  EXPECT_EQ(width(""), 0U);
  EXPECT_EQ(width("caf\xC3\xA9"), 4U);
}

TEST(CliText, ReadsTheTimesThatAgentsWrite) {
  const auto whole = parse_time("2025-01-31T12:00:00Z");
  const auto fine = parse_time("2025-01-31T12:00:00.250Z");

  ASSERT_TRUE(whole && fine);
  EXPECT_EQ(whole->time_since_epoch(), 1'738'324'800s);
  EXPECT_EQ(*fine - *whole, 250ms);
  for (const char* wrong : {"", "yesterday", "2025-01-31T12:00:00", "2025-01-31T12:00:99Z"}) {
    EXPECT_FALSE(parse_time(wrong).has_value()) << wrong;
  }
}

TEST(CliText, RoundsAgesToWhatMatters) {
  struct Case {
    std::chrono::system_clock::duration age;
    std::string text;
  };
  const std::array cases{Case{-5s, "0.0s"},   Case{449ms, "0.4s"},   Case{12s, "12s"},
                         Case{185s, "3m05s"}, Case{130min, "2h10m"}, Case{100h, "4d"}};
  for (const Case& expected : cases) EXPECT_EQ(age_text(expected.age), expected.text);
}

}  // namespace
}  // namespace rollcall::cli
