// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/properties.hpp"

namespace rollcall::cli {
namespace {

struct Reading {
  std::string name;
  std::string target;
  std::string summary;
};

/// A command that shows one object of the agent as it is.
void add_reading(CLI::App& program, Invocation& invocation, const Reading& reading) {
  auto& command = add_command(program, reading.name, reading.summary);
  auto options = std::make_shared<AgentOptions>();
  add_agent_flags(command, *options);
  command.callback([options, reading, &invocation] {
    invocation.action = [options, reading]() -> Outcome<ExitCode> {
      const auto answer = ask(*options, {.what = reading.name, .target = reading.target});
      if (!answer) return std::unexpected(answer.error());
      options->json ? print_json(*answer) : print_properties(*answer);
      return ExitCode::done;
    };
  });
}

}  // namespace

void add_status_commands(CLI::App& program, Invocation& invocation) {
  add_reading(program, invocation, {"status", "/v1/status", "Show how the agent itself is doing"});
  add_reading(program, invocation,
              {"protocol", "/v1/protocol", "Show the failure detector and suspicion in force"});
}

}  // namespace rollcall::cli
