// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/driver.hpp"
#include "launcher/layout.hpp"
#include "launcher/network_faults.hpp"
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

struct UpOptions {
  Shape shape = {};
  /// What the hosts are; cannot change while the cluster is up. Absent: as it is, or local.
  std::optional<DriverKind> driver = {};
  /// Further flags for each agent started; kept for later starts. Nothing leaves them.
  std::optional<std::vector<std::string>> extra = {};
  /// Whether agents are started with permission for faults, from now on; once given, it stays.
  bool allow_faults = false;
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

struct ClusterStatus {
  DriverKind driver = DriverKind::local;
  NetworkFaults faults;
  std::vector<NodeStatus> nodes;
};

enum class Ways : std::uint8_t { one, both };

/// What is lost at random from now on.
struct LossRequest {
  unsigned thousandths = 0;
  Direction direction = Direction::in;
};

/// A cluster of real agents on this machine, all of them this very program. What their hosts are
/// is the driver's matter; everything else is the same for all drivers, and here.
///
/// Every command says what shall be so and does what is missing, so that it can be repeated.
/// Only processes that this cluster started are ever signalled, whoever has their number now.
///
/// Errors:  Problem; what was done until then stands and is recorded.
/// Limits:  nodes_max agents.
/// Threads: one. Commands of several programs on one directory run one after the other.
class Cluster {
 public:
  struct Setup {
    std::filesystem::path directory;
    /// The file to run as "rollcall agent".
    std::filesystem::path program;
    Probe probe;
    Notice notice;
    FaultSetter set_faults = {};
  };
  explicit Cluster(Setup setup);

  /// Starts what is not running, resumes what is paused, heals the network, and waits until every
  /// agent lists every node as alive.
  Done up(const UpOptions& options);
  /// Lets all agents leave, kills those that do not, takes their hosts away, and forgets them.
  Done down(const DownOptions& options);
  std::expected<ClusterStatus, Problem> status();

  // --- processes; names as expand_names() reads them, none meaning all
  /// SIGKILL is waited for; other signals are only sent.
  Done kill(const Names& names, int signal);
  Done pause(const Names& names);
  Done resume(const Names& names);
  /// Starts again what is not running, and waits until it lists everybody who runs and whom its
  /// packets reach.
  Done start(const Names& names, std::chrono::milliseconds patience);

  /// The records of these nodes, or of all when no names are given.
  std::expected<std::vector<NodeRecord>, Problem> nodes(const Names& names);

  // --- the network, where the driver can

  /// Groups as parse_groups() reads them. Ends an earlier partition, and no other fault.
  Done partition(const Names& groups);
  /// Loses all that the first send to the second; both ways, also the reverse.
  Done cut(const Names& from, const Names& to, Ways ways);
  Done lose(const Names& names, const LossRequest& loss);
  Done set_links(const Names& names, Link link);
  /// Ends every fault of the network.
  Done heal();

 private:
  using Clock = std::chrono::steady_clock;

  Done open();
  Done open_existing();
  Done choose_driver(std::optional<DriverKind> wanted);
  Done use_driver();
  [[nodiscard]] Problem other_driver(DriverKind wanted) const;
  void allow_faults();
  Done make_hosts();
  Done resume_paused(const std::vector<NodeRecord*>& nodes);
  Done open_network();
  Done set_faults();
  std::expected<std::vector<NodeRecord*>, Problem> pick(const Names& names);
  Done start_missing(const std::vector<NodeRecord*>& nodes);
  Done start_node(NodeRecord& node);
  [[nodiscard]] std::vector<std::string> running_seeds(const NodeRecord& except) const;
  [[nodiscard]] Names expected_by(const NodeRecord& observer) const;
  [[nodiscard]] std::expected<AgentView, std::string> ask(const NodeRecord& node) const;
  Done wait_until_seen(const std::vector<NodeRecord*>& observers,
                       std::chrono::milliseconds patience);
  Done stop(const std::vector<NodeRecord*>& nodes, std::chrono::milliseconds patience);
  [[nodiscard]] Problem ended_early(const NodeRecord& node) const;
  [[nodiscard]] Problem not_seen(const NodeRecord& node, const std::string& state,
                                 const std::string& waited) const;
  [[nodiscard]] std::vector<std::string> log_tail(const NodeRecord& node) const;

  Setup setup_;
  ClusterDirectory directory_;
  ClusterState state_;
  std::unique_ptr<Driver> driver_;
  bool is_open_ = false;
  bool has_started_ = false;
};

}  // namespace rollcall::launcher
