// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::launcher {

/// The file of a program: looked for in PATH, and then where administrators' programs are, which
/// the PATH of a user who became root may lack.
std::optional<std::filesystem::path> find_program(std::string_view name);

/// Runs other people's programs, each with its argument vector and no shell.
///
/// Errors:  half a sentence with the program's own words.
/// Threads: any; the program runs in the network namespace of the thread that calls.
class Tools {
 public:
  /// What this descriptor locks stays locked until the programs have ended, also when this one
  /// ends before them: whoever gets the lock next finds nobody at work any more. -1: nothing.
  explicit Tools(int lock) : lock_(lock) {}

  /// What the program printed, once it has ended well.
  [[nodiscard]] std::expected<std::string, std::string> run(
      const std::vector<std::string>& command) const;

 private:
  int lock_;
};

}  // namespace rollcall::launcher
