// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/layout.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <set>

#include "launcher/netns_plan.hpp"

namespace rollcall::launcher {
namespace {

constexpr std::size_t nodes_default = 3;
constexpr unsigned port_max = 65'535;

Problem usage(std::string why, std::string todo) {
  return {.kind = Problem::Kind::usage,
          .what = "cluster up",
          .why = std::move(why),
          .todo = std::move(todo)};
}

std::string loopback(std::size_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// Side by side on one address: every node has ports of its own.
NodeRecord local_node(const ClusterState& state, std::size_t index) {
  return {.name = node_name(index),
          .bind = loopback(state.base_port + index),
          .http = loopback(state.base_http + index)};
}

/// Each on a host of its own: all have the same ports, and HTTP where an agent has it by default.
NodeRecord netns_node(const ClusterState& state, std::size_t index) {
  const std::string name = node_name(index);
  return {.name = name,
          .bind = host_address(index) + ":" + std::to_string(state.base_port),
          .http = loopback(state.base_http),
          .network = namespace_path(state.prefix, name)};
}

NodeRecord new_node(const ClusterState& state, std::size_t index) {
  switch (state.driver) {
    case DriverKind::local:
      return local_node(state, index);
    case DriverKind::netns:
      return netns_node(state, index);
  }
  return {};
}

std::optional<Problem> check_size(std::size_t nodes) {
  if (nodes >= 1 && nodes <= nodes_max) return std::nullopt;
  return usage(std::to_string(nodes) + " nodes were asked for",
               "give --nodes a number from 1 to " + std::to_string(nodes_max));
}

/// Only nodes that share an address can be in one another's way.
std::optional<Problem> check_ports(const ClusterState& state) {
  if (state.driver != DriverKind::local) return std::nullopt;
  const std::size_t highest =
      std::max(state.base_port, state.base_http) + std::max<std::size_t>(state.nodes.size(), 1) - 1;
  if (highest > port_max) {
    return usage("port " + std::to_string(highest) + " would be needed and there is none above " +
                     std::to_string(port_max),
                 "choose a lower --base-port or --base-http");
  }
  std::set<std::string> taken;
  for (const NodeRecord& node : state.nodes) {
    for (const std::string& address : {node.bind, node.http}) {
      if (taken.insert(address).second) continue;
      return usage("two listeners of " + std::to_string(state.nodes.size()) +
                       " nodes would share " + address,
                   "choose --base-port and --base-http further apart than the number of nodes");
    }
  }
  return std::nullopt;
}

std::string variable_name(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

bool is_agent_variable(const std::string& variable) {
  static const std::set<std::string> reference_names{"NODE_ID", "NODE_IP", "NODE_PORT",
                                                     "SEED_NODES", "SERVICES"};
  return variable.starts_with("ROLLCALL_") || reference_names.contains(variable_name(variable));
}

}  // namespace

std::string node_name(std::size_t index) {
  return "node" + std::to_string(index + 1);
}

Done grow(ClusterState& state, const Shape& shape) {
  ClusterState next = state;
  next.base_port = shape.base_port.value_or(state.base_port);
  next.base_http = shape.base_http.value_or(state.base_http);
  const std::size_t kept = state.nodes.empty() ? nodes_default : state.nodes.size();
  const std::size_t nodes = shape.nodes.value_or(kept);
  if (auto problem = check_size(nodes)) return std::unexpected(*std::move(problem));

  while (next.nodes.size() < nodes) next.nodes.push_back(new_node(next, next.nodes.size()));
  if (auto problem = check_ports(next)) return std::unexpected(*std::move(problem));
  state = std::move(next);
  return {};
}

std::vector<std::string> agent_arguments(const AgentPlan& plan) {
  std::vector<std::string> arguments{
      "rollcall",     "agent",  "--name",       plan.node.name, "--bind",
      plan.node.bind, "--http", plan.node.http, "--data-dir",   plan.data_directory.string()};
  if (plan.seeds.empty()) arguments.emplace_back("--is-introducer");
  for (const std::string& seed : plan.seeds) {
    arguments.emplace_back("--join");
    arguments.push_back(seed);
  }
  if (plan.allow_faults) arguments.emplace_back("--allow-faults");
  arguments.insert(arguments.end(), plan.extra.begin(), plan.extra.end());
  return arguments;
}

std::vector<std::string> without_agent_variables(std::vector<std::string> environment) {
  std::erase_if(environment, is_agent_variable);
  return environment;
}

std::vector<std::string> command_environment(std::vector<std::string> environment,
                                             const NodeRecord& node,
                                             const std::filesystem::path& program) {
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) path = variable.substr(5);
  }
  std::erase_if(environment, [](const std::string& variable) {
    const std::string name = variable_name(variable);
    return name == "PATH" || name == "ROLLCALL_HTTP" || name == "ROLLCALL_NODE";
  });
  environment.push_back("PATH=" + program.parent_path().string() + ":" + path);
  environment.push_back("ROLLCALL_HTTP=" + node.http);
  environment.push_back("ROLLCALL_NODE=" + node.name);
  return environment;
}

std::optional<int> parse_signal(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    return number >= 1 && number < NSIG ? std::optional(number) : std::nullopt;
  }
  std::string name;
  for (const char letter : text) {
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* abbreviation = sigabbrev_np(signal);
    if (abbreviation != nullptr && name == abbreviation) return signal;
  }
  return std::nullopt;
}

}  // namespace rollcall::launcher
