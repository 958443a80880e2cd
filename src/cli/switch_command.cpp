// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/settings_change.hpp"

namespace rollcall::cli {
namespace {

struct SwitchOptions {
  ChangeOptions terms;
  std::string detector;
  std::string suspicion;
  std::string suspicion_time;
};

std::string check_time(const std::string& text) {
  if (text == "auto" || parse_duration(text).value_or(Duration::zero()) > Duration::zero()) {
    return "";
  }
  return "'" + text + "' is no duration above 0s; write it as 500ms or 2s, or auto";
}

Outcome<ExitCode> run_switch(const SwitchOptions& options) {
  Json body{{"detector", options.detector}};
  if (!options.suspicion.empty()) body["suspicion"] = options.suspicion;
  if (!options.suspicion_time.empty()) body["suspicion_time"] = options.suspicion_time;
  const auto answer = ask_for_change(
      options.terms,
      {.what = "switch", .method = "PUT", .target = "/v1/protocol", .body = body.dump()});
  if (!answer) return std::unexpected(answer.error());
  if (options.terms.agent.json) {
    print_json(*answer);
    return ExitCode::done;
  }
  const std::string suspicion = field_text(*answer, "suspicion");
  std::cout << field_text(*answer, "detector") << ", suspicion " << suspicion;
  if (suspicion == "enabled") std::cout << " (" << field_text(*answer, "suspicion_time") << ")";
  std::cout << ": " << version_text(*answer) << '\n';
  return ExitCode::done;
}

}  // namespace

void add_switch_command(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, "switch",
                              "Change the failure detector or suspicion of the running cluster");
  auto options = std::make_shared<SwitchOptions>();
  command.add_option("detector", options->detector, "How failures are detected from now on")
      ->required()
      ->check(one_of({"pingack", "gossip", "ping", "swim", "heartbeat"}))
      ->type_name("pingack|gossip");
  command
      .add_option("--suspicion", options->suspicion,
                  "Whether a silent member is suspected first; otherwise as it is")
      ->check(one_of({"enabled", "disabled"}))
      ->type_name("enabled|disabled");
  command
      .add_option("--suspicion-time", options->suspicion_time,
                  "How long a pause is tolerated; otherwise as it is")
      ->check(check_time)
      ->type_name("DURATION|auto");
  add_change_flags(command, options->terms);
  command.callback(
      [options, &invocation] { invocation.action = [options] { return run_switch(*options); }; });
}

}  // namespace rollcall::cli
