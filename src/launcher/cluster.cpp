// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/cluster.hpp"

#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "launcher/cluster_parts.hpp"
#include "launcher/namespaces.hpp"
#include "launcher/netns_plan.hpp"

namespace rollcall::launcher {
namespace {

Problem not_running(const NodeRecord& node) {
  return {.what = node.name,
          .why = "is not running",
          .todo = "start it with 'rollcall cluster start " + node.name + "'"};
}

Problem no_cluster(const std::filesystem::path& directory) {
  return {.what = "cluster",
          .why = "none is up in " + directory.string(),
          .todo = "start one with 'rollcall cluster up --nodes 5', or name another with --dir"};
}

}  // namespace

Cluster::Cluster(Setup setup) : setup_(std::move(setup)), directory_(setup_.directory) {}

// --- commands ------------------------------------------------------------------------------------

Done Cluster::up(const UpOptions& options) {
  if (auto opened = open(); !opened) return opened;
  if (auto chosen = choose_driver(options.driver); !chosen) return chosen;
  const std::size_t before = state_.nodes.size();
  if (auto grown = grow(state_, options.shape); !grown) return grown;
  if (options.shape.nodes.value_or(before) < before) {
    setup_.notice(std::to_string(before) + " nodes are in the cluster already; 'up' ends none");
  }
  if (options.extra) state_.extra = *options.extra;
  if (options.allow_faults) allow_faults();
  if (state_.faults.any()) setup_.notice("the network is healed");
  state_.faults = {};
  if (auto made = make_hosts(); !made) return made;

  const auto all = pick({});
  if (auto resumed = resume_paused(*all); !resumed) return resumed;
  if (auto started = start_missing(*all); !started) return started;
  return wait_until_seen(*all, options.patience);
}

Done Cluster::down(const DownOptions& options) {
  // Hosts may outlast a directory that somebody removed.
  const std::string prefix = prefix_of(directory_.path());
  const bool has_leftovers = !namespaces_of(prefix).empty();
  if (!std::filesystem::exists(directory_.path()) && !has_leftovers) {
    setup_.notice("nothing is running");
    return {};
  }
  if (auto opened = open(); !opened) return opened;
  if (state_.nodes.empty() && has_leftovers) {
    state_.driver = DriverKind::netns;
    state_.prefix = prefix;
  }
  if (auto usable = use_driver(); !usable) return usable;
  if (auto stopped = stop(*pick({}), options.patience); !stopped) return stopped;
  if (auto removed = driver_->remove_hosts(state_); !removed) return removed;

  std::error_code ignored;
  for (const NodeRecord& node : state_.nodes) {
    std::filesystem::remove(directory_.pid_file(node.name), ignored);
  }
  state_ = {};
  if (options.files == DownOptions::Files::keep) return directory_.save(state_);
  // Not only of the nodes that were up: an earlier 'down' has forgotten its nodes, not their files.
  std::size_t purged = 0;
  for (std::size_t index = 0; directory_.has_state() && index < nodes_max; ++index) {
    if (directory_.purge_node(node_name(index))) ++purged;
  }
  if (purged > 0) {
    setup_.notice("removed the logs and data of " + counted(purged, "node", "nodes"));
  }
  directory_.remove();
  return {};
}

std::expected<ClusterStatus, Problem> Cluster::status() {
  auto records = nodes({});
  if (!records) return std::unexpected(records.error());
  ClusterStatus list{.driver = state_.driver, .faults = state_.faults, .nodes = {}};
  for (const NodeRecord& node : *records) {
    NodeStatus status{.node = node, .process = state_of(node.process)};
    // A paused agent would let the question time out.
    if (status.process == ProcessState::running) {
      if (auto view = ask(node)) status.view = *std::move(view);
    }
    list.nodes.push_back(std::move(status));
  }
  return list;
}

Done Cluster::kill(const Names& names, int signal) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (NodeRecord* node : *chosen) {
    const int pid = node->process.pid;
    switch (send_signal(node->process, signal)) {
      case SignalResult::gone:
        setup_.notice(node->name + " was not running");
        continue;
      case SignalResult::not_permitted:
        return std::unexpected(Problem{.what = node->name,
                                       .why = "may not be signalled",
                                       .todo = "run this as the user who started it"});
      case SignalResult::sent:
        break;
    }
    if (signal == SIGKILL) {
      wait_for(kernel_patience, [node] { return !is_running(*node); });
      reap(node->process);
    }
    setup_.notice(node->name + " (pid " + std::to_string(pid) + ") got SIG" + sigabbrev_np(signal));
  }
  return {};
}

Done Cluster::pause(const Names& names) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (NodeRecord* node : *chosen) {
    if (send_signal(node->process, SIGSTOP) != SignalResult::sent) {
      return std::unexpected(not_running(*node));
    }
    wait_for(kernel_patience, [node] { return state_of(node->process) != ProcessState::running; });
    setup_.notice(node->name + " paused");
  }
  return {};
}

Done Cluster::resume(const Names& names) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (NodeRecord* node : *chosen) {
    if (send_signal(node->process, SIGCONT) != SignalResult::sent) {
      return std::unexpected(not_running(*node));
    }
    setup_.notice(node->name + " running");
  }
  return driver_->after_start(state_);
}

Done Cluster::start(const Names& names, std::chrono::milliseconds patience) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  if (auto made = make_hosts(); !made) return made;
  if (auto started = start_missing(*chosen); !started) return started;
  if (state_.faults.any()) {
    if (auto faulty = driver_->after_start(state_); !faulty) return faulty;
  }
  return wait_until_seen(*chosen, patience);
}

std::expected<std::vector<NodeRecord>, Problem> Cluster::nodes(const Names& names) {
  if (auto opened = open_existing(); !opened) return std::unexpected(opened.error());
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  std::vector<NodeRecord> records;
  for (const NodeRecord* node : *chosen) records.push_back(*node);
  return records;
}

// --- opening -------------------------------------------------------------------------------------

Done Cluster::open() {
  if (is_open_) return {};
  if (auto locked = directory_.lock(); !locked) return locked;
  auto loaded = directory_.load();
  if (!loaded) return std::unexpected(loaded.error());
  state_ = std::move(*loaded).value_or(ClusterState{});
  is_open_ = true;
  return {};
}

Done Cluster::open_existing() {
  if (!std::filesystem::exists(directory_.path())) {
    return std::unexpected(no_cluster(directory_.path()));
  }
  if (auto opened = open(); !opened) return opened;
  if (state_.nodes.empty()) return std::unexpected(no_cluster(directory_.path()));
  return use_driver();
}

/// For a cluster that is up its driver stands; only the first 'up' chooses.
Done Cluster::choose_driver(std::optional<DriverKind> wanted) {
  const DriverKind kind = wanted.value_or(state_.driver);
  if (!state_.nodes.empty()) {
    return kind == state_.driver ? use_driver() : std::unexpected(other_driver(kind));
  }
  state_.driver = kind;
  state_.prefix = prefix_of(directory_.path());
  if (auto usable = use_driver(); !usable) return usable;
  const Names left_over = namespaces_of(state_.prefix);
  if (left_over.empty()) return {};
  return std::unexpected(Problem{
      .what = "cluster up",
      .why = "an earlier cluster of " + directory_.path().string() + " left " + left_over.front(),
      .todo =
          "take it away with 'rollcall cluster down --dir " + directory_.path().string() + "'"});
}

Done Cluster::use_driver() {
  driver_ = make_driver(state_.driver, {.directory = directory_.path(),
                                        .lock = directory_.lock_descriptor(),
                                        .notice = setup_.notice,
                                        .set_faults = setup_.set_faults});
  return driver_->check();
}

Problem Cluster::other_driver(DriverKind wanted) const {
  return {.kind = Problem::Kind::usage,
          .what = "cluster up",
          .why = "--driver " + std::string(to_text(wanted)) + ": the cluster in " +
                 directory_.path().string() + " is up with " + std::string(to_text(state_.driver)),
          .todo = "end it with 'rollcall cluster down' first, or name another place with --dir"};
}

}  // namespace rollcall::launcher
