// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "lab/scenario_check.hpp"
#include "lab/swarm.hpp"

namespace rollcall::lab {
namespace {

constexpr Duration shortest = 1ms;

/// Half of it, in whole milliseconds, so that the result reads well.
Duration halved(Duration duration) {
  const Duration half = duration / 2;
  return std::max(half - half % shortest,
                  duration > Duration::zero() ? shortest : Duration::zero());
}

void fold(Targets& targets, std::size_t members) {
  std::vector<IndexRange> ranges;
  for (IndexRange range : targets.ranges) {
    const std::size_t span = std::min(range.last - range.first, members - 1);
    range.first %= members;
    range.last = std::min(range.first + span, members - 1);
    if (std::ranges::find(ranges, range) == ranges.end()) ranges.push_back(range);
  }
  targets.ranges = std::move(ranges);
  targets.count = std::min(targets.count, members);
}

class Shrinker {
 public:
  Shrinker(const Scenario& scenario, const ShrinkOptions& options)
      : best_(scenario),
        options_(options) {}

  Scenario run() {
    bool is_smaller = true;
    while (is_smaller && tries_ < options_.tries_max) {
      is_smaller = false;
      is_smaller |= drop_faults();
      is_smaller |= drop_members();
      is_smaller |= plain();
      is_smaller |= shorten();
    }
    return best_;
  }

 private:
  /// Keeps the candidate if it can be run and still fails.
  bool keep(const Scenario& candidate) {
    if (tries_ >= options_.tries_max || !check_scenario(candidate).empty()) return false;
    ++tries_;
    if (!options_.fails(candidate)) return false;
    best_ = candidate;
    return true;
  }

  template <class Change>
  bool change(Change apply) {
    Scenario candidate = best_;
    apply(candidate);
    return keep(candidate);
  }

  /// Ever smaller parts of the list are left out, from its end. Peace stays: it is what makes
  /// agreement possible.
  bool drop_faults() {
    bool is_smaller = false;
    for (std::size_t part = best_.faults.size(); part > 0; part /= 2) {
      for (std::size_t end = best_.faults.size(); end > 0;) {
        const std::size_t first = end > part ? end - part : 0;
        is_smaller |= drop(first, end);
        end = std::min(first, best_.faults.size());
      }
    }
    return is_smaller;
  }

  bool drop(std::size_t first, std::size_t end) {
    Scenario candidate = best_;
    const auto at = [&](std::size_t i) {
      return candidate.faults.begin() + static_cast<std::ptrdiff_t>(i);
    };
    const auto kept = std::remove_if(
        at(first), at(end), [](const Fault& fault) { return fault.kind != FaultKind::peace; });
    if (kept == at(end)) return false;
    candidate.faults.erase(kept, at(end));
    return keep(candidate);
  }

  bool drop_members() {
    bool is_smaller = false;
    const auto with = [&](std::size_t members) {
      return change([&](Scenario& scenario) {
        scenario.cluster.members = members;
        for (Fault& fault : scenario.faults) {
          fold(fault.targets, members);
          fold(fault.to, members);
          for (Targets& group : fault.groups) fold(group, members);
        }
      });
    };
    while (best_.cluster.members > 2 && with((best_.cluster.members + 1) / 2)) is_smaller = true;
    while (best_.cluster.members > 2 && with(best_.cluster.members - 1)) is_smaller = true;
    return is_smaller;
  }

  /// Default settings and network, as far as the failure does without the drawn ones. What is
  /// plain already is not asked about again.
  bool plain() {
    bool is_smaller = false;
    const auto reset = [&](auto Scenario::* part, auto... path) {
      is_smaller |=
          reset_one([part, path...](Scenario& s) -> auto& { return ((s.*part).*....*path); });
    };
    using core::Config;
    reset(&Scenario::network, &sim::LinkOptions::loss);
    reset(&Scenario::network, &sim::LinkOptions::duplicate);
    reset(&Scenario::network, &sim::LinkOptions::reorder);
    is_smaller |= plain_delay();
    reset(&Scenario::timer_lateness);
    reset(&Scenario::cluster, &ClusterPlan::start_gap);
    reset(&Scenario::cluster, &ClusterPlan::config, &Config::detector);
    reset(&Scenario::cluster, &ClusterPlan::config, &Config::gossip_interval);
    reset(&Scenario::cluster, &ClusterPlan::config, &Config::suspicion_time);
    reset(&Scenario::cluster, &ClusterPlan::config, &Config::indirect_probes);
    reset(&Scenario::cluster, &ClusterPlan::config, &Config::anti_entropy_interval);
    is_smaller |= plain_probing();
    for (std::size_t i = 0; i < best_.faults.size(); ++i) {
      is_smaller |= plain_fault(i);
    }
    return is_smaller;
  }

  template <class Part>
  bool reset_one(Part part) {
    static Scenario usual;
    if (part(best_) == part(usual)) return false;
    return change([&](Scenario& scenario) { part(scenario) = part(usual); });
  }

  /// What makes a delay goes together.
  bool plain_delay() {
    const sim::LinkOptions usual;
    const sim::LinkOptions& link = best_.network;
    if (link.delay_min == usual.delay_min && link.delay_max == usual.delay_max &&
        link.shape == usual.shape) {
      return false;
    }
    return change([&](Scenario& scenario) {
      scenario.network.delay_min = usual.delay_min;
      scenario.network.delay_max = usual.delay_max;
      scenario.network.delay_mean = usual.delay_mean;
      scenario.network.shape = usual.shape;
    });
  }

  /// The interval and the time-out go together.
  bool plain_probing() {
    const core::Config usual;
    const core::Config& config = best_.cluster.config;
    if (config.probe_interval == usual.probe_interval &&
        config.probe_timeout == usual.probe_timeout) {
      return false;
    }
    return change([&](Scenario& scenario) {
      scenario.cluster.config.probe_interval = usual.probe_interval;
      scenario.cluster.config.probe_timeout = usual.probe_timeout;
    });
  }

  bool plain_fault(std::size_t i) {
    bool is_smaller = false;
    const Fault usual;
    const auto reset = [&](auto Fault::* part) {
      if (best_.faults[i].*part == usual.*part) return;
      is_smaller |= change([&](Scenario& scenario) { scenario.faults[i].*part = usual.*part; });
    };
    reset(&Fault::disk);
    reset(&Fault::move);
    reset(&Fault::ways);
    return is_smaller;
  }

  bool shorten() {
    bool is_smaller = false;
    for (std::size_t i = 0; i < best_.faults.size(); ++i) {
      while (best_.faults[i].lasts && *best_.faults[i].lasts > 10 * shortest &&
             change([&](Scenario& s) { s.faults[i].lasts = halved(*s.faults[i].lasts); })) {
        is_smaller = true;
      }
      while (best_.faults[i].down > 10 * shortest &&
             change([&](Scenario& s) { s.faults[i].down = halved(s.faults[i].down); })) {
        is_smaller = true;
      }
    }
    while (last_change(best_) > 1s && change([](Scenario& s) {
             for (Fault& fault : s.faults) fault.at = halved(fault.at);
           })) {
      is_smaller = true;
    }
    return is_smaller;
  }

  Scenario best_;
  const ShrinkOptions& options_;
  std::size_t tries_ = 0;
};

}  // namespace

Scenario shrink(const Scenario& scenario, const ShrinkOptions& options) {
  return Shrinker(scenario, options).run();
}

}  // namespace rollcall::lab
