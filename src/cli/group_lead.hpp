// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/agent_client.hpp"
#include "cli/failure.hpp"
#include "cli/group_lease.hpp"

namespace rollcall::cli {

/// The exit code of `group lead` when it had to end the command: it did not lead any more, or could
/// not know. EX_TEMPFAIL of sysexits(3): to be tried again.
inline constexpr int leadership_lost = 75;

struct LeadPlan {
  AgentOptions agent;
  GroupPlace place;
  std::vector<std::string> command;
  /// Between SIGTERM and SIGKILL to a command that has to end.
  std::chrono::nanoseconds grace{0};
  /// How long to wait for leadership; nothing: for ever.
  std::optional<std::chrono::nanoseconds> wait = std::nullopt;
};

/// Runs the command once this client leads its group, and ends it before another could: in a
/// process group of its own, with the group's name and the number of the view that made it the
/// leader (a fencing token) in its environment.
///
/// The command's exit code; leadership_lost; 128 plus a signal that came before the command ran.
Outcome<ExitCode> lead(const LeadPlan& plan);

}  // namespace rollcall::cli
