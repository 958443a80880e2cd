// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Drawn clusters, faults and settings: what nobody thought of when writing the other tests.
#include "lab/swarm.hpp"

#include <gtest/gtest.h>

#include "lab/runner.hpp"
#include "simulation_test.hpp"

namespace rollcall::lab {
namespace {

class Swarm : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Swarm, HoldsWhatMustHold) {
  const RunResult result = run_scenario(draw_scenario(GetParam()), {.seed = GetParam()});

  EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken)
                              << "\nreplay: rollcall simulate --swarm 1 --seed " << GetParam();
}

/// What the swarm has found, beyond the seeds that are always run, and what has been mended since.
INSTANTIATE_TEST_SUITE_P(Found, Swarm, testing::Values(658, 941, 2003, 2364, 4384), sim::seed_name);

INSTANTIATE_TEST_SUITE_P(Seeds, Swarm, testing::ValuesIn(sim::seeds(200)), sim::seed_name);

}  // namespace
}  // namespace rollcall::lab
