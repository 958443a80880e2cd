// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(CheckDeathTest, EndsTheProcessAndSaysWhatAndWhere) {
  const int two = 2;

  ROLLCALL_CHECK(two == 2);
  EXPECT_DEATH(ROLLCALL_CHECK(two == 3), "internal check failed: two == 3 at .*check_test.cpp:");
}

}  // namespace
}  // namespace rollcall
