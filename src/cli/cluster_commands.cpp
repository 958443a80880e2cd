// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/agent_client.hpp"
#include "cli/checks.hpp"
#include "cli/cluster_options.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "launcher/cluster.hpp"
#include "launcher/namespaces.hpp"

namespace rollcall::cli {
namespace {

using launcher::Cluster;

constexpr std::uint64_t port_max = 65'535;

Outcome<std::chrono::milliseconds> parse_patience(const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration || *duration <= Duration::zero()) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = "cluster",
                                   .why = "--timeout: '" + text + "' is no positive duration",
                                   .todo = "write it as 500ms, 30s or 2m"});
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
}

// --- up and down ---------------------------------------------------------------------------------

struct UpFlags {
  ClusterOptions cluster;
  launcher::UpOptions up;
  std::string driver;
  std::string timeout = "30s";
};

std::string check_driver(const std::string& text) {
  return launcher::parse_driver(text) ? "" : "'" + text + "' is not one of local, netns";
}

Outcome<ExitCode> run_up(UpFlags& flags) {
  const auto patience = parse_patience(flags.timeout);
  if (!patience) return std::unexpected(patience.error());
  flags.up.patience = *patience;
  flags.up.driver = launcher::parse_driver(flags.driver);
  return outcome_of(open_cluster(flags.cluster).up(flags.up));
}

void add_up(CLI::App& family, Invocation& invocation) {
  auto& up = add_command(family, "up", "Start agents until there are as many as asked for");
  auto flags = std::make_shared<UpFlags>();
  launcher::Shape& shape = flags->up.shape;
  up.add_option("--nodes", shape.nodes, "How many; without it, 3 or as many as there are")
      ->check(whole_number(1, launcher::nodes_max))
      ->type_name("N");
  up.add_option("--driver", flags->driver,
                "Processes side by side (local), or each in a network namespace (netns)")
      ->check(check_driver)
      ->type_name("local|netns")
      ->default_str("local");
  up.add_option("--base-port", shape.base_port,
                "Port of node1; with the local driver node2 has the next, and so on")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7420");
  up.add_option("--base-http", shape.base_http, "HTTP port of node1, likewise")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7480");
  up.add_flag("--allow-faults", flags->up.allow_faults,
              "Let the agents' network be broken: partition, cut, loss with the local driver");
  up.add_option("--timeout", flags->timeout, "For every agent to see every other")
      ->type_name("DURATION")
      ->capture_default_str();
  add_directory(up, flags->cluster);
  up.footer("What follows '--' goes to every agent: rollcall cluster up -- --log-level debug");
  up.callback([flags, &invocation] {
    if (invocation.has_rest) flags->up.extra = std::exchange(invocation.rest, {});
    invocation.has_rest = false;
    invocation.action = [flags] { return run_up(*flags); };
  });
}

struct DownFlags {
  ClusterOptions cluster;
  std::string timeout = "10s";
  bool remove_files = false;
};

void add_down(CLI::App& family, Invocation& invocation) {
  auto& down = add_command(family, "down", "Let all agents leave, and end those that do not");
  auto flags = std::make_shared<DownFlags>();
  down.add_flag("--purge", flags->remove_files, "Remove the agents' logs and data too");
  down.add_option("--timeout", flags->timeout, "For leaving; then agents are killed")
      ->type_name("DURATION")
      ->capture_default_str();
  add_directory(down, flags->cluster);
  down.callback([flags, &invocation] {
    invocation.action = [flags]() -> Outcome<ExitCode> {
      using Files = launcher::DownOptions::Files;
      const auto patience = parse_patience(flags->timeout);
      if (!patience) return std::unexpected(patience.error());
      return outcome_of(open_cluster(flags->cluster)
                            .down({.patience = *patience,
                                   .files = flags->remove_files ? Files::remove : Files::keep}));
    };
  });
}

// --- status --------------------------------------------------------------------------------------

void print_status(const launcher::ClusterStatus& list) {
  Table table({{"NODE"},
               {"PID", Align::right},
               {"PROCESS"},
               {"PHASE"},
               {"ADDRESS"},
               {"HTTP"},
               {"ALIVE", Align::right},
               {"MEMBERS", Align::right}});
  for (const launcher::NodeStatus& status : list.nodes) {
    const bool gone = status.process == launcher::ProcessState::gone;
    const bool running = status.process == launcher::ProcessState::running;
    const Paint paint = gone ? Paint::red : running ? Paint::green : Paint::yellow;
    table.add({status.node.name, gone ? "-" : std::to_string(status.node.process.pid),
               Cell(std::string(to_text(status.process)), paint),
               status.view ? status.view->phase : "-", status.node.bind, status.node.http,
               status.view ? std::to_string(status.view->alive.size()) : "-",
               status.view ? std::to_string(status.view->members) : "-"});
  }
  std::cout << table.text(stdout_colours());
  for (const std::string& line : launcher::describe(list.faults)) std::cout << line << '\n';
}

Json json_of(const launcher::NodeStatus& status) {
  const bool gone = status.process == launcher::ProcessState::gone;
  Json json{{"node", status.node.name},
            {"pid", gone ? Json() : Json(status.node.process.pid)},
            {"process", to_text(status.process)},
            {"phase", status.view ? Json(status.view->phase) : Json()},
            {"address", status.node.bind},
            {"http", status.node.http},
            {"network", status.node.network.empty() ? Json() : Json(status.node.network)}};
  json["alive"] = status.view ? Json(status.view->alive) : Json();
  json["members"] = status.view ? Json(status.view->members) : Json();
  return json;
}

void add_status(CLI::App& family, Invocation& invocation) {
  auto& status = add_command(family, "status", "Show each node, its process and what it sees");
  auto options = std::make_shared<ClusterOptions>();
  add_directory(status, *options);
  status.add_flag("--json", options->json, "Print as JSON");
  status.callback([options, &invocation] {
    invocation.action = [options]() -> Outcome<ExitCode> {
      const auto list = open_cluster(*options).status();
      if (!list) return std::unexpected(failure_of(list.error()));
      if (!options->json) {
        print_status(*list);
        return ExitCode::done;
      }
      Json nodes = Json::array();
      for (const launcher::NodeStatus& node : list->nodes) nodes.push_back(json_of(node));
      print_json({{"driver", launcher::to_text(list->driver)},
                  {"nodes", nodes},
                  {"faults", launcher::json_of(list->faults)}});
      return ExitCode::done;
    };
  });
}

// --- one node or several -------------------------------------------------------------------------

void add_kill(CLI::App& family, Invocation& invocation) {
  auto& kill = add_command(family, "kill", "Send a signal to nodes, SIGKILL unless told otherwise");
  auto options = std::make_shared<ClusterOptions>();
  auto signal = std::make_shared<std::string>("KILL");
  add_nodes(kill, *options)->required();
  kill.add_option("--signal", *signal, "By name or number")
      ->type_name("SIGNAL")
      ->capture_default_str();
  add_directory(kill, *options);
  kill.callback([options, signal, &invocation] {
    invocation.action = [options, signal]() -> Outcome<ExitCode> {
      const auto number = launcher::parse_signal(*signal);
      if (!number) {
        return std::unexpected(Failure{.code = ExitCode::usage,
                                       .what = "cluster kill",
                                       .why = "--signal: '" + *signal + "' is no signal",
                                       .todo = "write it as TERM, SIGTERM or 15"});
      }
      return outcome_of(open_cluster(*options).kill(options->nodes, *number));
    };
  });
}

// --- exec ----------------------------------------------------------------------------------------

/// Runs the command for one node after the other; with several, each output has a heading.
Outcome<ExitCode> run_exec(const ClusterOptions& options, const std::vector<std::string>& command) {
  const auto nodes = open_cluster(options).nodes(options.nodes);
  if (!nodes) return std::unexpected(failure_of(nodes.error()));
  std::vector<std::string> failed;
  int status = 0;
  for (const launcher::NodeRecord& node : *nodes) {
    if (nodes->size() > 1) std::cout << "== " << node.name << '\n';
    const auto environment = launcher::command_environment(launcher::current_environment(), node,
                                                           launcher::own_program());
    std::cout.flush();
    const auto result =
        launcher::within(node.network, [&] { return launcher::run(command, environment); });
    if (!result) {
      return std::unexpected(Failure{.what = "cluster exec", .why = result.error()});
    }
    if (*result == 0) continue;
    status = *result;
    failed.push_back(node.name + " (exit status " + std::to_string(*result) + ")");
  }
  // The exit status of a single command is the command's own.
  if (nodes->size() == 1) return static_cast<ExitCode>(status);
  if (failed.empty()) return ExitCode::done;
  return std::unexpected(Failure{.what = "cluster exec",
                                 .why = "the command failed for " + std::to_string(failed.size()) +
                                        " of " + std::to_string(nodes->size()) + " nodes",
                                 .details = failed});
}

void add_exec(CLI::App& family, Invocation& invocation) {
  auto& exec = add_command(family, "exec", "Run a command once for each node");
  auto options = std::make_shared<ClusterOptions>();
  add_nodes(exec, *options);
  add_directory(exec, *options);
  exec.footer(
      "The command stands behind '--' and finds ROLLCALL_HTTP and ROLLCALL_NODE set:\n"
      "  rollcall cluster exec -- rollcall members --state alive\n"
      "  rollcall cluster exec node2 -- sh -c 'echo $ROLLCALL_NODE'");
  exec.callback([options, &invocation] {
    auto command = std::exchange(invocation.rest, {});
    invocation.has_rest = false;
    invocation.action = [options, command]() -> Outcome<ExitCode> {
      if (!command.empty()) return run_exec(*options, command);
      return std::unexpected(Failure{.code = ExitCode::usage,
                                     .what = "cluster exec",
                                     .why = "no command was given",
                                     .todo = "write it behind '--', as in 'rollcall cluster exec "
                                             "-- rollcall members'"});
    };
  });
}

}  // namespace

void add_cluster_commands(CLI::App& program, Invocation& invocation) {
  auto& family = add_command(program, "cluster", "Run a whole cluster on this machine");
  family.require_subcommand(1);
  add_up(family, invocation);
  add_down(family, invocation);
  add_status(family, invocation);
  add_kill(family, invocation);
  add_node_command(family, invocation,
                   {"pause", "Stop nodes in their tracks (SIGSTOP)",
                    [](Cluster& cluster, const auto& names) { return cluster.pause(names); }});
  add_node_command(family, invocation,
                   {"resume", "Let paused nodes go on (SIGCONT)",
                    [](Cluster& cluster, const auto& names) { return cluster.resume(names); }});
  add_node_command(
      family, invocation,
      {"start", "Start nodes again that are not running", [](Cluster& cluster, const auto& names) {
         return cluster.start(names, launcher::UpOptions{}.patience);
       }});
  add_cluster_network_commands(family, invocation);
  add_cluster_scenario_command(family, invocation);
  add_exec(family, invocation);
}

}  // namespace rollcall::cli
