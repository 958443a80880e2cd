// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/failure.hpp"

namespace CLI {
class App;
}

/// One function a command family: it adds its commands and flags to the program. When the user
/// chose one, its callback sets what to run; nothing runs before the whole line was understood.
namespace rollcall::cli {

struct Invocation {
  /// What stood behind "--", for commands that hand it on.
  std::vector<std::string> rest = {};
  bool has_rest = false;
  /// Set by the chosen command.
  std::function<Outcome<ExitCode>()> action = {};
};

/// A new command of the program or of a family, with its one-line summary.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary);

void add_member_commands(CLI::App& program, Invocation& invocation);    // members self suspects
void add_status_commands(CLI::App& program, Invocation& invocation);    // status protocol
void add_event_commands(CLI::App& program, Invocation& invocation);     // events
void add_view_commands(CLI::App& program, Invocation& invocation);      // views leader
void add_group_commands(CLI::App& program, Invocation& invocation);     // groups group
void add_join_commands(CLI::App& program, Invocation& invocation);      // join leave force-leave
void add_config_commands(CLI::App& program, Invocation& invocation);    // config
void add_switch_command(CLI::App& program, Invocation& invocation);     // switch
void add_cluster_commands(CLI::App& program, Invocation& invocation);   // cluster
void add_simulate_commands(CLI::App& program, Invocation& invocation);  // simulate
void add_plan_command(CLI::App& program, Invocation& invocation);       // plan

}  // namespace rollcall::cli
