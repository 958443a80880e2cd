// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "lab/runner_deaths.hpp"
#include "lab/runner_meters.hpp"
#include "lab/scenario.hpp"
#include "sim/cluster.hpp"

namespace rollcall::lab {

/// Something to do at a moment of the scenario's clock.
struct Step {
  enum class Phase : std::uint8_t { begin, end };
  Duration time{};
  std::size_t fault = 0;
  std::size_t occurrence = 0;
  Phase phase = Phase::begin;
};

/// Everything the scenario's faults mean, in the order of time.
std::vector<Step> timeline(const Scenario& scenario);

/// Brings the faults over a cluster, and ends them.
///
/// A fault that makes no sense when its time comes (thawing who is not frozen, crashing who is
/// down) does nothing, so that drawn scenarios may be cut down at will.
class FaultDriver {
 public:
  FaultDriver(const Scenario& scenario, std::uint64_t seed, sim::Cluster& cluster,
              DeathWatch& deaths, TrafficMeter& traffic);

  void start(sim::HostId host, std::vector<HostPort> seeds);
  void perform(const Step& step);

  /// Running, and neither frozen nor deaf: those who can be asked to agree.
  [[nodiscard]] bool is_able(sim::HostId host) const;

 private:
  using Hosts = std::vector<sim::HostId>;

  void begin(const Fault& fault, const Hosts& hosts);
  void end(const Fault& fault, const Hosts& hosts);
  void begin_at(const Fault& fault, sim::HostId host);
  void end_at(const Fault& fault, sim::HostId host);

  [[nodiscard]] Hosts resolve(const Fault& fault, const Targets& targets, std::size_t occurrence);
  [[nodiscard]] Hosts named(const Targets& targets) const;
  [[nodiscard]] Hosts drawn(const Fault& fault, std::size_t count);
  [[nodiscard]] Hosts fresh(std::size_t count);
  [[nodiscard]] bool suits(FaultKind kind, sim::HostId host) const;

  void crash(sim::HostId host);
  void power_off(sim::HostId host);
  void bring_back(const Fault& fault, sim::HostId host);
  void freeze(sim::HostId host);
  void thaw(sim::HostId host);
  void hold_input(sim::HostId host);
  void release_input(sim::HostId host);
  void leave(sim::HostId host);
  void join(sim::HostId host);
  void forget_trouble(sim::HostId host);
  void excuse_if_unsound(sim::HostId host);

  void divide(const Fault& fault);
  void for_each_path(const Fault& fault, void (sim::World::*act)(sim::HostId, sim::HostId));
  void make_peace();
  void rejoin_all();

  [[nodiscard]] std::vector<HostPort> seeds() const;
  [[nodiscard]] Address new_address();
  [[nodiscard]] bool is_off(sim::HostId host) const { return off_.contains(host); }

  const Scenario& scenario_;
  sim::Cluster& cluster_;
  sim::World& world_;
  DeathWatch& deaths_;
  TrafficMeter& traffic_;
  Prng prng_;
  std::map<std::pair<std::size_t, std::size_t>, Hosts> chosen_;
  std::set<sim::HostId> off_;
  std::set<sim::HostId> frozen_;
  std::set<sim::HostId> deaf_;
  std::set<std::pair<sim::HostId, sim::HostId>> cuts_;
  std::uint32_t moves_ = 0;
};

}  // namespace rollcall::lab
