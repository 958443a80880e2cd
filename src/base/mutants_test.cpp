// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/mutants.hpp"

#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

enum class Mutant : std::uint8_t { none, votes_twice, forgets };

TEST(MutantsTest, NamesEachMistakeAsItsListDoes) {
  EXPECT_EQ(name_of_mutant(Mutant::none), "none");
  EXPECT_EQ(name_of_mutant(Mutant::votes_twice), "votes_twice");
  EXPECT_EQ(name_of_mutant(Mutant::forgets), "forgets");
}

TEST(MutantsTest, CountsMistakesWithoutNone) {
  EXPECT_EQ(mutant_count<Mutant>, 2);
}

TEST(MutantsTest, MakesNoMistakeInTheLibraryThatEverybodyLinks) {
  static_assert(!is_mutant(Mutant::none));
  static_assert(!is_mutant(Mutant::votes_twice));
}

}  // namespace
}  // namespace rollcall
