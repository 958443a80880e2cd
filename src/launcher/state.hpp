// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "launcher/network_faults.hpp"
#include "launcher/problem.hpp"
#include "launcher/process.hpp"

namespace rollcall::launcher {

/// What the hosts of a cluster are.
enum class DriverKind : std::uint8_t {
  local,  // processes side by side on the loopback addresses
  netns   // a network namespace each
};
std::string_view to_text(DriverKind driver);
std::optional<DriverKind> parse_driver(std::string_view text);

/// One agent of a cluster, running or not.
struct NodeRecord {
  std::string name;
  /// "127.0.0.1:7420", for UDP and TCP.
  std::string bind;
  /// As seen from within its network.
  std::string http;
  /// The file that stands for its network; empty: that of whoever starts it.
  std::string network = {};
  /// The process last started for it; pid 0 before the first.
  ProcessIdentity process = {};

  bool operator==(const NodeRecord&) const = default;
};

/// Everything that is known of a cluster, as kept in its directory.
struct ClusterState {
  DriverKind driver = DriverKind::local;
  /// What the names of all that the driver makes on this machine begin with.
  std::string prefix = {};
  std::uint16_t base_port = 7420;
  std::uint16_t base_http = 7480;
  /// Flags that every agent gets, after "--".
  std::vector<std::string> extra = {};
  /// Whether agents are started with permission for faults (--allow-faults).
  bool allow_faults = false;
  std::vector<NodeRecord> nodes = {};
  /// As it shall be; a launcher that is interrupted leaves it for the next one to bring about.
  NetworkFaults faults = {};

  [[nodiscard]] Names names() const;
  [[nodiscard]] NodeRecord* find(std::string_view name);
  bool operator==(const ClusterState&) const = default;
};

/// {"groups":[["node1",…],…],"cuts":[{"from","to"}],"losses":[{"node","in","out"}],
/// "links_down":[…]}, losses in thousandths.
nlohmann::ordered_json json_of(const NetworkFaults& faults);

/// As JSON, for the file.
std::string to_json(const ClusterState& state);
/// Errors: half a sentence saying what is wrong with the text.
std::expected<ClusterState, std::string> parse_state(std::string_view text);

/// The directory of one cluster: its state, and a directory for each node.
///
/// Order:   a change is written to a new file that then takes the old one's place, so that
///          whoever reads finds the old state or the new one, also after a crash.
/// Threads: one; other processes wait in lock().
class ClusterDirectory {
 public:
  explicit ClusterDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  ~ClusterDirectory();
  ClusterDirectory(const ClusterDirectory&) = delete;
  ClusterDirectory& operator=(const ClusterDirectory&) = delete;

  /// Makes the directory if need be and keeps every other launcher out until the destructor.
  Done lock();
  /// The descriptor that holds the lock; -1 without it.
  [[nodiscard]] int lock_descriptor() const { return lock_; }
  /// Nothing if no cluster was started here.
  [[nodiscard]] std::expected<std::optional<ClusterState>, Problem> load() const;
  [[nodiscard]] Done save(const ClusterState& state) const;

  /// Takes away what was written for a node, and its directory if nothing else is in it: files
  /// that others put there stay. Returns whether there was anything.
  bool purge_node(const std::string& node) const;

  /// Whether a cluster was ever started here.
  [[nodiscard]] bool has_state() const { return std::filesystem::exists(state_file()); }
  /// Takes the state away, and the directory too if nothing else is in it.
  void remove() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path node_path(const std::string& node) const {
    return path_ / node;
  }
  [[nodiscard]] std::filesystem::path log_file(const std::string& node) const {
    return path_ / node / "agent.log";
  }
  [[nodiscard]] std::filesystem::path pid_file(const std::string& node) const {
    return path_ / node / "agent.pid";
  }

 private:
  [[nodiscard]] std::filesystem::path state_file() const { return path_ / "cluster.json"; }

  std::filesystem::path path_;
  int lock_ = -1;
};

/// Where a cluster is kept when nobody says where: below $XDG_STATE_HOME, else
/// ~/.local/state, else the working directory.
std::filesystem::path default_directory();

}  // namespace rollcall::launcher
