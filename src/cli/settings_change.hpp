// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/agent_client.hpp"

namespace rollcall::cli {

/// How the cluster's settings are to be changed, whatever the change is.
struct ChangeOptions {
  AgentOptions agent;
  /// "cluster" or "local".
  std::string scope = "cluster";
  /// Refuse it if another version is in force.
  std::string if_version;
};
/// --scope, --if-version and the flags of every command that asks an agent.
void add_change_flags(CLI::App& command, ChangeOptions& options);

/// Asks for the change with its terms; the answer is the agent's.
Outcome<Json> ask_for_change(const ChangeOptions& options, Question question);

/// "version 4, for the whole cluster" or "version 4, changed for this agent alone".
std::string version_text(const Json& answer);

}  // namespace rollcall::cli
