// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/failure.hpp"
#include "launcher/cluster.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// What the commands of the family `rollcall cluster` have in common.
namespace rollcall::cli {

struct ClusterOptions {
  std::string directory = {};
  std::vector<std::string> nodes = {};
  bool json = false;
};

void add_directory(CLI::App& command, ClusterOptions& options);
CLI::Option* add_nodes(CLI::App& command, ClusterOptions& options);

launcher::Cluster open_cluster(const ClusterOptions& options);

Failure failure_of(const launcher::Problem& problem);
Outcome<ExitCode> outcome_of(const launcher::Done& result);

/// A command that does one thing to some nodes.
struct NodeCommand {
  std::string name;
  std::string summary;
  std::function<launcher::Done(launcher::Cluster&, const launcher::Names&)> action;
};
void add_node_command(CLI::App& family, Invocation& invocation, const NodeCommand& command);

/// partition, cut, loss, link-down, link-up and heal.
void add_cluster_network_commands(CLI::App& family, Invocation& invocation);
/// run-scenario.
void add_cluster_scenario_command(CLI::App& family, Invocation& invocation);

}  // namespace rollcall::cli
