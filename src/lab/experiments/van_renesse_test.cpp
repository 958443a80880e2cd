// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/van_renesse.hpp"

#include <gtest/gtest.h>

namespace rollcall::lab {
namespace {

struct Published {
  std::size_t members;
  double mistakes;
  double seconds;
};

/// The paper's figure 1: 250 bytes a second, one failed member.
class VanRenesseTest : public testing::TestWithParam<Published> {};

TEST_P(VanRenesseTest, GivesThePublishedTimes) {
  const VanRenesse service{.members = GetParam().members, .mistakes = GetParam().mistakes};

  EXPECT_NEAR(to_seconds(fail_time(service)), GetParam().seconds, 0.03 * GetParam().seconds);
}

INSTANTIATE_TEST_SUITE_P(Figure1, VanRenesseTest,
                         testing::Values(Published{50, 1e-9, 59}, Published{50, 1e-6, 46},
                                         Published{50, 1e-3, 35}, Published{100, 1e-9, 125},
                                         Published{100, 1e-6, 99}, Published{100, 1e-3, 77},
                                         Published{200, 1e-9, 262}, Published{200, 1e-6, 211},
                                         Published{200, 1e-3, 166}));

}  // namespace
}  // namespace rollcall::lab
