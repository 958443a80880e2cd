// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(SuggestTest, CountsChangesOfLetters) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(SuggestTest, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string_view> words = {"name", "bind", "join"};
  EXPECT_EQ(nearest("nmae", words), "name");
  EXPECT_EQ(nearest("bnd", words), "bind");
  EXPECT_EQ(nearest("a", std::vector<std::string_view>{"tag"}), "")
      << "nothing of it would be left";
  EXPECT_EQ(nearest("completely", words), "");
  EXPECT_EQ(nearest(std::string(1000, 'x'), words), "");
}

}  // namespace
}  // namespace rollcall
