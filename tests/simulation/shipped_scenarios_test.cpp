// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// What examples/scenarios promises is so.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/runner.hpp"
#include "lab/scenario_yaml.hpp"

namespace rollcall::lab {
namespace {

constexpr std::uint64_t seeds_each = 3;

std::vector<std::string> shipped() {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(ROLLCALL_SOURCE_DIR "/examples/scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}

class ShippedScenario : public testing::TestWithParam<std::string> {};

TEST_P(ShippedScenario, Holds) {
  const auto scenario = read_scenario(GetParam());
  ASSERT_TRUE(scenario) << to_text(scenario.error().front(), GetParam());
  EXPECT_FALSE(scenario->summary.empty());

  for (std::uint64_t seed = 1; seed <= seeds_each; ++seed) {
    const RunResult result = run_scenario(*scenario, {.seed = seed});
    EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken)
                                << "\nreplay: rollcall simulate " << GetParam() << " --seed "
                                << seed;
    EXPECT_TRUE(judge_together(*scenario, {result}).empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, ShippedScenario, testing::ValuesIn(shipped()), test_name);

}  // namespace
}  // namespace rollcall::lab
