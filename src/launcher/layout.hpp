// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/state.hpp"

namespace rollcall::launcher {

/// More agents than this on one machine are a mistake of typing.
inline constexpr std::size_t nodes_max = 1000;

/// "node1" for index 0.
std::string node_name(std::size_t index);

/// What the user asked of a cluster's size and place; what is absent stays as it is.
struct Shape {
  std::optional<std::size_t> nodes = {};
  std::optional<std::uint16_t> base_port = {};
  std::optional<std::uint16_t> base_http = {};
};

/// Adds records node1, node2, … until there are as many as asked for, at the addresses that the
/// state's driver gives them. Never takes one away, and never moves one that exists.
///
/// Errors: (usage) zero or too many nodes, a port above 65535, one port for two purposes; the
///         state is as before then.
Done grow(ClusterState& state, const Shape& shape);

/// How one agent is started.
struct AgentPlan {
  const NodeRecord& node;
  /// Addresses of members that run already; without any this agent begins the cluster.
  std::vector<std::string> seeds;
  std::filesystem::path data_directory;
  const std::vector<std::string>& extra;
  bool allow_faults = false;
};
/// The arguments, beginning with the name of the program. The user's extra flags come last, and
/// so win where a flag is given twice.
std::vector<std::string> agent_arguments(const AgentPlan& plan);

/// The environment without the variables that an agent would take for its configuration: agents
/// of one cluster differ only in what their command lines say.
std::vector<std::string> without_agent_variables(std::vector<std::string> environment);

/// The environment of a command that is run for one node: it talks to that node's agent, and
/// finds this program as "rollcall".
std::vector<std::string> command_environment(std::vector<std::string> environment,
                                             const NodeRecord& node,
                                             const std::filesystem::path& program);

/// "KILL", "SIGKILL", "sigkill" or "9"; nothing for what is no signal.
std::optional<int> parse_signal(std::string_view text);

}  // namespace rollcall::launcher
