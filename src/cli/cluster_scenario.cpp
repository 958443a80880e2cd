// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_scenario.hpp"

#include <algorithm>
#include <array>

#include <yaml-cpp/yaml.h>

#include "base/text.hpp"
#include "documents/documents.hpp"
#include "lab/scenario_map.hpp"
#include "lab/scenario_values.hpp"
#include "launcher/layout.hpp"
#include "launcher/network_faults.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using lab::MapReader;
using lab::ScenarioProblems;

constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t nodes_allowed_max = 50;
constexpr Duration time_max = 1h;
constexpr std::array<std::string_view, 6> top_keys = {"name",   "summary", "nodes",
                                                      "driver", "flags",   "steps"};
constexpr std::array<std::string_view, 12> actions = {"start",  "wait",      "kill",   "pause",
                                                      "resume", "partition", "cut",    "heal",
                                                      "remove", "join",      "expect", "history"};
constexpr std::array<std::string_view, 2> drivers = {"local", "netns"};
constexpr std::array<std::string_view, 2> truths = {"no", "yes"};

lab::Read<Duration> read_time(std::string_view text) {
  return lab::read_duration(text, 0s, time_max);
}
lab::Read<std::string> read_word(std::string_view text) {
  return std::string(text);
}
lab::Read<std::uint64_t> read_number(std::string_view text) {
  return lab::read_count(text, 0, 1'000'000'000);
}

/// Reads the nodes, words and values of one scenario's steps.
class StepReader {
 public:
  StepReader(const ClusterScenario& scenario, ScenarioProblems& problems) : problems_(problems) {
    for (std::size_t i = 0; i < scenario.nodes; ++i) all_.push_back(launcher::node_name(i));
  }

  std::optional<ScenarioStep> read(const YAML::Node& node, const std::string& path) {
    const MapReader map(node, path, actions, problems_);
    const auto is_there = [&](std::string_view key) { return map.has(key); };
    if (std::ranges::count_if(actions, is_there) != 1) {
      map.problem("", "found none or several actions; allowed: one of " + lab::list_text(actions));
      return std::nullopt;
    }
    const std::string_view key = *std::ranges::find_if(actions, is_there);
    return ScenarioStep{map.place_of_key(key), action(map, key, *map.find(key))};
  }

 private:
  ScenarioAction action(const MapReader& map, std::string_view key, const YAML::Node& node) {
    using What = SignalStep::What;
    if (key == "start") return StartStep{names(map, key)};
    if (key == "kill") return SignalStep{What::kill, names(map, key)};
    if (key == "pause") return SignalStep{What::pause, names(map, key)};
    if (key == "resume") return SignalStep{What::resume, names(map, key)};
    if (key == "heal") return HealStep{};
    if (key == "wait") {
      WaitStep step;
      map.read(key, step.time, read_time);
      return step;
    }
    if (key == "partition") return partition(map, key, node);
    if (key == "cut") return cut(map.path_of(key), node);
    if (key == "remove") return remove(map.path_of(key), node);
    if (key == "join") return join(map.path_of(key), node);
    if (key == "expect") return expect(map.path_of(key), node);
    return history(map.path_of(key), node);
  }

  Names names(const MapReader& map, std::string_view key) const {
    const YAML::Node* const node = map.find(key);
    if (node == nullptr) return {};
    auto expanded = launcher::expand_names(lab::texts_of(*node, map, key), all_);
    if (expanded) return *std::move(expanded);
    map.problem(key, "found '" + expanded.error() + "'; allowed: " + all_.front() +
                         (all_.size() > 1 ? " to " + all_.back() : "") +
                         ", several with commas between them or as a row, A..B");
    return {};
  }
  /// Of where something is asked or seen; all nodes unless told.
  Names places(const MapReader& map) const { return map.has("at") ? names(map, "at") : all_; }
  void one_node(const MapReader& map, std::string_view key, std::string& into) const {
    const Names found = names(map, key);
    if (found.size() == 1) {
      into = found.front();
    } else {
      map.problem(key, "found " + std::to_string(found.size()) + " nodes; allowed: one");
    }
  }

  ScenarioAction partition(const MapReader& map, std::string_view key,
                           const YAML::Node& node) const {
    const Names groups = lab::texts_of(node, map, key);
    if (const auto parsed = launcher::parse_groups(groups, all_); !parsed) {
      map.problem(key, parsed.error());
    }
    return PartitionStep{groups};
  }
  ScenarioAction cut(const std::string& path, const YAML::Node& node) {
    constexpr std::array<std::string_view, 3> keys = {"from", "to", "both-ways"};
    const MapReader map(node, path, keys, problems_);
    std::size_t both = 0;
    map.read("both-ways", both, [](auto text) { return lab::read_choice(text, truths); });
    return CutStep{names(map, "from"), names(map, "to"), both == 1};
  }
  ScenarioAction remove(const std::string& path, const YAML::Node& node) {
    constexpr std::array<std::string_view, 2> keys = {"node", "at"};
    const MapReader map(node, path, keys, problems_);
    RemoveStep step;
    one_node(map, "node", step.node);
    one_node(map, "at", step.at);
    return step;
  }
  ScenarioAction join(const std::string& path, const YAML::Node& node) {
    constexpr std::array<std::string_view, 3> keys = {"group", "id", "at"};
    const MapReader map(node, path, keys, problems_);
    JoinStep step;
    map.read("group", step.group, read_word);
    map.read("id", step.id, read_word);
    one_node(map, "at", step.at);
    return step;
  }
  ScenarioAction expect(const std::string& path, const YAML::Node& node) {
    constexpr std::array<std::string_view, 7> keys = {"at",     "within", "view",    "members",
                                                      "leader", "cause",  "writable"};
    const MapReader map(node, path, keys, problems_);
    ExpectStep step;
    step.at = places(map);
    map.read("within", step.within, read_time);
    map.read("view", step.view, read_number);
    map.read("leader", step.leader, read_word);
    map.read("cause", step.cause, read_word);
    if (map.has("members")) step.members = names(map, "members");
    if (map.has("writable")) {
      std::size_t truth = 0;
      map.read("writable", truth, [](auto text) { return lab::read_choice(text, truths); });
      step.writable = truth == 1;
    }
    return step;
  }
  ScenarioAction history(const std::string& path, const YAML::Node& node) {
    constexpr std::array<std::string_view, 4> keys = {"at", "within", "from", "views"};
    const MapReader map(node, path, keys, problems_);
    HistoryStep step{.at = places(map)};
    map.read("within", step.within, read_time);
    map.read("from", step.from, read_number);
    const YAML::Node* const views = map.find("views");
    if (views == nullptr || !views->IsSequence() || views->size() == 0) {
      map.problem("views", "found none; allowed: a list of lists of nodes");
      return step;
    }
    for (const YAML::Node& view : *views) {
      auto expanded = launcher::expand_names(lab::texts_of(view, map, "views"), all_);
      if (!expanded) map.problem_at(view, "views", expanded.error());
      step.views.push_back(expanded.value_or(Names{}));
    }
    return step;
  }

  ScenarioProblems& problems_;
  Names all_;
};

void read_top(const YAML::Node& root, ClusterScenario& scenario, ScenarioProblems& problems) {
  const MapReader top(root, "", top_keys, problems);
  top.read("name", scenario.name, read_word);
  top.read("summary", scenario.summary, read_word);
  top.read("nodes", scenario.nodes,
           [](auto text) { return lab::read_count(text, 1, nodes_allowed_max); });
  std::size_t driver = 0;
  top.read("driver", driver, [](auto text) { return lab::read_choice(text, drivers); });
  scenario.driver = driver == 0 ? launcher::DriverKind::local : launcher::DriverKind::netns;
  if (const auto* const flags = top.find("flags")) {
    scenario.flags = lab::texts_of(*flags, top, "flags");
  }
  const YAML::Node* const steps = top.find("steps");
  if (steps == nullptr || !steps->IsSequence() || steps->size() == 0) {
    top.problem("steps",
                "found none; allowed: a list of steps, each one of " + lab::list_text(actions));
    return;
  }
  StepReader reader(scenario, problems);
  std::size_t number = 0;
  for (const YAML::Node& node : *steps) {
    auto step = reader.read(node, "steps[" + std::to_string(number++) + "]");
    if (step) scenario.steps.push_back(*std::move(step));
  }
}

std::string in_seconds(Duration time) {
  return lab::number_text(to_seconds(time)) + " s";
}

struct Teller {
  std::string operator()(const StartStep& step) const {
    return "start " + launcher::joined(step.nodes);
  }
  std::string operator()(const WaitStep& step) const { return "wait " + in_seconds(step.time); }
  std::string operator()(const SignalStep& step) const {
    constexpr std::array<std::string_view, 3> words = {"kill ", "pause ", "resume "};
    return std::string(words[static_cast<std::size_t>(step.what)]) + launcher::joined(step.nodes);
  }
  std::string operator()(const PartitionStep& step) const {
    return "partition " + launcher::joined(step.groups);
  }
  std::string operator()(const CutStep& step) const {
    return "cut " + launcher::joined(step.from) + (step.both_ways ? " and " : " to ") +
           launcher::joined(step.to);
  }
  std::string operator()(const HealStep&) const { return "heal"; }
  std::string operator()(const RemoveStep& step) const {
    return "remove " + step.node + ", asked at " + step.at;
  }
  std::string operator()(const JoinStep& step) const {
    return "join " + step.id + " to the group " + step.group + ", asked at " + step.at;
  }
  std::string operator()(const ExpectStep& step) const {
    std::string text = "expect";
    if (step.view) text += " view " + std::to_string(*step.view);
    if (step.members) text += " of " + launcher::joined(*step.members);
    if (step.leader) text += " led by " + *step.leader;
    if (step.cause) text += " (" + *step.cause + ")";
    if (step.writable) text += *step.writable ? " writable" : " read-only";
    return text + " at " + launcher::joined(step.at);
  }
  std::string operator()(const HistoryStep& step) const {
    return "expect views " + std::to_string(step.from) + " to " +
           std::to_string(step.from + step.views.size() - 1) + " alike at " +
           launcher::joined(step.at);
  }
};

}  // namespace

std::string to_text(const ScenarioAction& action) {
  return std::visit(Teller{}, action);
}

std::expected<ClusterScenario, ScenarioProblems> parse_cluster_scenario(const std::string& text) {
  ClusterScenario scenario;
  ScenarioProblems problems;
  try {
    const YAML::Node root = YAML::Load(text);
    if (const auto second = documents::second_document(text)) {
      problems.push_back({lab::place_of(*second), "", "found a second document; allowed: one"});
    }
    read_top(root, scenario, problems);
  } catch (const YAML::Exception& error) {
    problems.push_back({lab::place_of(error.mark), "", "this is no YAML: " + error.msg});
  }
  if (problems.empty()) return scenario;
  return std::unexpected(std::move(problems));
}

std::expected<ClusterScenario, ScenarioProblems> read_cluster_scenario(const std::string& file) {
  const auto text = documents::read_text(file, file_bytes_max);
  if (!text) return std::unexpected(ScenarioProblems{{.message = text.error()}});
  return parse_cluster_scenario(*text);
}

}  // namespace rollcall::cli
