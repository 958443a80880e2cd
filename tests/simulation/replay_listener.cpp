// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace {

/// After a failed test of one seed, prints the command that replays that seed and no other.
class ReplayListener : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    const std::string name = test.name();
    const std::size_t seed = name.rfind("/seed");
    if (!test.result()->Failed() || seed == std::string::npos) return;
    std::printf(
        "replay: ROLLCALL_SIM_SEED=%s ROLLCALL_SIM_TRANSCRIPT=transcript.txt %s "
        "--gtest_filter='%s.%s'\n",
        name.substr(seed + 5).c_str(), program_invocation_name, test.test_suite_name(),
        name.c_str());
  }
};

const bool is_listening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new ReplayListener);
  return true;
}();

}  // namespace
