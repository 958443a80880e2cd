// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Each tests/scenario/*.txt is a test: it runs one node through the script and compares what the
// node did with what the file says. `rollcall_scenario_tests --rewrite` writes the files anew;
// the diff is for the reviewer.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node_script.hpp"

namespace rollcall::scenario {
namespace {

const std::filesystem::path folder = std::filesystem::path(ROLLCALL_SOURCE_DIR) / "tests/scenario";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_rewriting() {
  const std::vector<std::string> arguments = testing::internal::GetArgvs();
  return std::ranges::find(arguments, "--rewrite") != arguments.end();
}

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, HappensAsWritten) {
  const std::filesystem::path path = folder / (GetParam() + ".txt");
  const std::string expected = read(path);

  const std::string actual = NodeScript::run(expected);

  if (is_rewriting()) {
    std::ofstream(path, std::ios::binary) << actual;
  } else {
    EXPECT_EQ(actual, expected) << "to accept it: rollcall_scenario_tests --rewrite";
  }
}

std::string name_of(const testing::TestParamInfo<std::string>& script) {
  return script.param;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(scripts()), name_of);

}  // namespace
}  // namespace rollcall::scenario
