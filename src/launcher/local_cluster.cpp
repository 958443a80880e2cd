// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/local_cluster.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

namespace rollcall::launcher {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 5ms;
/// How long one node's leaving may hold up the next one's.
constexpr auto stagger_max = 100ms;
/// What the kernel may take to end, stop or continue a process on a busy machine.
constexpr auto kernel_patience = 10s;
constexpr std::size_t seeds_per_agent = 3;
constexpr std::size_t log_lines_shown = 5;

bool is_running(const NodeRecord& node) {
  return state_of(node.process) != ProcessState::gone;
}

/// Waits for something that is looked at again and again; false when it did not come in time.
template <class Condition>
bool wait_for(std::chrono::milliseconds patience, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

std::string seconds_text(std::chrono::steady_clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s",
                std::chrono::duration<double>(duration).count());
  return text.data();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

const NodeRecord* first_ended(const std::vector<NodeRecord*>& nodes) {
  const auto ended = std::ranges::find_if_not(nodes, [](auto* node) { return is_running(*node); });
  return ended == nodes.end() ? nullptr : *ended;
}

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

/// The names among expected that are missing in the sorted list.
std::vector<std::string> missing(const std::vector<std::string>& expected,
                                 const std::vector<std::string>& alive) {
  std::vector<std::string> names;
  for (const std::string& name : expected) {
    if (!std::ranges::binary_search(alive, name)) names.push_back(name);
  }
  return names;
}

}  // namespace

LocalCluster::LocalCluster(Setup setup) : setup_(std::move(setup)), directory_(setup_.directory) {}

// --- commands ------------------------------------------------------------------------------------

std::expected<void, Problem> LocalCluster::up(const UpOptions& options) {
  if (auto opened = open(); !opened) return opened;
  const std::size_t before = state_.nodes.size();
  if (auto grown = grow(state_, options.shape); !grown) return grown;
  if (options.shape.nodes.value_or(before) < before) {
    setup_.notice(std::to_string(before) + " nodes are in the cluster already; 'up' ends none");
  }
  if (options.extra) state_.extra = *options.extra;

  const auto all = pick({});
  for (NodeRecord* node : *all) {
    if (state_of(node->process) != ProcessState::paused) continue;
    send_signal(node->process, SIGCONT);
    setup_.notice(node->name + " resumed");
  }
  if (auto started = start_missing(*all); !started) return started;
  return wait_until_seen(*all, options.patience);
}

std::expected<void, Problem> LocalCluster::down(const DownOptions& options) {
  if (!std::filesystem::exists(directory_.path())) {
    setup_.notice("nothing is running");
    return {};
  }
  if (auto opened = open(); !opened) return opened;
  if (auto stopped = stop(*pick({}), options.patience); !stopped) return stopped;

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

std::expected<std::vector<NodeStatus>, Problem> LocalCluster::status() {
  auto records = nodes({});
  if (!records) return std::unexpected(records.error());
  std::vector<NodeStatus> list;
  for (const NodeRecord& node : *records) {
    NodeStatus status{.node = node, .process = state_of(node.process)};
    // A paused agent would let the question time out.
    if (status.process == ProcessState::running) {
      if (auto view = setup_.probe(node.http)) status.view = *std::move(view);
    }
    list.push_back(std::move(status));
  }
  return list;
}

std::expected<void, Problem> LocalCluster::kill(const Names& names, int signal) {
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

std::expected<void, Problem> LocalCluster::pause(const Names& names) {
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

std::expected<void, Problem> LocalCluster::resume(const Names& names) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (NodeRecord* node : *chosen) {
    if (send_signal(node->process, SIGCONT) != SignalResult::sent) {
      return std::unexpected(not_running(*node));
    }
    setup_.notice(node->name + " running");
  }
  return {};
}

std::expected<void, Problem> LocalCluster::start(const Names& names,
                                                 std::chrono::milliseconds patience) {
  if (auto opened = open_existing(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  if (auto started = start_missing(*chosen); !started) return started;
  return wait_until_seen(*chosen, patience);
}

std::expected<std::vector<NodeRecord>, Problem> LocalCluster::nodes(const Names& names) {
  if (auto opened = open_existing(); !opened) return std::unexpected(opened.error());
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  std::vector<NodeRecord> records;
  for (const NodeRecord* node : *chosen) records.push_back(*node);
  return records;
}

// --- steps ---------------------------------------------------------------------------------------

std::expected<void, Problem> LocalCluster::open() {
  if (is_open_) return {};
  if (auto locked = directory_.lock(); !locked) return locked;
  auto loaded = directory_.load();
  if (!loaded) return std::unexpected(loaded.error());
  state_ = std::move(*loaded).value_or(ClusterState{});
  is_open_ = true;
  return {};
}

std::expected<void, Problem> LocalCluster::open_existing() {
  if (!std::filesystem::exists(directory_.path())) {
    return std::unexpected(no_cluster(directory_.path()));
  }
  if (auto opened = open(); !opened) return opened;
  if (state_.nodes.empty()) return std::unexpected(no_cluster(directory_.path()));
  return {};
}

std::expected<std::vector<NodeRecord*>, Problem> LocalCluster::pick(const Names& names) {
  std::vector<NodeRecord*> chosen;
  if (names.empty()) {
    for (NodeRecord& node : state_.nodes) chosen.push_back(&node);
    return chosen;
  }
  for (const std::string& name : names) {
    chosen.push_back(state_.find(name));
    if (chosen.back() != nullptr) continue;
    return std::unexpected(
        Problem{.what = "node '" + name + "'",
                .why = "is not in the cluster",
                .todo = "it has node1 to node" + std::to_string(state_.nodes.size())});
  }
  return chosen;
}

std::expected<void, Problem> LocalCluster::start_missing(const std::vector<NodeRecord*>& nodes) {
  for (NodeRecord* node : nodes) {
    if (is_running(*node)) continue;
    if (auto started = start_node(*node); !started) return started;
  }
  return {};
}

std::expected<void, Problem> LocalCluster::start_node(NodeRecord& node) {
  const std::filesystem::path data = directory_.node_path(node.name) / "data";
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) {
    return std::unexpected(Problem{.what = node.name,
                                   .why = "cannot create " + data.string() + ": " + error.message(),
                                   .todo = "choose a writable directory with --dir"});
  }
  // What an earlier life wrote is put aside, so that the log tells of one life only.
  std::filesystem::rename(directory_.log_file(node.name),
                          directory_.log_file(node.name).string() + ".old", error);
  const AgentPlan plan{
      .node = node, .seeds = running_seeds(node), .data_directory = data, .extra = state_.extra};
  const auto process = spawn({.program = setup_.program,
                              .arguments = agent_arguments(plan),
                              .environment = without_agent_variables(current_environment()),
                              .log_file = directory_.log_file(node.name)});
  if (!process) {
    return std::unexpected(
        Problem{.what = node.name, .why = process.error(), .todo = "see 'rollcall help cluster'"});
  }
  node.process = *process;
  has_started_ = true;
  std::ofstream(directory_.pid_file(node.name)) << process->pid << '\n';
  setup_.notice(node.name + " started (pid " + std::to_string(process->pid) + ", " + node.bind +
                ", http " + node.http + ")");
  // Recorded at once: a launcher that is interrupted must not lose sight of what it started.
  return directory_.save(state_);
}

std::vector<std::string> LocalCluster::running_seeds(const NodeRecord& except) const {
  std::vector<std::string> seeds;
  for (const NodeRecord& node : state_.nodes) {
    if (seeds.size() == seeds_per_agent) break;
    if (node.name != except.name && is_running(node)) seeds.push_back(node.bind);
  }
  return seeds;
}

std::expected<void, Problem> LocalCluster::wait_until_seen(
    const std::vector<NodeRecord*>& observers, std::chrono::milliseconds patience) {
  std::vector<std::string> expected;
  for (const NodeRecord& node : state_.nodes) {
    if (state_of(node.process) == ProcessState::running) expected.push_back(node.name);
  }
  for (const NodeRecord* node : observers) {
    if (std::ranges::find(expected, node->name) == expected.end()) expected.push_back(node->name);
  }

  const Clock::time_point begin = Clock::now();
  std::deque<NodeRecord*> waiting(observers.begin(), observers.end());
  while (!waiting.empty()) {
    if (const NodeRecord* ended = first_ended(observers)) {
      return std::unexpected(ended_early(*ended));
    }
    const NodeRecord& node = *waiting.front();
    const auto view = setup_.probe(node.http);
    const auto lacking = view ? missing(expected, view->alive) : expected;
    if (view && lacking.empty()) {
      waiting.pop_front();
    } else if (Clock::now() - begin >= patience) {
      const std::string state =
          view ? "is " + view->phase + " and does not list as alive: " + joined(lacking)
               : "does not answer (" + view.error() + ")";
      return std::unexpected(not_seen(node, state, seconds_text(Clock::now() - begin)));
    } else {
      std::this_thread::sleep_for(poll_interval);
    }
  }
  setup_.notice(counted(observers.size(), "agent lists ", "agents list ") +
                counted(expected.size(), "member", "members") + " alive, " +
                (has_started_ ? seconds_text(Clock::now() - begin) + " after the last start"
                              : "nothing was missing"));
  return {};
}

std::expected<void, Problem> LocalCluster::stop(const std::vector<NodeRecord*>& nodes,
                                                std::chrono::milliseconds patience) {
  std::vector<NodeRecord*> leaving;
  for (NodeRecord* node : nodes) {
    if (send_signal(node->process, SIGTERM) != SignalResult::sent) continue;
    send_signal(node->process, SIGCONT);  // a paused agent leaves too
    leaving.push_back(node);
    // One after the other where that is quick: who leaves wants others to acknowledge it.
    wait_for(stagger_max, [node] { return !is_running(*node); });
  }
  std::string_view ending = " left";
  const auto drop_gone = [&leaving, &ending, this] {
    std::erase_if(leaving, [&ending, this](const NodeRecord* node) {
      if (is_running(*node)) return false;
      reap(node->process);
      setup_.notice(node->name + std::string(ending));
      return true;
    });
    return leaving.empty();
  };
  if (leaving.empty()) setup_.notice("nothing is running");
  if (wait_for(patience, drop_gone)) return {};

  ending = " was killed";
  for (const NodeRecord* node : leaving) {
    setup_.notice(node->name + " did not leave in " + seconds_text(patience));
    send_signal(node->process, SIGKILL);
  }
  if (wait_for(kernel_patience, drop_gone)) return {};
  return std::unexpected(
      Problem{.what = leaving.front()->name,
              .why = "does not end (pid " + std::to_string(leaving.front()->process.pid) + ")",
              .todo = "run 'rollcall cluster down' again later"});
}

Problem LocalCluster::ended_early(const NodeRecord& node) const {
  return {.what = node.name,
          .why = "ended with " + reap(node.process).value_or("unknown exit status"),
          .todo = "mend that and run 'rollcall cluster up' again, or 'rollcall cluster down'",
          .details = log_tail(node)};
}

Problem LocalCluster::not_seen(const NodeRecord& node, const std::string& state,
                               const std::string& waited) const {
  return {.what = node.name,
          .why = state + ", " + waited +
                 (has_started_ ? " after the last start" : " after the first look"),
          .todo = "look into " + directory_.log_file(node.name).string() +
                  ", and end the rest with 'rollcall cluster down'",
          .details = log_tail(node)};
}

std::vector<std::string> LocalCluster::log_tail(const NodeRecord& node) const {
  std::ifstream file(directory_.log_file(node.name));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > log_lines_shown) lines.pop_front();
  }
  return {lines.begin(), lines.end()};
}

}  // namespace rollcall::launcher
