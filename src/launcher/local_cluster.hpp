// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/layout.hpp"
#include "launcher/process.hpp"
#include "launcher/state.hpp"

namespace rollcall::launcher {

/// What an agent says of its cluster.
struct AgentView {
  std::string phase;
  /// Names of the members that it lists as alive, sorted.
  std::vector<std::string> alive;
  /// Members in any state.
  std::size_t members = 0;
};
/// Asks the agent at an HTTP address; the error is half a sentence. Given by the caller, since
/// how an agent is asked is not the launcher's matter.
using Probe = std::function<std::expected<AgentView, std::string>(const std::string& http)>;

/// Gets one line for each thing done, as it is done.
using Notice = std::function<void(const std::string& line)>;

struct UpOptions {
  Shape shape = {};
  /// Further flags for each agent started; kept for later starts. Nothing leaves them.
  std::optional<std::vector<std::string>> extra = {};
  /// For everybody to see everybody, from the last start on.
  std::chrono::milliseconds patience{30'000};
};

struct DownOptions {
  /// How long agents may take to leave before they are killed.
  std::chrono::milliseconds patience{10'000};
  /// Whether logs and data go too.
  enum class Files : std::uint8_t { keep, remove } files = Files::keep;
};

struct NodeStatus {
  NodeRecord node;
  ProcessState process = ProcessState::gone;
  /// Nothing if the agent did not answer.
  std::optional<AgentView> view = {};
};

/// A cluster of real agents on this machine, all of them this very program.
///
/// Every command says what shall be so and does what is missing, so that it can be repeated.
/// Only processes that this cluster started are ever signalled, whoever has their number now.
///
/// Errors:  Problem; what was done until then stands and is recorded.
/// Limits:  nodes_max agents.
/// Threads: one. Commands of several programs on one directory run one after the other.
class LocalCluster {
 public:
  struct Setup {
    std::filesystem::path directory;
    /// The file to run as "rollcall agent".
    std::filesystem::path program;
    Probe probe;
    Notice notice;
  };
  explicit LocalCluster(Setup setup);

  /// Starts what is not running, resumes what is paused, and waits until every agent lists
  /// every node as alive.
  std::expected<void, Problem> up(const UpOptions& options);
  /// Lets all agents leave, kills those that do not, and forgets them.
  std::expected<void, Problem> down(const DownOptions& options);
  std::expected<std::vector<NodeStatus>, Problem> status();

  using Names = std::vector<std::string>;
  /// SIGKILL is waited for; other signals are only sent.
  std::expected<void, Problem> kill(const Names& names, int signal);
  std::expected<void, Problem> pause(const Names& names);
  std::expected<void, Problem> resume(const Names& names);
  /// Starts again what is not running, and waits until it lists everybody who runs.
  std::expected<void, Problem> start(const Names& names, std::chrono::milliseconds patience);

  /// The records of these nodes, or of all when no names are given.
  std::expected<std::vector<NodeRecord>, Problem> nodes(const Names& names);

 private:
  using Clock = std::chrono::steady_clock;

  std::expected<void, Problem> open();
  std::expected<void, Problem> open_existing();
  std::expected<std::vector<NodeRecord*>, Problem> pick(const Names& names);
  std::expected<void, Problem> start_missing(const std::vector<NodeRecord*>& nodes);
  std::expected<void, Problem> start_node(NodeRecord& node);
  [[nodiscard]] std::vector<std::string> running_seeds(const NodeRecord& except) const;
  std::expected<void, Problem> wait_until_seen(const std::vector<NodeRecord*>& observers,
                                               std::chrono::milliseconds patience);
  std::expected<void, Problem> stop(const std::vector<NodeRecord*>& nodes,
                                    std::chrono::milliseconds patience);
  [[nodiscard]] Problem ended_early(const NodeRecord& node) const;
  [[nodiscard]] Problem not_seen(const NodeRecord& node, const std::string& state,
                                 const std::string& waited) const;
  [[nodiscard]] std::vector<std::string> log_tail(const NodeRecord& node) const;

  Setup setup_;
  ClusterDirectory directory_;
  ClusterState state_;
  bool is_open_ = false;
  bool has_started_ = false;
};

}  // namespace rollcall::launcher
