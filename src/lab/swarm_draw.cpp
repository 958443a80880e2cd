// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "lab/swarm.hpp"

namespace rollcall::lab {
namespace {

constexpr std::size_t members_least = 3;
constexpr std::size_t members_most = 40;
constexpr std::size_t faults_most = 14;
constexpr Duration faults_within = 40s;
constexpr Duration agreement_limit = 90s;

class Drawing {
 public:
  explicit Drawing(std::uint64_t seed)
      : prng_(hash_combine(seed, 0x5a)),
        switches_(hash_combine(seed, 0x5e)) {}

  Scenario draw(std::uint64_t seed) {
    scenario_.name = "swarm-" + std::to_string(seed);
    scenario_.cluster.members = members_least + prng_.below(members_most - members_least + 1);
    down_until_.assign(scenario_.cluster.members, Duration::zero());
    draw_settings();
    draw_network();
    draw_faults();
    draw_detector();
    make_peace();
    return scenario_;
  }

 private:
  Duration milliseconds(std::size_t low, std::size_t high) {
    return std::chrono::milliseconds(low + prng_.below(high - low + 1));
  }
  double share(std::size_t most_percent) {
    return static_cast<double>(1 + prng_.below(most_percent)) / 100;
  }
  bool one_in(std::size_t n) { return prng_.below(n) == 0; }
  template <class T, std::size_t n>
  T one_of(const std::array<T, n>& items) {
    return items[prng_.below(n)];
  }

  void draw_settings() {
    core::Config& config = scenario_.cluster.config;
    config.probe_interval = one_of<Duration, 4>({500ms, 1s, 1s, 2s});
    config.probe_timeout = config.probe_interval / 2;
    config.suspicion_time = one_of<Duration, 4>({0s, 0s, 1s, 5s});
    config.indirect_probes = 2 + prng_.below(3);
    config.anti_entropy_interval = one_of<Duration, 3>({10s, 30s, 30s});
    scenario_.cluster.start_gap = one_of<Duration, 3>({0s, 10ms, 200ms});
  }

  void draw_network() {
    sim::LinkOptions& link = scenario_.network;
    if (one_in(2)) return;
    if (one_in(2)) link.loss = share(5);
    if (one_in(2)) link.duplicate = share(20);
    if (one_in(2)) link.reorder = share(20);
    if (one_in(2)) {
      const Duration least = milliseconds(1, 10);
      link = changed(link, {.delay_min = least, .delay_max = least + milliseconds(0, 20)});
      if (one_in(3)) link.shape = sim::DelayShape::pareto;
    }
  }

  void draw_faults() {
    const std::size_t count = 1 + prng_.below(faults_most);
    std::vector<Duration> times;
    const auto latest = static_cast<std::size_t>(faults_within / 1ms);
    for (std::size_t i = 0; i < count; ++i) times.push_back(milliseconds(0, latest));
    std::ranges::sort(times);
    for (const Duration time : times) draw_fault(time);
  }

  void draw_fault(Duration time) {
    using enum FaultKind;
    static constexpr std::array kinds = {crash,   crash,   crash,     power_off, power_off,
                                         restart, restart, freeze,    freeze,    hold_input,
                                         leave,   join,    partition, partition, cut,
                                         cut,     link,    host_loss, bandwidth, drift};
    Fault fault{.kind = one_of(kinds), .at = time};
    const std::size_t victim = prng_.below(scenario_.cluster.members);
    fault.targets.ranges = {{victim, victim}};
    fault.lasts = milliseconds(50, 10'000);
    if (detail(fault, victim)) scenario_.faults.push_back(fault);
  }

  /// Fills in what the kind needs; false if it cannot be at that time.
  bool detail(Fault& fault, std::size_t victim) {
    switch (fault.kind) {
      case FaultKind::crash:
      case FaultKind::power_off:
        return detail_return(fault, victim);
      case FaultKind::restart:
        fault.down = milliseconds(0, 5000);
        return detail_return(fault, victim);
      case FaultKind::join:
        fault.targets = {.kind = Targets::Kind::fresh, .count = 1 + prng_.below(2)};
        fault.lasts.reset();
        return true;
      case FaultKind::partition:
        fault.groups = {some_members()};
        fault.targets = {};
        return true;
      case FaultKind::cut:
        return detail_cut(fault, victim);
      case FaultKind::link:
        fault.targets = {};
        fault.link = {.loss = share(30), .duplicate = share(10), .reorder = share(10)};
        return true;
      case FaultKind::host_loss:
        fault.loss = {.in = share(90), .out = share(90)};
        fault.loss.scope = one_in(2) ? sim::LossScope::datagrams : sim::LossScope::all;
        return true;
      case FaultKind::bandwidth:
        // What waits is through within a third of a second: a line that holds everything back for
        // longer than the pause budget is trouble that nobody promised to bear.
        fault.bandwidth = {.out_bytes_per_second = 50'000 * (1 + prng_.below(5)),
                           .in_bytes_per_second = 50'000 * (1 + prng_.below(5)),
                           .queue_bytes = 16'384};
        return true;
      case FaultKind::drift:
        fault.drift_ppm =
            (one_in(2) ? -1000 : 1000) * static_cast<std::int64_t>(1 + prng_.below(20));
        return true;
      default:
        return true;
    }
  }

  /// Half of all clusters have the other detector, or change their settings in the middle of it
  /// all. Drawn apart, so that all else of a seed is as it was without.
  void draw_detector() {
    if (switches_.chance(0.5)) return;
    core::Config& config = scenario_.cluster.config;
    if (switches_.chance(0.6)) config.detector = core::DetectorKind::gossip;
    if (switches_.chance(0.3)) config.gossip_interval = 500ms;
    const std::size_t changes = switches_.below(5);
    for (std::size_t i = 0; i < changes; ++i) draw_change();
    std::ranges::stable_sort(scenario_.faults, {}, &Fault::at);
  }

  /// Sometimes two members want something at once.
  void draw_change() {
    const auto latest = static_cast<std::size_t>(faults_within / 1ms);
    const Duration at = std::chrono::milliseconds(switches_.below(latest));
    const std::size_t askers = switches_.chance(0.3) ? 2 : 1;
    for (std::size_t i = 0; i < askers; ++i) {
      Fault fault{.kind = FaultKind::change, .at = at};
      const std::size_t asker = switches_.below(scenario_.cluster.members);
      fault.targets.ranges = {{asker, asker}};
      fault.change.detector = core::DetectorKind{static_cast<std::uint8_t>(switches_.below(2))};
      if (switches_.chance(0.3)) fault.change.suspicion_time = 3s;
      if (switches_.chance(0.3)) fault.change.gossip_interval = 100ms;
      scenario_.faults.push_back(fault);
    }
  }

  /// A member that is down cannot go down.
  bool detail_return(Fault& fault, std::size_t victim) {
    const bool is_restart = fault.kind == FaultKind::restart;
    if (is_restart) fault.lasts.reset();
    if (fault.at <= down_until_[victim]) return false;
    down_until_[victim] = fault.at + (is_restart ? fault.down : *fault.lasts);
    if (one_in(4)) fault.disk = sim::Disk::lost;
    if (one_in(6)) fault.move = Move::new_address;
    return true;
  }

  bool detail_cut(Fault& fault, std::size_t victim) {
    const std::size_t other = prng_.below(scenario_.cluster.members);
    fault.to.ranges = {{other, other}};
    fault.ways = one_in(2) ? Ways::both : Ways::one;
    return other != victim;
  }

  /// Each member with a chance of one half; at least one.
  Targets some_members() {
    Targets targets;
    const std::size_t members = scenario_.cluster.members;
    for (std::size_t i = 0; i < members; ++i) {
      if (one_in(2)) targets.ranges.push_back({i, i});
    }
    if (targets.ranges.empty()) targets.ranges.push_back({0, 0});
    return targets;
  }

  void make_peace() {
    Fault peace{.kind = FaultKind::peace, .at = last_change(scenario_) + 1s};
    peace.targets.kind = Targets::Kind::all;
    scenario_.faults.push_back(peace);
    scenario_.expect.converged_within = agreement_limit;
  }

  Prng prng_;
  Prng switches_;
  Scenario scenario_;
  std::vector<Duration> down_until_;
};

}  // namespace

Scenario draw_scenario(std::uint64_t seed) {
  return Drawing(seed).draw(seed);
}

}  // namespace rollcall::lab
