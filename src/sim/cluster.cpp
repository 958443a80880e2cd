// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.hpp"

namespace rollcall::sim {
namespace {

CheckerOptions checkers_of(const ClusterOptions& options) {
  return {
      .grace = options.grace,
      .endings = options.endings,
      .agreement = options.agreement,
      .settings = options.settings,
      .depth = options.checks_order ? CheckerOptions::Depth::all : CheckerOptions::Depth::verdicts};
}

}  // namespace

Cluster::Cluster(const ClusterOptions& options)
    : options_(options),
      world_(options.world),
      checkers_(world_, checkers_of(options)) {
  world_.observe([this](const Observation& observation) { verdicts_.on_event(observation); });
  for (std::size_t i = 0; i < options_.size; ++i) add();
}

HostId Cluster::add(std::string name) {
  core::Config config = options_.config;
  config.name = name.empty() ? "n" + std::to_string(world_.host_count()) : std::move(name);
  return world_.add_host(std::move(config));
}

std::string Cluster::form(Duration limit) {
  const HostId first{0};
  const std::vector<HostPort> seeds = {seed()};
  for (const HostId host : world_.hosts()) {
    world_.start(host, host == first ? std::vector<HostPort>{} : seeds);
    world_.run_for(options_.start_gap);
  }
  return converge(limit);
}

std::string Cluster::converge(Duration limit) {
  const auto agree = [&] { return may_have_converged(world_) && convergence_gap(world_).empty(); };
  return world_.run_until(agree, limit) ? std::string{} : convergence_gap(world_);
}

std::optional<Duration> Cluster::until_all_know(const LifeId& life, Instant since, Duration limit) {
  const auto all_know = [&] {
    return std::ranges::all_of(world_.hosts(), [&](HostId host) {
      return !world_.is_running(host) || knows_end_of(world_.node(host), life);
    });
  };
  if (!world_.run_until(all_know, limit, 1ms)) return std::nullopt;
  return world_.now() - since;
}

Duration percentile(std::vector<Duration> values, double share) {
  ROLLCALL_CHECK(!values.empty());
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

}  // namespace rollcall::sim
