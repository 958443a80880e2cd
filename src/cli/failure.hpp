// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace rollcall::cli {

/// What scripts may rely on.
enum class ExitCode : std::uint8_t {
  done = 0,
  refused = 1,  // the agent refused, or what was asked for is not so
  usage = 2,    // the command line is wrong; nothing was done
  no_agent = 3  // no agent answered
};

/// Why a command ends without having done its work, in the parts of the message.
struct Failure {
  ExitCode code = ExitCode::refused;
  /// The command or thing it is about.
  std::string what = {};
  std::string why = {};
  /// What the user can do about it; empty if why says it already.
  std::string todo = {};
  /// The agent's own word for it ("not-allowed"), where it refused.
  std::string agent_code = {};
  /// Further lines, such as the end of a log.
  std::vector<std::string> details = {};
};

template <class T>
using Outcome = std::expected<T, Failure>;

/// "rollcall: <what>: <why>; <what to do>", then the details, indented.
std::string to_text(const Failure& failure);

}  // namespace rollcall::cli
