// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "agent/config_sources.hpp"
#include "agent/settings.hpp"
#include "rollcall/options.hpp"

namespace rollcall::agent {

/// A whole configuration, checked, with the place that each value came from.
struct Config {
  Settings settings;
  /// By canonical key; keys that are not in it have their default.
  std::map<std::string, Origin, std::less<>> origins;
  /// The file that it was read from; empty if from none.
  std::string file;
  /// What was found but not heeded.
  std::vector<std::string> warnings;

  [[nodiscard]] Origin origin_of(std::string_view key) const;
};

using ConfigProblems = std::vector<ConfigProblem>;

/// Puts the layers together, the later ones over the earlier, and checks the whole: unknown
/// keys, values of the wrong kind or out of range, contradictions. All problems are reported, or
/// none is left.
std::expected<Config, ConfigProblems> resolve(const std::vector<RawConfig>& layers);

/// The configuration that an agent started with these arguments would have; --config or
/// ROLLCALL_CONFIG names the file.
std::expected<Config, ConfigProblems> load_config(const ParsedFlags& flags,
                                                  const Environment& environment,
                                                  const std::vector<std::string>& own_variables);

/// The configuration in a file alone, over the defaults.
std::expected<Config, ConfigProblems> load_config_file(const std::string& file);

/// A file that says the same, with a remark where each value came from.
std::string dump_yaml(const Config& config);

/// Every key and its value: {"name":"a","probe-interval":"1s",…}.
nlohmann::ordered_json config_json(const Config& config);
/// Every key with its value, default, origin, variable, scope and what it is for.
nlohmann::ordered_json config_details_json(const Config& config);

/// The members to join: --join, then the hosts file.
///
/// Errors: the hosts file cannot be read, or has a line that is no HOST or HOST:PORT.
std::expected<std::vector<std::string>, ConfigProblem> seeds_of(const Config& config);

/// The password in the file that registry-password-file names; empty if none is.
///
/// Errors: the file cannot be read, is empty, or is larger than any password.
std::expected<std::string, ConfigProblem> registry_password_of(const Config& config);

/// What the embedding API is given.
Options to_options(const Settings& settings, std::vector<std::string> seeds);

/// The reference of all keys, as docs/configuration.md has it.
std::string reference_markdown();

}  // namespace rollcall::agent
