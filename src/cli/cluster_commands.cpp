// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
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
#include "cli/cluster_probe.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "launcher/local_cluster.hpp"

namespace rollcall::cli {
namespace {

using launcher::LocalCluster;

constexpr std::uint64_t port_max = 65'535;

/// What the commands of the family have in common.
struct ClusterOptions {
  std::string directory;
  std::vector<std::string> nodes;
  bool json = false;
};

Failure failure_of(const launcher::Problem& problem) {
  const bool usage = problem.kind == launcher::Problem::Kind::usage;
  return {.code = usage ? ExitCode::usage : ExitCode::refused,
          .what = problem.what,
          .why = problem.why,
          .todo = problem.todo,
          .details = problem.details};
}

Outcome<ExitCode> outcome_of(const std::expected<void, launcher::Problem>& result) {
  if (!result) return std::unexpected(failure_of(result.error()));
  return ExitCode::done;
}

LocalCluster open_cluster(const ClusterOptions& options) {
  std::filesystem::path directory = options.directory;
  if (directory.empty()) directory = launcher::default_directory();
  return LocalCluster({.directory = std::filesystem::absolute(directory),
                       .program = launcher::own_program(),
                       .probe = probe_agent,
                       .notice = [](const std::string& line) {
                         std::cout << printable(line) << '\n' << std::flush;
                       }});
}

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

void add_directory(CLI::App& command, ClusterOptions& options) {
  command.add_option("--dir", options.directory, "Where the cluster is kept")
      ->type_name("DIR")
      ->default_str(launcher::default_directory().string());
}

CLI::Option* add_nodes(CLI::App& command, ClusterOptions& options) {
  return command.add_option("nodes", options.nodes, "Nodes, as named by 'cluster status'")
      ->type_name("NODE");
}

// --- up and down ---------------------------------------------------------------------------------

struct UpFlags {
  ClusterOptions cluster;
  launcher::UpOptions up;
  std::string timeout = "30s";
};

void add_up(CLI::App& family, Invocation& invocation) {
  auto& up = add_command(family, "up", "Start agents until there are as many as asked for");
  auto flags = std::make_shared<UpFlags>();
  launcher::Shape& shape = flags->up.shape;
  up.add_option("--nodes", shape.nodes, "How many; without it, 3 or as many as there are")
      ->check(whole_number(1, launcher::nodes_max))
      ->type_name("N");
  up.add_option("--base-port", shape.base_port, "Port of node1; node2 has the next, and so on")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7420");
  up.add_option("--base-http", shape.base_http, "HTTP port of node1; node2 has the next, and so on")
      ->check(whole_number(1, port_max))
      ->type_name("PORT")
      ->default_str("7480");
  up.add_option("--timeout", flags->timeout, "For every agent to see every other")
      ->type_name("DURATION")
      ->capture_default_str();
  add_directory(up, flags->cluster);
  up.footer("What follows '--' goes to every agent: rollcall cluster up -- --log-level debug");
  up.callback([flags, &invocation] {
    if (invocation.has_rest) flags->up.extra = std::exchange(invocation.rest, {});
    invocation.has_rest = false;
    invocation.action = [flags]() -> Outcome<ExitCode> {
      const auto patience = parse_patience(flags->timeout);
      if (!patience) return std::unexpected(patience.error());
      flags->up.patience = *patience;
      return outcome_of(open_cluster(flags->cluster).up(flags->up));
    };
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

void print_status(const std::vector<launcher::NodeStatus>& list) {
  Table table({{"NODE"},
               {"PID", Align::right},
               {"PROCESS"},
               {"PHASE"},
               {"ADDRESS"},
               {"HTTP"},
               {"ALIVE", Align::right},
               {"MEMBERS", Align::right}});
  for (const launcher::NodeStatus& status : list) {
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
}

Json json_of(const launcher::NodeStatus& status) {
  const bool gone = status.process == launcher::ProcessState::gone;
  Json json{{"node", status.node.name},
            {"pid", gone ? Json() : Json(status.node.process.pid)},
            {"process", to_text(status.process)},
            {"phase", status.view ? Json(status.view->phase) : Json()},
            {"address", status.node.bind},
            {"http", status.node.http}};
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
      for (const launcher::NodeStatus& node : *list) nodes.push_back(json_of(node));
      print_json({{"nodes", nodes}});
      return ExitCode::done;
    };
  });
}

// --- one node or several -------------------------------------------------------------------------

using NodeAction = std::function<std::expected<void, launcher::Problem>(
    LocalCluster&, const LocalCluster::Names&)>;

struct NodeCommand {
  std::string name;
  std::string summary;
  NodeAction action;
};

void add_node_command(CLI::App& family, Invocation& invocation, const NodeCommand& command) {
  auto& added = add_command(family, command.name, command.summary);
  auto options = std::make_shared<ClusterOptions>();
  add_nodes(added, *options)->required();
  add_directory(added, *options);
  added.callback([options, action = command.action, &invocation] {
    invocation.action = [options, action] {
      LocalCluster cluster = open_cluster(*options);
      return outcome_of(action(cluster, options->nodes));
    };
  });
}

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
    if (nodes->size() > 1) std::cout << "== " << node.name << '\n' << std::flush;
    const auto environment = launcher::command_environment(launcher::current_environment(), node,
                                                           launcher::own_program());
    const auto result = launcher::run(command, environment);
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
                    [](LocalCluster& cluster, const auto& names) { return cluster.pause(names); }});
  add_node_command(
      family, invocation,
      {"resume", "Let paused nodes go on (SIGCONT)",
       [](LocalCluster& cluster, const auto& names) { return cluster.resume(names); }});
  add_node_command(family, invocation,
                   {"start", "Start nodes again that are not running",
                    [](LocalCluster& cluster, const auto& names) {
                      return cluster.start(names, launcher::UpOptions{}.patience);
                    }});
  add_exec(family, invocation);
}

}  // namespace rollcall::cli
