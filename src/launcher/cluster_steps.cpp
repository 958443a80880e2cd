// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <system_error>
#include <utility>

#include "launcher/cluster.hpp"
#include "launcher/cluster_parts.hpp"
#include "launcher/namespaces.hpp"

namespace rollcall::launcher {
namespace {

using namespace std::chrono_literals;

/// How long one node's leaving may hold up the next one's.
constexpr auto stagger_max = 100ms;
constexpr std::size_t seeds_per_agent = 3;
constexpr std::size_t log_lines_shown = 5;

std::string seconds_text(std::chrono::steady_clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s",
                std::chrono::duration<double>(duration).count());
  return text.data();
}

const NodeRecord* first_ended(const std::vector<NodeRecord*>& nodes) {
  const auto ended = std::ranges::find_if_not(nodes, [](auto* node) { return is_running(*node); });
  return ended == nodes.end() ? nullptr : *ended;
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

std::expected<std::vector<NodeRecord*>, Problem> Cluster::pick(const Names& names) {
  const Names all = state_.names();
  const auto expanded = names.empty() ? all : expand_names(names, all);
  if (!expanded) {
    return std::unexpected(Problem{.what = "node '" + expanded.error() + "'",
                                   .why = "is not in the cluster",
                                   .todo = "it has " + all.front() + " to " + all.back()});
  }
  std::vector<NodeRecord*> chosen;
  for (const std::string& name : *expanded) chosen.push_back(state_.find(name));
  return chosen;
}

/// Brings hosts and network to what the state says. The state is saved before, so that what is
/// made half-way can be found.
Done Cluster::make_hosts() {
  if (auto saved = directory_.save(state_); !saved) return saved;
  const auto made = driver_->make_hosts(state_);
  if (!made) return std::unexpected(made.error());
  for (const std::string& name : *made) {
    // A process of a host that is made anew has lost its network for good.
    const NodeRecord& node = *state_.find(name);
    if (send_signal(node.process, SIGKILL) != SignalResult::sent) continue;
    wait_for(kernel_patience, [&node] { return !is_running(node); });
  }
  return driver_->apply_faults(state_);
}

/// What runs was started without, and would have to be started anew.
void Cluster::allow_faults() {
  if (std::exchange(state_.allow_faults, true)) return;
  Names running;
  for (const NodeRecord& node : state_.nodes) {
    if (is_running(node)) running.push_back(node.name);
  }
  if (running.empty()) return;
  setup_.notice("no faults can be set at " + joined(running) + " until started anew");
}

Done Cluster::resume_paused(const std::vector<NodeRecord*>& nodes) {
  bool has_resumed = false;
  for (const NodeRecord* node : nodes) {
    if (state_of(node->process) != ProcessState::paused) continue;
    send_signal(node->process, SIGCONT);
    setup_.notice(node->name + " resumed");
    has_resumed = true;
  }
  return has_resumed ? driver_->after_start(state_) : Done{};
}

Done Cluster::start_missing(const std::vector<NodeRecord*>& nodes) {
  for (NodeRecord* node : nodes) {
    if (is_running(*node)) continue;
    if (auto started = start_node(*node); !started) return started;
  }
  return {};
}

Done Cluster::start_node(NodeRecord& node) {
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
  const AgentPlan plan{.node = node,
                       .seeds = running_seeds(node),
                       .data_directory = data,
                       .extra = state_.extra,
                       .allow_faults = state_.allow_faults};
  const auto process = within(node.network, [&] {
    return spawn({.program = setup_.program,
                  .arguments = agent_arguments(plan),
                  .environment = without_agent_variables(current_environment()),
                  .log_file = directory_.log_file(node.name),
                  .record = [&](const ProcessIdentity& started) -> std::optional<std::string> {
                    node.process = started;
                    const Done saved = directory_.save(state_);
                    if (saved) return std::nullopt;
                    return "cannot be recorded: " + saved.error().why;
                  }});
  });
  if (!process) {
    return std::unexpected(
        Problem{.what = node.name, .why = process.error(), .todo = "see 'rollcall help cluster'"});
  }
  has_started_ = true;
  std::ofstream(directory_.pid_file(node.name)) << process->pid << '\n';
  setup_.notice(node.name + " started (pid " + std::to_string(process->pid) + ", " + node.bind +
                ", http " + node.http + ")");
  return {};
}

/// Those come first whom the node can reach; the others are for when it can again.
std::vector<std::string> Cluster::running_seeds(const NodeRecord& except) const {
  std::vector<std::string> seeds;
  std::vector<std::string> beyond;
  for (const NodeRecord& node : state_.nodes) {
    if (node.name == except.name || !is_running(node)) continue;
    (can_talk(state_.faults, node.name, except.name) ? seeds : beyond).push_back(node.bind);
  }
  seeds.insert(seeds.end(), beyond.begin(), beyond.end());
  if (seeds.size() > seeds_per_agent) seeds.resize(seeds_per_agent);
  return seeds;
}

/// Whom the agent should list as alive: itself, and who runs and can be reached.
Names Cluster::expected_by(const NodeRecord& observer) const {
  Names names;
  for (const NodeRecord& node : state_.nodes) {
    const bool is_up = state_of(node.process) == ProcessState::running;
    if (node.name == observer.name || (is_up && can_talk(state_.faults, observer.name, node.name)))
      names.push_back(node.name);
  }
  return names;
}

std::expected<AgentView, std::string> Cluster::ask(const NodeRecord& node) const {
  return within(node.network, [&] { return setup_.probe(node.http); });
}

Done Cluster::wait_until_seen(const std::vector<NodeRecord*>& observers,
                              std::chrono::milliseconds patience) {
  const Clock::time_point begin = Clock::now();
  std::size_t seen = 0;
  std::deque<NodeRecord*> waiting(observers.begin(), observers.end());
  while (!waiting.empty()) {
    if (const NodeRecord* ended = first_ended(observers)) {
      return std::unexpected(ended_early(*ended));
    }
    const NodeRecord& node = *waiting.front();
    const Names expected = expected_by(node);
    const auto view = ask(node);
    const auto lacking = view ? missing(expected, view->alive) : expected;
    if (view && lacking.empty()) {
      seen = std::max(seen, expected.size());
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
                counted(seen, "member", "members") + " alive, " +
                (has_started_ ? seconds_text(Clock::now() - begin) + " after the last start"
                              : "nothing was missing"));
  return {};
}

Done Cluster::stop(const std::vector<NodeRecord*>& nodes, std::chrono::milliseconds patience) {
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

Problem Cluster::ended_early(const NodeRecord& node) const {
  return {.what = node.name,
          .why = "ended with " + reap(node.process).value_or("unknown exit status"),
          .todo = "mend that and run 'rollcall cluster up' again, or 'rollcall cluster down'",
          .details = log_tail(node)};
}

Problem Cluster::not_seen(const NodeRecord& node, const std::string& state,
                          const std::string& waited) const {
  return {.what = node.name,
          .why = state + ", " + waited +
                 (has_started_ ? " after the last start" : " after the first look"),
          .todo = "look into " + directory_.log_file(node.name).string() +
                  ", and end the rest with 'rollcall cluster down'",
          .details = log_tail(node)};
}

std::vector<std::string> Cluster::log_tail(const NodeRecord& node) const {
  std::ifstream file(directory_.log_file(node.name));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > log_lines_shown) lines.pop_front();
  }
  return {lines.begin(), lines.end()};
}

}  // namespace rollcall::launcher
