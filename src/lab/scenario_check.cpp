// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_check.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "lab/scenario_targets.hpp"

namespace rollcall::lab {
namespace {

using Kind = Targets::Kind;

std::string key_of(const Scenario& scenario, const Fault& fault) {
  const auto index = &fault - scenario.faults.data();
  return "faults[" + std::to_string(index) + "]." + std::string(to_text(fault.kind));
}

bool takes_down(FaultKind kind) {
  return kind == FaultKind::crash || kind == FaultKind::power_off;
}
bool brings_up(FaultKind kind) {
  return kind == FaultKind::restart || kind == FaultKind::join || kind == FaultKind::peace;
}

std::string members_text(std::size_t members) {
  return members == 1 ? "n0" : "n0 to n" + std::to_string(members - 1);
}

// --- Whom --------------------------------------------------------------------------------------

class TargetCheck {
 public:
  TargetCheck(const Scenario& scenario, ScenarioProblems& problems)
      : scenario_(scenario),
        problems_(problems),
        members_(scenario.cluster.members + fresh_members(scenario)) {}

  void check_zones() {
    std::set<std::size_t> placed;
    for (const Targets& zone : scenario_.zones) {
      const auto object = [&](std::string message) {
        problems_.push_back({scenario_.network_place, "network.zones", std::move(message)});
      };
      for (const IndexRange& range : zone.ranges) {
        if (range.last >= members_) {
          return object("found n" + std::to_string(range.last) +
                        ", who does not exist; allowed: " + members_text(members_));
        }
        for (std::size_t i = range.first; i <= range.last; ++i) {
          if (!placed.insert(i).second) {
            return object("n" + std::to_string(i) + " is in two zones; allowed: one");
          }
        }
      }
    }
  }

  void check(const Fault& fault) {
    check(fault, fault.targets);
    check(fault, fault.to);
    std::set<std::size_t> grouped;
    for (const Targets& group : fault.groups) {
      check(fault, group);
      check_apart(fault, group, grouped);
    }
  }

 private:
  void check(const Fault& fault, const Targets& targets) {
    for (const IndexRange& range : targets.ranges) {
      if (range.last < members_) continue;
      object(fault, "found n" + std::to_string(range.last) +
                        ", who does not exist; allowed: " + members_text(members_));
    }
    if (targets.kind == Kind::random_count && targets.count > scenario_.cluster.members) {
      object(fault, "found " + std::to_string(targets.count) + " of " +
                        std::to_string(scenario_.cluster.members) + " members; allowed: up to " +
                        std::to_string(scenario_.cluster.members));
    }
  }

  void check_apart(const Fault& fault, const Targets& group, std::set<std::size_t>& grouped) {
    for (const IndexRange& range : group.ranges) {
      for (std::size_t i = range.first; i <= std::min(range.last, members_); ++i) {
        if (grouped.insert(i).second) continue;
        return object(fault, "n" + std::to_string(i) + " is in two groups; allowed: one");
      }
    }
  }

  void object(const Fault& fault, std::string message) {
    problems_.push_back({fault.place, key_of(scenario_, fault), std::move(message)});
  }

  const Scenario& scenario_;
  ScenarioProblems& problems_;
  std::size_t members_;
};

// --- Who is down when --------------------------------------------------------------------------

/// Walks through the crashes and returns of the scenario in the order of time, and objects to a
/// crash of somebody who is down, or of more than can be up.
class DownCheck {
 public:
  DownCheck(const Scenario& scenario, ScenarioProblems& problems)
      : scenario_(scenario),
        problems_(problems) {}

  void check() {
    for (const Fault& fault : scenario_.faults) list(fault);
    std::ranges::stable_sort(
        steps_, {}, [](const Step& step) { return std::tuple(step.time, step.is_return ? 0 : 1); });
    for (const Step& step : steps_) {
      step.is_return ? bring_up(*step.fault) : take_down(*step.fault, step.time);
      if (!problems_.empty()) return;
    }
  }

 private:
  struct Step {
    Duration time{};
    bool is_return = false;
    const Fault* fault = nullptr;
  };

  void list(const Fault& fault) {
    if (!takes_down(fault.kind) && !brings_up(fault.kind)) return;
    for (std::size_t i = 0; i < occurrences(fault); ++i) {
      const Duration time = time_of(fault, i);
      steps_.push_back({time, brings_up(fault.kind), &fault});
      if (fault.lasts) steps_.push_back({time + *fault.lasts, true, &fault});
    }
  }

  [[nodiscard]] std::size_t drawn(const Targets& targets) const {
    if (targets.kind == Kind::random_count) return targets.count;
    if (targets.kind == Kind::in_turn) return 1;
    return share_count(targets.share, scenario_.cluster.members);
  }

  void take_down(const Fault& fault, Duration time) {
    const Targets& targets = fault.targets;
    const std::size_t members = scenario_.cluster.members;
    if (targets.kind == Kind::named) return take_down_named(fault, time);
    const std::size_t down = named_.size() + nameless_;
    if (targets.kind == Kind::all) {
      // Whoever is down already stays so.
      nameless_ = members - std::min(members, named_.size());
      return;
    }
    const std::size_t count = drawn(targets);
    if (down + count > members) {
      return object(fault, time,
                    "found " + std::to_string(count) + " more when " + std::to_string(down) +
                        " of " + std::to_string(members) +
                        " members are down already; allowed: at most " +
                        std::to_string(members - std::min(members, down)) +
                        ", or give the faults an end (for)");
    }
    nameless_ += count;
  }

  void take_down_named(const Fault& fault, Duration time) {
    for (const IndexRange& range : fault.targets.ranges) {
      for (std::size_t i = range.first; i <= range.last; ++i) {
        const auto [place, is_new] = named_.emplace(i, fault.place.line);
        if (is_new) continue;
        const std::string since =
            place->second > 0 ? " (line " + std::to_string(place->second) + ")" : "";
        return object(fault, time,
                      "found n" + std::to_string(i) + ", who is down already" + since +
                          "; allowed: somebody who runs");
      }
    }
  }

  void bring_up(const Fault& fault) {
    const Targets& targets = fault.targets;
    if (targets.kind == Kind::named) {
      for (const IndexRange& range : targets.ranges) {
        for (std::size_t i = range.first; i <= range.last; ++i) named_.erase(i);
      }
    } else if (targets.kind == Kind::all) {
      named_.clear();
      nameless_ = 0;
    } else if (targets.kind != Kind::fresh && fault.lasts) {
      nameless_ -= std::min(nameless_, drawn(targets));
    }
  }

  void object(const Fault& fault, Duration time, const std::string& message) {
    problems_.push_back(
        {fault.place, key_of(scenario_, fault), "at " + duration_text(time) + ": " + message});
  }

  const Scenario& scenario_;
  ScenarioProblems& problems_;
  std::vector<Step> steps_;
  std::map<std::size_t, int> named_;  // and the line that took it down
  std::size_t nameless_ = 0;
};

// --- Times and bounds --------------------------------------------------------------------------

void check_links(const Scenario& scenario, ScenarioProblems& problems) {
  const auto check = [&](const sim::LinkOptions& link, Place place, const std::string& key) {
    if (link.delay_min <= link.delay_mean && link.delay_mean <= link.delay_max) return;
    problems.push_back({place, key,
                        "found a delay-mean of " + duration_text(link.delay_mean) +
                            "; allowed: within delay, " + duration_text(link.delay_min) + ".." +
                            duration_text(link.delay_max)});
  };
  check(scenario.network, scenario.network_place, "network");
  if (scenario.between_zones) {
    check(changed(scenario.network, *scenario.between_zones), scenario.network_place,
          "network.between-zones");
  }
  for (const Fault& fault : scenario.faults) {
    if (fault.kind != FaultKind::link) continue;
    check(changed(scenario.network, fault.link), fault.place, key_of(scenario, fault));
  }
}

void check_changes(const Scenario& scenario, ScenarioProblems& problems) {
  const core::Config& config = scenario.cluster.config;
  for (const Fault& fault : scenario.faults) {
    if (fault.kind != FaultKind::change) continue;
    for (const core::ConfigProblem& problem :
         core::validate(core::apply(fault.change, config), config.profile)) {
      problems.push_back(
          {fault.place, key_of(scenario, fault), problem.field + " " + problem.message});
    }
  }
}

void check_end(const Scenario& scenario, ScenarioProblems& problems) {
  if (!scenario.duration) return;
  for (const Fault& fault : scenario.faults) {
    const Duration last = time_of(fault, occurrences(fault) - 1);
    if (last < *scenario.duration) continue;
    problems.push_back({fault.place, key_of(scenario, fault),
                        "happens at " + duration_text(last) + ", but the scenario ends at " +
                            duration_text(*scenario.duration) + "; allowed: before that"});
  }
  if (!problems.empty()) return;
  const Duration within = scenario.expect.converged_within.value_or(0s);
  if (last_change(scenario) + within > *scenario.duration) {
    problems.push_back({scenario.duration_place, "duration",
                        "found " + duration_text(*scenario.duration) + "; allowed: from " +
                            duration_text(last_change(scenario) + within) +
                            ", so that the last fault ends and everybody has the time of "
                            "expect.converged-within"});
  }
}

void check_expectations(const Scenario& scenario, ScenarioProblems& problems) {
  const auto has = [&](auto... kinds) {
    return std::ranges::any_of(scenario.faults,
                               [&](const Fault& fault) { return ((fault.kind == kinds) || ...); });
  };
  const auto object = [&](bool is_given, const std::string& key, const std::string& what) {
    if (!is_given) return;
    problems.push_back({scenario.expect_place, "expect." + key, what});
  };
  const Expectations& expect = scenario.expect;
  if (!has(FaultKind::crash, FaultKind::restart)) {
    object(expect.crash_known_within.has_value(), "crash-known-within",
           "no process crashes in this scenario; allowed with crash or restart");
  }
  if (!has(FaultKind::power_off)) {
    object(expect.silence_known_within.has_value(), "silence-known-within",
           "no machine falls silent in this scenario; allowed with power-off");
  }
  if (!has(FaultKind::change)) {
    object(expect.settings_agreed_within.has_value(), "settings-agreed-within",
           "nobody changes settings in this scenario; allowed with switch");
  }
  if (!has(FaultKind::crash, FaultKind::restart, FaultKind::power_off)) {
    for (const auto& [bound, key] :
         {std::pair(expect.detection_median, "detection-median"),
          std::pair(expect.detection_p99, "detection-p99"),
          std::pair(expect.first_detection_median, "first-detection-median"),
          std::pair(expect.first_detection_p99, "first-detection-p99")}) {
      object(bound.has_value(), key,
             "nobody dies in this scenario; allowed with crash, restart or power-off");
    }
  }
}

}  // namespace

ScenarioProblems check_scenario(const Scenario& scenario) {
  ScenarioProblems problems;
  check_links(scenario, problems);
  check_changes(scenario, problems);
  TargetCheck targets(scenario, problems);
  targets.check_zones();
  for (const Fault& fault : scenario.faults) targets.check(fault);
  if (problems.empty()) DownCheck(scenario, problems).check();
  check_end(scenario, problems);
  check_expectations(scenario, problems);
  return problems;
}

}  // namespace rollcall::lab
