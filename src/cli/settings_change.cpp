// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_change.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "cli/checks.hpp"

namespace rollcall::cli {
namespace {

/// "3", or "3-68eee7e9" and "3-68eee7e9-local": the etag that agents show.
std::string check_version(const std::string& text) {
  constexpr std::string_view digits = "0123456789";
  constexpr std::size_t number_digits_max = 19;
  constexpr std::size_t mark_digits = 8;
  std::string_view rest = text;
  const std::size_t number = std::min(rest.find_first_not_of(digits), rest.size());
  rest.remove_prefix(number);
  bool is_version = number > 0 && number <= number_digits_max;
  if (!rest.empty()) {
    if (rest.ends_with("-local")) rest.remove_suffix(std::string_view("-local").size());
    is_version = is_version && rest.starts_with('-') && rest.size() == 1 + mark_digits &&
                 rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
  }
  if (is_version) return "";
  return "'" + text + "' is no version such as 3, or 3-68eee7e9 as 'rollcall protocol' shows it";
}

}  // namespace

void add_change_flags(CLI::App& command, ChangeOptions& options) {
  command.add_option("--scope", options.scope, "Whom it is for: all members, or this agent alone")
      ->check(one_of({"cluster", "local"}))
      ->type_name("cluster|local")
      ->capture_default_str();
  command
      .add_option("--if-version", options.if_version,
                  "Change nothing if other settings are in force than these: a number, or an etag")
      ->check(check_version)
      ->type_name("VERSION");
  add_agent_flags(command, options.agent);
}

Outcome<Json> ask_for_change(const ChangeOptions& options, Question question) {
  if (options.scope == "local") question.target += "?scope=local";
  if (!options.if_version.empty()) question.if_match = "\"" + options.if_version + "\"";
  return ask(options.agent, question);
}

std::string version_text(const Json& answer) {
  return "version " + field_text(answer, "version") +
         (answer.value("local", false) ? ", changed for this agent alone"
                                       : ", for the whole cluster");
}

}  // namespace rollcall::cli
