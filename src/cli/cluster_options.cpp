// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_options.hpp"

#include <iostream>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/cluster_probe.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {

void add_directory(CLI::App& command, ClusterOptions& options) {
  command.add_option("--dir", options.directory, "Where the cluster is kept")
      ->type_name("DIR")
      ->default_str(launcher::default_directory().string());
}

CLI::Option* add_nodes(CLI::App& command, ClusterOptions& options) {
  return command
      .add_option("nodes", options.nodes, "As in 'cluster status'; node2..node5 is a row")
      ->type_name("NODE");
}

launcher::Cluster open_cluster(const ClusterOptions& options) {
  std::filesystem::path directory = options.directory;
  if (directory.empty()) directory = launcher::default_directory();
  return launcher::Cluster({.directory = std::filesystem::absolute(directory),
                            .program = launcher::own_program(),
                            .probe = probe_agent,
                            .notice =
                                [](const std::string& line) {
                                  std::cout << printable(line) << '\n' << std::flush;
                                },
                            .set_faults = set_agent_faults});
}

Failure failure_of(const launcher::Problem& problem) {
  const bool usage = problem.kind == launcher::Problem::Kind::usage;
  return {.code = usage ? ExitCode::usage : ExitCode::refused,
          .what = problem.what,
          .why = problem.why,
          .todo = problem.todo,
          .details = problem.details};
}

Outcome<ExitCode> outcome_of(const launcher::Done& result) {
  if (!result) return std::unexpected(failure_of(result.error()));
  return ExitCode::done;
}

void add_node_command(CLI::App& family, Invocation& invocation, const NodeCommand& command) {
  auto& added = add_command(family, command.name, command.summary);
  auto options = std::make_shared<ClusterOptions>();
  add_nodes(added, *options)->required();
  add_directory(added, *options);
  added.callback([options, action = command.action, &invocation] {
    invocation.action = [options, action] {
      launcher::Cluster cluster = open_cluster(*options);
      return outcome_of(action(cluster, options->nodes));
    };
  });
}

}  // namespace rollcall::cli
