// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner_faults.hpp"

#include <algorithm>
#include <span>
#include <tuple>

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr std::uint16_t member_port = 7420;

bool has_end(const Fault& fault) {
  return fault.lasts || fault.kind == FaultKind::restart || fault.kind == FaultKind::peace;
}

Duration time_until_end(const Fault& fault) {
  if (fault.kind == FaultKind::peace) return peace_settle;
  return fault.kind == FaultKind::restart ? fault.down : fault.lasts.value_or(0s);
}

}  // namespace

std::vector<Step> timeline(const Scenario& scenario) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const Fault& fault = scenario.faults[i];
    for (std::size_t n = 0; n < occurrences(fault); ++n) {
      const Duration time = time_of(fault, n);
      steps.push_back({time, i, n, Step::Phase::begin});
      if (has_end(fault)) steps.push_back({time + time_until_end(fault), i, n, Step::Phase::end});
    }
  }
  std::ranges::stable_sort(steps, {}, &Step::time);
  return steps;
}

FaultDriver::FaultDriver(const Scenario& scenario, std::uint64_t seed, sim::Cluster& cluster,
                         DeathWatch& deaths, TrafficMeter& traffic)
    : scenario_(scenario),
      cluster_(cluster),
      world_(cluster.world()),
      deaths_(deaths),
      traffic_(traffic),
      prng_(hash_combine(seed, 0xfa17)) {}

bool FaultDriver::is_able(HostId host) const {
  return world_.is_running(host) && !frozen_.contains(host) && !deaf_.contains(host);
}

void FaultDriver::perform(const Step& step) {
  const Fault& fault = scenario_.faults[step.fault];
  const auto key = std::pair(step.fault, step.occurrence);
  if (step.phase == Step::Phase::begin) {
    Hosts hosts = resolve(fault, fault.targets, step.occurrence);
    begin(fault, hosts);
    if (has_end(fault)) chosen_[key] = std::move(hosts);
  } else if (const auto chosen = chosen_.extract(key)) {
    end(fault, chosen.mapped());
  }
}

void FaultDriver::begin(const Fault& fault, const Hosts& hosts) {
  switch (fault.kind) {
    case FaultKind::partition:
      return divide(fault);
    case FaultKind::heal:
      return world_.heal();
    case FaultKind::cut:
      return for_each_path(fault, &sim::World::cut);
    case FaultKind::mend:
      return for_each_path(fault, &sim::World::mend);
    case FaultKind::link:
      return world_.set_link(changed(scenario_.network, fault.link));
    case FaultKind::peace:
      return make_peace();
    default:
      for (const HostId host : hosts) begin_at(fault, host);
  }
}

void FaultDriver::end(const Fault& fault, const Hosts& hosts) {
  switch (fault.kind) {
    case FaultKind::partition:
      return world_.heal();
    case FaultKind::cut:
      return for_each_path(fault, &sim::World::mend);
    case FaultKind::link:
      return world_.set_link(scenario_.network);
    case FaultKind::peace:
      return rejoin_all();
    default:
      for (const HostId host : hosts) end_at(fault, host);
  }
}

void FaultDriver::begin_at(const Fault& fault, HostId host) {
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::restart:
      return crash(host);
    case FaultKind::power_off:
      return power_off(host);
    case FaultKind::freeze:
      return freeze(host);
    case FaultKind::thaw:
      return thaw(host);
    case FaultKind::hold_input:
      return hold_input(host);
    case FaultKind::release_input:
      return release_input(host);
    case FaultKind::leave:
      return leave(host);
    case FaultKind::join:
      return join(host);
    case FaultKind::host_loss:
      world_.set_loss(host, fault.loss);
      return excuse_if_unsound(host);
    case FaultKind::bandwidth:
      world_.set_bandwidth(host, fault.bandwidth);
      return excuse_if_unsound(host);
    case FaultKind::drift:
      return world_.set_drift(host, fault.drift_ppm);
    case FaultKind::jump_clock:
      if (world_.is_running(host)) world_.jump_clock(host, fault.clock_by);
      return;
    case FaultKind::step_clock:
      return world_.step_wall_clock(host, fault.clock_by);
    case FaultKind::change:
      if (world_.is_running(host)) {
        world_.command(host, core::ChangeSettingsCommand{.change = fault.change,
                                                         .expected_number = std::nullopt});
      }
      return;
    default:
      return;
  }
}

void FaultDriver::end_at(const Fault& fault, HostId host) {
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_off:
    case FaultKind::restart:
      return bring_back(fault, host);
    case FaultKind::freeze:
      return thaw(host);
    case FaultKind::hold_input:
      return release_input(host);
    case FaultKind::leave:
      return join(host);
    case FaultKind::host_loss:
      return world_.set_loss(host, {});
    case FaultKind::bandwidth:
      return world_.set_bandwidth(host, {});
    case FaultKind::drift:
      return world_.set_drift(host, 0);
    default:
      return;
  }
}

// --- Whom --------------------------------------------------------------------------------------

FaultDriver::Hosts FaultDriver::resolve(const Fault& fault, const Targets& targets,
                                        std::size_t occurrence) {
  const std::size_t members = scenario_.cluster.members;
  switch (targets.kind) {
    case Targets::Kind::named:
      return named(targets);
    case Targets::Kind::all:
      return world_.hosts();
    case Targets::Kind::in_turn:
      return {HostId{static_cast<std::uint32_t>(occurrence % members)}};
    case Targets::Kind::random_count:
      return drawn(fault, targets.count);
    case Targets::Kind::random_share:
      return drawn(fault, share_count(targets.share, members));
    case Targets::Kind::fresh:
      return fresh(targets.count);
  }
  return {};
}

FaultDriver::Hosts FaultDriver::named(const Targets& targets) const {
  Hosts hosts;
  for (const IndexRange& range : targets.ranges) {
    for (std::size_t i = range.first; i <= range.last && i < world_.host_count(); ++i) {
      hosts.push_back(HostId{static_cast<std::uint32_t>(i)});
    }
  }
  return hosts;
}

FaultDriver::Hosts FaultDriver::drawn(const Fault& fault, std::size_t count) {
  Hosts hosts = world_.hosts();
  std::erase_if(hosts, [&](HostId host) { return !suits(fault.kind, host); });
  prng_.shuffle(std::span(hosts));
  hosts.resize(std::min(count, hosts.size()));
  std::ranges::sort(hosts);
  return hosts;
}

bool FaultDriver::suits(FaultKind kind, HostId host) const {
  const bool is_running = world_.is_running(host);
  switch (kind) {
    case FaultKind::thaw:
      return frozen_.contains(host);
    case FaultKind::release_input:
      return deaf_.contains(host);
    case FaultKind::join:
      return !is_running || world_.node(host).phase() == core::Phase::left;
    case FaultKind::partition:
      return true;
    default:
      return is_able(host) && world_.node(host).phase() != core::Phase::left;
  }
}

FaultDriver::Hosts FaultDriver::fresh(std::size_t count) {
  Hosts hosts;
  for (std::size_t i = 0; i < count; ++i) hosts.push_back(cluster_.add());
  return hosts;
}

// --- Processes ---------------------------------------------------------------------------------

std::vector<HostPort> FaultDriver::seeds() const {
  std::vector<HostPort> all;
  const std::size_t count = std::min(scenario_.cluster.seeds, scenario_.cluster.members);
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(world_.seed_of(HostId{i}));
  return all;
}

Address FaultDriver::new_address() {
  // 172.16.0.0/12: members begin in 10.0.0.0/8.
  const std::uint32_t n = ++moves_;
  return Address::v4(172, static_cast<std::uint8_t>(16 + (n >> 16U) % 16),
                     static_cast<std::uint8_t>(n >> 8U), static_cast<std::uint8_t>(n), member_port);
}

void FaultDriver::start(HostId host, std::vector<HostPort> seeds) {
  world_.start(host, std::move(seeds));
  traffic_.on_start(host);
}

void FaultDriver::forget_trouble(HostId host) {
  frozen_.erase(host);
  deaf_.erase(host);
}

void FaultDriver::crash(HostId host) {
  if (!world_.is_running(host)) return;
  deaths_.on_death(host, DeathKind::crash);
  traffic_.on_end(host);
  forget_trouble(host);
  world_.crash(host);
}

void FaultDriver::power_off(HostId host) {
  if (is_off(host)) return;
  if (world_.is_running(host)) {
    deaths_.on_death(host, DeathKind::silence);
    traffic_.on_end(host);
  }
  forget_trouble(host);
  world_.power_off(host);
  off_.insert(host);
}

void FaultDriver::bring_back(const Fault& fault, HostId host) {
  if (off_.erase(host) > 0) world_.power_on(host);
  if (world_.is_running(host)) return;
  const bool moves = fault.move == Move::new_address;
  world_.restart(host, fault.disk, seeds(), moves ? std::optional(new_address()) : std::nullopt);
  traffic_.on_start(host);
}

void FaultDriver::freeze(HostId host) {
  if (!world_.is_running(host)) return;
  deaths_.on_excused(host);
  world_.freeze(host);
  deaf_.erase(host);
  frozen_.insert(host);
}

void FaultDriver::thaw(HostId host) {
  if (frozen_.erase(host) > 0) world_.thaw(host);
}

void FaultDriver::hold_input(HostId host) {
  if (!is_able(host)) return;
  deaths_.on_excused(host);
  world_.hold_input(host);
  deaf_.insert(host);
}

void FaultDriver::release_input(HostId host) {
  if (deaf_.erase(host) > 0) world_.release_input(host);
}

void FaultDriver::leave(HostId host) {
  if (!world_.is_running(host)) return;
  deaths_.on_excused(host);
  world_.command(host, core::LeaveCommand{});
}

void FaultDriver::excuse_if_unsound(HostId host) {
  if (!world_.sound_since(host)) deaths_.on_excused(host);
}

void FaultDriver::join(HostId host) {
  if (is_off(host)) return;
  if (!world_.is_running(host)) return start(host, seeds());
  world_.command(host, core::JoinCommand{.seeds = seeds(), .keep_trying = true});
}

// --- The network -------------------------------------------------------------------------------

void FaultDriver::divide(const Fault& fault) {
  std::vector<Hosts> groups;
  for (const Targets& group : fault.groups) groups.push_back(resolve(fault, group, 0));
  deaths_.on_partition();
  world_.partition(groups);
}

void FaultDriver::for_each_path(const Fault& fault, void (sim::World::*act)(HostId, HostId)) {
  const auto side = [&](const Targets& targets) {
    return targets.kind == Targets::Kind::all ? world_.hosts() : named(targets);
  };
  const bool cuts = act == &sim::World::cut;
  const auto once = [&](HostId from, HostId to) {
    if (from == to) return;
    cuts ? static_cast<void>(cuts_.emplace(from, to)) : static_cast<void>(cuts_.erase({from, to}));
    (world_.*act)(from, to);
  };
  for (const HostId from : side(fault.targets)) {
    for (const HostId to : side(fault.to)) {
      once(from, to);
      if (fault.ways == Ways::both) once(to, from);
    }
  }
}

// --- Peace -------------------------------------------------------------------------------------

void FaultDriver::make_peace() {
  world_.heal();
  world_.set_link(scenario_.network);
  for (const auto& [from, to] : cuts_) world_.mend(from, to);
  cuts_.clear();
  for (const HostId host : world_.hosts()) {
    world_.set_loss(host, {});
    world_.set_bandwidth(host, {});
    world_.set_drift(host, 0);
    bring_back({.kind = FaultKind::restart}, host);
    thaw(host);
    release_input(host);
  }
}

void FaultDriver::rejoin_all() {
  for (const HostId host : world_.hosts()) join(host);
}

}  // namespace rollcall::lab
