// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/checks.hpp"
#include "cli/cluster_options.hpp"
#include "cli/cluster_scenario_run.hpp"
#include "cli/scenario_failure.hpp"

namespace rollcall::cli {
namespace {

constexpr std::uint64_t port_max = 65'535;

struct ScenarioFlags {
  ClusterOptions cluster;
  std::string file;
  ScenarioPlace place;
  std::string driver;
  bool keep = false;
};

Outcome<ExitCode> run_scenario(const ScenarioFlags& flags) {
  auto scenario = read_cluster_scenario(flags.file);
  if (!scenario)
    return std::unexpected(failure_of(scenario.error(), flags.file, "cluster run-scenario"));
  if (const auto driver = launcher::parse_driver(flags.driver)) scenario->driver = *driver;

  launcher::Cluster cluster = open_cluster(flags.cluster);
  if (const auto status = cluster.status(); status && !status->nodes.empty()) {
    return std::unexpected(Failure{.what = "cluster run-scenario",
                                   .why = "there is a cluster in this directory already",
                                   .todo = "end it with 'rollcall cluster down', or give --dir"});
  }
  std::cout << scenario->name << ": " << scenario->summary << std::endl;
  ScenarioRun run(cluster, *scenario, flags.place,
                  [](const std::string& line) { std::cout << line << std::endl; });
  auto outcome = run.run();
  if (!flags.keep) {
    const auto down = cluster.down({.files = outcome ? launcher::DownOptions::Files::remove
                                                     : launcher::DownOptions::Files::keep});
    if (outcome && !down) return std::unexpected(cli::failure_of(down.error()));
  }
  if (outcome) std::cout << "holds" << std::endl;
  return outcome;
}

}  // namespace

void add_cluster_scenario_command(CLI::App& family, Invocation& invocation) {
  auto& command =
      add_command(family, "run-scenario",
                  "Do what a file says to a cluster of its own, and check what it says");
  auto flags = std::make_shared<ScenarioFlags>();
  command.add_option("file", flags->file, "The scenario, as those in deploy/scenarios")
      ->required()
      ->type_name("FILE");
  command.add_option("--driver", flags->driver, "In place of the file's: local or netns")
      ->check([](const std::string& text) {
        return launcher::parse_driver(text) ? std::string()
                                            : "'" + text + "' is not one of local, netns";
      })
      ->type_name("local|netns");
  command.add_option("--base-port", flags->place.shape.base_port, "Port of node1")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7420");
  command.add_option("--base-http", flags->place.shape.base_http, "HTTP port of node1")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7480");
  command.add_flag("--keep", flags->keep, "Leave the cluster as it is at the end");
  add_directory(command, flags->cluster);
  command.callback(
      [flags, &invocation] { invocation.action = [flags] { return run_scenario(*flags); }; });
}

}  // namespace rollcall::cli
