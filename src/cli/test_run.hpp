// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cli/program.hpp"

namespace rollcall::cli {

/// What one run of the program said and how it ended.
struct Result {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs `rollcall WORDS…` in this process.
inline Result run(std::vector<std::string> words) {
  words.insert(words.begin(), "rollcall");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Result result;
  result.status = run_program(static_cast<int>(arguments.size()), arguments.data());
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

/// The same for one command.
inline Result run_command(const std::string& command, std::vector<std::string> words) {
  words.insert(words.begin(), command);
  return run(std::move(words));
}

}  // namespace rollcall::cli
