// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/config_file.hpp"

namespace rollcall::agent {

/// What the environment says. Looked up by name, so that a test can give its own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The process's own; an empty variable counts as none.
Environment process_environment();
/// Names of all variables of the process that begin with ROLLCALL_.
std::vector<std::string> own_variables();

/// ROLLCALL_<KEY> for every key, and, behind them, NODE_ID, NODE_IP, NODE_PORT and SEED_NODES.
RawConfig read_environment(const Environment& environment);

/// What is in the environment but will not be heeded, as sentences for a warning.
std::vector<std::string> ignored_variables(const Environment& environment,
                                           const std::vector<std::string>& own);

/// What the flags say. `arguments` is without the program's and the command's name.
struct ParsedFlags {
  bool help = false;
  std::optional<std::string> config_file;
  RawConfig raw;
};
ParsedFlags parse_flags(const std::vector<std::string>& arguments);

/// What --help prints.
std::string help_text();

}  // namespace rollcall::agent
