// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/values.hpp"

namespace rollcall::agent {

/// One value that somebody gave, for a key that may not exist.
struct Assignment {
  std::string key;
  RawValue value;
  Origin origin;
};

/// One thing that is wrong with a configuration.
struct ConfigProblem {
  Origin where;
  /// Empty when it is about no single key.
  std::string key;
  /// What was found and what is allowed.
  std::string message;
};
/// "agent.yaml:3:5: probe-timeout: found …; allowed: …"
std::string to_text(const ConfigProblem& problem);

/// What was given, in its order, and what could not even be read.
struct RawConfig {
  std::vector<Assignment> assignments;
  std::vector<ConfigProblem> problems;
};

/// Reads YAML, and so JSON: one map of keys. A map below a key continues its name with a dot,
/// so that "http: {allow_get_mutations: true}" is "http.allow_get_mutations: true".
///
/// Limits: file_bytes_max.
RawConfig parse_config_text(const std::string& text, const std::string& file);
RawConfig read_config_file(const std::string& file);

}  // namespace rollcall::agent
