// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <gtest/gtest.h>

namespace rollcall::http {
namespace {

TEST(TargetTest, KeepsThePathAsSentAndDecodesTheQuery) {
  const auto target = parse_target("/a%2Fb/c?x=1+2&y=%26&z&=&&x=3");

  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->raw_path, "/a%2Fb/c");
  EXPECT_EQ(target->query, (Pairs{{"x", "1 2"}, {"y", "&"}, {"z", ""}, {"", ""}, {"x", "3"}}));
}

TEST(TargetTest, ReadsTheFormThatProxiesSend) {
  EXPECT_EQ(parse_target("http://host:80/p?q=1")->raw_path, "/p");
  EXPECT_EQ(parse_target("HTTPS://host")->raw_path, "/");
  EXPECT_EQ(parse_target("http://host?q=1")->query, (Pairs{{"q", "1"}}));
}

TEST(TargetTest, RefusesWhatIsNeitherPathNorUrl) {
  for (const auto* const text : {"", "*", "host:80", "ftp://host/", "?q=1"}) {
    EXPECT_FALSE(parse_target(text).has_value()) << text;
  }
}

TEST(TargetTest, RefusesBrokenEscapes) {
  for (const auto* const text : {"%", "%2", "%2g", "%-1", "%+1", "% 1"}) {
    EXPECT_FALSE(percent_decode(text, Plus::literal).has_value()) << text;
    EXPECT_FALSE(parse_target("/?" + std::string(text)).has_value()) << text;
  }
  EXPECT_EQ(percent_decode("%00+%ff", Plus::literal), std::string("\0+\xff", 3));
}

}  // namespace
}  // namespace rollcall::http
