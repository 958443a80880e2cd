// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_yaml.hpp"

#include <algorithm>
#include <array>

#include <yaml-cpp/yaml.h>

#include "documents/documents.hpp"
#include "lab/scenario_check.hpp"
#include "lab/scenario_faults.hpp"
#include "lab/scenario_map.hpp"
#include "lab/scenario_settings.hpp"
#include "lab/scenario_targets.hpp"

namespace rollcall::lab {
namespace {

constexpr std::array<std::string_view, 9> scenario_keys = {
    "name", "summary", "cluster", "network", "duration", "faults", "measure", "checks", "expect"};
constexpr std::array<std::string_view, 6> cluster_keys = {"members",   "profile", "start",
                                                          "start-gap", "seeds",   "detector"};

auto duration_up_to(Duration high) {
  return [high](std::string_view text) { return read_duration(text, 0s, high); };
}
auto count_between(std::size_t low, std::size_t high) {
  return [low, high](std::string_view text) { return read_count(text, low, high); };
}
auto one_of(std::span<const std::string_view> words) {
  return [words](std::string_view text) { return read_choice(text, words); };
}
Read<std::string> read_text(std::string_view text) {
  return std::string(text);
}

// --- cluster -----------------------------------------------------------------------------------

std::vector<std::string_view> detector_keys() {
  std::vector<std::string_view> keys = {"kind", "suspicion", "heartbeat-cast"};
  for (const Setting& setting : detector_settings()) keys.push_back(setting.key);
  return keys;
}

void read_setting(const MapReader& map, const Setting& setting, core::Config& config) {
  // Wider than any range: core::validate() knows each key's own.
  constexpr std::size_t count_max = 1'000'000;
  constexpr Duration duration_max = 24h * 365;
  const auto with_word = [&](auto parse) {
    using Value = typename decltype(parse(std::string_view{}))::value_type;
    return [&setting, parse](std::string_view text) -> Read<Value> {
      if (!setting.zero_word.empty() && text == setting.zero_word) return Value{};
      return parse(text);
    };
  };
  if (const auto* const duration = std::get_if<Duration core::Config::*>(&setting.at)) {
    map.read(setting.key, config.**duration, with_word(duration_up_to(duration_max)));
  } else if (const auto* const number = std::get_if<double core::Config::*>(&setting.at)) {
    map.read(setting.key, config.**number, with_word([](std::string_view text) {
               return text.ends_with('%') ? read_share(text) : read_amount(text);
             }));
  } else {
    map.read(setting.key, config.*std::get<std::size_t core::Config::*>(setting.at),
             with_word(count_between(0, count_max)));
  }
}

void read_detector(const MapReader& map, core::Config& config) {
  for (const Setting& setting : detector_settings()) read_setting(map, setting, config);
  std::size_t suspicion = config.suspicion_enabled ? 0 : 1;
  map.read("suspicion", suspicion, one_of(suspicion_words));
  config.suspicion_enabled = suspicion == 0;
  std::size_t kind = 0;
  std::size_t cast = 0;
  map.read("kind", kind, one_of(detector_words));
  map.read("heartbeat-cast", cast, one_of(cast_words));
  config.detector = core::DetectorKind{static_cast<std::uint8_t>(kind)};
  config.heartbeat_cast = core::HeartbeatCast{static_cast<std::uint8_t>(cast)};
  // As an agent does: half of a short interval, where nothing is said of the time-out.
  if (!map.has("probe-timeout")) {
    config.probe_timeout = std::min(config.probe_timeout, config.probe_interval / 2);
  }
  core::Config complete = config;
  complete.name = "n0";
  complete.advertise = Address::v4(10, 0, 0, 1, 7420);
  for (const core::ConfigProblem& problem : core::validate(complete)) {
    map.problem(problem.field, problem.message);
  }
}

void read_cluster(const YAML::Node& node, Scenario& scenario, ScenarioProblems& problems) {
  const MapReader map(node, "cluster", cluster_keys, problems);
  ClusterPlan& cluster = scenario.cluster;
  map.read("members", cluster.members, count_between(1, members_max));
  map.read("start-gap", cluster.start_gap, duration_up_to(1h));
  map.read("seeds", cluster.seeds, count_between(0, members_max));
  std::size_t start = 0;
  std::size_t profile = 0;
  map.read("start", start, one_of(start_words));
  map.read("profile", profile, one_of(profile_words));
  cluster.start = Start{static_cast<std::uint8_t>(start)};
  cluster.config.profile = profile == 0 ? core::Profile::rollcall : core::Profile::swim;
  const std::vector<std::string_view> keys = detector_keys();
  if (const YAML::Node* const detector = map.find("detector")) {
    read_detector(MapReader(*detector, "cluster.detector", keys, problems), cluster.config);
  }
}

// --- network, measure, expect ------------------------------------------------------------------

void read_zones(const MapReader& map, const YAML::Node& node, Scenario& scenario) {
  if (!node.IsSequence() || node.size() == 0) {
    return map.problem_at(node, "zones", "allowed: a list of zones, as in [n0..n4, n5..n9]");
  }
  for (const auto& zone : node) {
    const std::vector<std::string> texts = texts_of(zone, map, "zones");
    auto members = read_members(texts);
    if (members) {
      scenario.zones.push_back(std::move(*members));
    } else if (!texts.empty()) {
      map.problem_at(zone, "zones", members.error());
    }
  }
}

void read_network(const YAML::Node& node, Scenario& scenario, ScenarioProblems& problems) {
  const MapReader map(node, "network", network_keys(), problems);
  scenario.network = changed(scenario.network, read_link(map));
  map.read("timer-lateness", scenario.timer_lateness, duration_up_to(1s));
  std::size_t lan = 0;
  map.read("lan", lan, one_of(lan_words));
  scenario.cluster.config.broadcast = lan == 1;
  if (const auto* const zones = map.find("zones")) read_zones(map, *zones, scenario);
  if (const auto* const between = map.find("between-zones")) {
    scenario.between_zones =
        read_link(MapReader(*between, "network.between-zones", link_keys(), problems));
    if (scenario.zones.empty())
      map.problem("between-zones", "there are no zones; allowed with zones");
  }
}

void read_measure(const MapReader& top, const YAML::Node& node, Scenario& scenario) {
  scenario.measure.clear();
  for (const std::string& text : texts_of(node, top, "measure")) {
    const auto index = read_choice(text, measure_words);
    if (index) {
      scenario.measure.push_back(Measure{static_cast<std::uint8_t>(*index)});
    } else {
      top.problem_at(node, "measure", index.error());
    }
  }
}

void read_bound(const MapReader& map, const Bound& bound, Expectations& expect) {
  if (const auto* const time = std::get_if<std::optional<Duration> Expectations::*>(&bound.at)) {
    map.read(bound.key, expect.**time, duration_up_to(scenario_time_max));
  } else if (const auto* const count =
                 std::get_if<std::optional<std::size_t> Expectations::*>(&bound.at)) {
    map.read(bound.key, expect.**count, count_between(0, 1'000'000'000));
  } else {
    map.read(bound.key, expect.*std::get<std::optional<double> Expectations::*>(bound.at),
             read_amount);
  }
}

void read_expectations(const YAML::Node& node, Scenario& scenario, ScenarioProblems& problems) {
  std::vector<std::string_view> keys;
  for (const Bound& bound : bounds()) keys.push_back(bound.key);
  const MapReader map(node, "expect", keys, problems);
  for (const Bound& bound : bounds()) read_bound(map, bound, scenario.expect);
}

// --- the whole ---------------------------------------------------------------------------------

void read_top(const YAML::Node& root, Scenario& scenario, ScenarioProblems& problems) {
  const MapReader top(root, "", scenario_keys, problems);
  top.read("name", scenario.name, read_text);
  top.read("summary", scenario.summary, read_text);
  top.read("duration", scenario.duration,
           [](std::string_view text) { return read_duration(text, 1ms, scenario_time_max); });
  scenario.network_place = top.place_of_key("network");
  scenario.duration_place = top.place_of_key("duration");
  scenario.expect_place = top.place_of_key("expect");
  std::size_t checks = 0;
  top.read("checks", checks, one_of(checks_words));
  scenario.checks = checks == 0 ? Checks::on : Checks::off;
  if (const auto* const node = top.find("cluster")) read_cluster(*node, scenario, problems);
  if (const auto* const node = top.find("network")) read_network(*node, scenario, problems);
  if (const auto* const node = top.find("faults")) scenario.faults = read_faults(*node, problems);
  if (const auto* const node = top.find("measure")) read_measure(top, *node, scenario);
  if (const auto* const node = top.find("expect")) read_expectations(*node, scenario, problems);
}

bool is_before(const ScenarioProblem& one, const ScenarioProblem& other) {
  return std::pair(one.place.line, one.place.column) <
         std::pair(other.place.line, other.place.column);
}

ScenarioProblems unreadable(std::string message) {
  return {{.message = std::move(message)}};
}

}  // namespace

std::string to_text(const ScenarioProblem& problem, const std::string& file) {
  std::string text = file;
  if (problem.place.line > 0) {
    text += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
  }
  return text + ": " + (problem.key.empty() ? "" : problem.key + ": ") + problem.message;
}

std::expected<Scenario, ScenarioProblems> parse_scenario(const std::string& text) {
  Scenario scenario;
  ScenarioProblems problems;
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return std::unexpected(unreadable("is empty"));
    if (const auto second = documents::second_document(text)) {
      problems.push_back({place_of(*second), "", "found a second document; allowed: one"});
    }
    read_top(root, scenario, problems);
  } catch (const YAML::Exception& error) {
    problems.push_back({place_of(error.mark), "", "this is no YAML: " + error.msg});
  }
  // What could not be read is not looked at twice.
  if (problems.empty()) problems = check_scenario(scenario);
  if (problems.empty()) return scenario;
  std::ranges::stable_sort(problems, is_before);
  return std::unexpected(std::move(problems));
}

std::expected<Scenario, ScenarioProblems> read_scenario(const std::string& file) {
  const auto text = documents::read_text(file, scenario_bytes_max);
  if (!text) return std::unexpected(unreadable(text.error()));
  return parse_scenario(*text);
}

}  // namespace rollcall::lab
