// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

// --- Durations ---------------------------------------------------------------------------------

TEST(ParseDurationTest, ReadsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1s"), 1s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("20us"), 20us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0ms"), 0s);
  EXPECT_EQ(parse_duration("007s"), 7s);
}

TEST(ParseDurationTest, ReadsFractions) {
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.25ms"), 250us);
  EXPECT_EQ(parse_duration("1.0000000005s"), 1s + 1ns) << "rounded to whole nanoseconds";
  EXPECT_EQ(parse_duration("0.00000000000000000000000001h"), 0s);
  EXPECT_EQ(parse_duration("0." + std::string(400, '0') + "1s"), 0s);
}

TEST(ParseDurationTest, IsExactUpToItsLimit) {
  EXPECT_EQ(parse_duration("10000h"), 10'000h);
  EXPECT_EQ(parse_duration("35999999999999999ns"), 10'000h - 1ns);
  EXPECT_EQ(parse_duration("36000000000000001ns"), std::nullopt);
  EXPECT_EQ(parse_duration("10000.0001h"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999999h"), std::nullopt);
  EXPECT_EQ(parse_duration("9223372036854775807h"), std::nullopt);
}

TEST(ParseDurationTest, RefusesWhatIsNoDuration) {
  for (const char* const text :
       {"",     "s",    "1",   "1.5",   "-1s",  "+1s", "1 s",   " 1s",   "1s ",
        "1S",   "1sec", "1d",  "1..5s", "1.5.", "1.s", ".5s",   ".s",    "1e3s",
        "0x1s", "1s1s", "inf", "nans",  "1,5s", "m",   "1m30s", "1.2.3s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << '"' << text << '"';
  }
  EXPECT_EQ(parse_duration(std::string_view("1s\0", 3)), std::nullopt);
}

TEST(DurationTextTest, TakesTheLongestUnitThatIsExact) {
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(120s), "2m");
  EXPECT_EQ(duration_text(24h), "24h");
  EXPECT_EQ(duration_text(1us), "1us");
  EXPECT_EQ(duration_text(1001ns), "1001ns");
}

RC_GTEST_PROP(DurationTextTest, IsReadBackExactly, ()) {
  const Duration duration(*rc::gen::inRange<Duration::rep>(0, Duration(10'000h).count() + 1));

  RC_ASSERT(parse_duration(duration_text(duration)) == duration);
}

RC_GTEST_PROP(ParseDurationTest, AnswersEveryText, (const std::string& text)) {
  if (const auto duration = parse_duration(text)) {
    RC_ASSERT(*duration >= Duration::zero() && *duration <= 10'000h);
  }
}

// --- UTF-8 -------------------------------------------------------------------------------------

TEST(IsUtf8Test, AcceptsTheFirstAndTheLastCharacterOfEverySize) {
  for (const char* const text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xA9z"}) {
    EXPECT_TRUE(is_utf8(text)) << '"' << text << '"';
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(IsUtf8Test, RefusesWhatIsCutLongOrBeyondUnicode) {
  for (const char* const text :
       {"\xE9", "\x80", "\xC3", "\xC3z", "\xE2\x82", "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(text)) << '"' << text << '"';
  }
}

// --- Names -------------------------------------------------------------------------------------

TEST(IsValidNameTest, AcceptsHostNamesAndTheLike) {
  for (const char* const name : {"a", "7", "db1", "db-1.eu_west.example", "A.b-C_9", "10.0.0.1"}) {
    EXPECT_TRUE(is_valid_name(name)) << name;
  }
  EXPECT_TRUE(is_valid_name(std::string(128, 'n')));
}

TEST(IsValidNameTest, RefusesAnythingElse) {
  for (const char* const name :
       {"", "-a", ".a", "_a", "a b", "a/b", "a:b", "a\n", "\xC3\xA4", "*"}) {
    EXPECT_FALSE(is_valid_name(name)) << '"' << name << '"';
  }
  EXPECT_FALSE(is_valid_name(std::string(129, 'n')));
  EXPECT_FALSE(is_valid_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace rollcall
