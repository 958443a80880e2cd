// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "lab/runner_deaths.hpp"
#include "lab/runner_faults.hpp"
#include "lab/runner_meters.hpp"
#include "lab/runner_verdict.hpp"
#include "sim/checkers.hpp"
#include "sim/cluster.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration progress_step = 1s;
constexpr Duration forming_limit = 5min;
/// How often it is looked whether all agree: that costs a look at every member.
constexpr Duration look_step = 10ms;
constexpr Duration look_step_large = 200ms;
constexpr std::size_t large_cluster = 1000;
/// In larger clusters agreement means equal digests: not every list is compared with every other.
constexpr std::size_t compared_members_max = 1000;
sim::ClusterOptions cluster_options(const Scenario& scenario, const RunOptions& options) {
  return {.size = scenario.cluster.members,
          .world = {.seed = options.seed,
                    .link = scenario.network,
                    .timer_lateness_max = scenario.timer_lateness,
                    .transcript = options.transcript},
          .config = scenario.cluster.config,
          .start_gap = scenario.cluster.start_gap,
          .grace = grace(scenario.cluster.config),
          .checks_order = has_all_checkers(scenario)};
}

class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        cluster_(cluster_options(scenario, options)),
        deaths_(cluster_.world()),
        traffic_(cluster_.world()),
        settings_(cluster_.world()),
        faults_(scenario, options.seed, cluster_, deaths_, traffic_) {
    watch();
    place_in_zones();
  }

  RunResult go() {
    if (!begin()) return finish();
    follow_timeline();
    if (scenario_.expect.converged_within || measures(Measure::convergence)) await_agreement();
    run_until(zero_ + length(scenario_));
    result_.measured.gap_at_end = gap();
    return finish();
  }

 private:
  [[nodiscard]] sim::World& world() { return cluster_.world(); }
  [[nodiscard]] const sim::World& world() const { return cluster_.world(); }
  [[nodiscard]] bool measures(Measure measure) const {
    return std::ranges::find(scenario_.measure, measure) != scenario_.measure.end();
  }

  void watch() {
    world().observe([this](const sim::Observation& observation) {
      hash_.on_event(observation);
      if (!counts_) return;
      deaths_.on_event(observation);
      suspicions_.on_event(observation);
      settings_.on_event(observation);
    });
    world().observe_datagrams([this](HostId from, HostId to, Bytes bytes) {
      hash_.on_datagram(world().now(), from, to, bytes);
    });
  }

  void place_in_zones() {
    const auto count = static_cast<std::uint32_t>(scenario_.zones.size());
    for (std::uint32_t zone = 0; zone < count; ++zone) {
      for (const IndexRange& range : scenario_.zones[zone].ranges) {
        for (std::size_t i = range.first; i <= std::min(range.last, world().host_count() - 1);
             ++i) {
          world().set_zone(HostId{static_cast<std::uint32_t>(i)}, sim::ZoneId{zone + 1});
        }
      }
    }
    if (!scenario_.between_zones) return;
    const sim::LinkOptions link = changed(scenario_.network, *scenario_.between_zones);
    for (std::uint32_t one = 0; one <= count; ++one) {
      for (std::uint32_t other = one + 1; other <= count; ++other) {
        world().set_zone_link(sim::ZoneId{one}, sim::ZoneId{other}, link);
      }
    }
  }

  /// Makes the cluster stand and starts the clock; false if it does not come to stand.
  bool begin() {
    if (scenario_.cluster.start == Start::cold) {
      start_clock();
      start_cold();
      return true;
    }
    if (scenario_.cluster.start == Start::formed) {
      world().start_formed();
      start_clock();
      return true;
    }
    const std::string missing = cluster_.form(forming_limit);
    start_clock();
    if (missing.empty()) return true;
    result_.broken.push_back("the cluster did not form within " + duration_text(forming_limit) +
                             ": " + missing);
    return false;
  }

  void start_clock() {
    zero_ = world().now();
    counts_ = true;
    false_failures_before_ = cluster_.accuracy().false_failures();
    failures_of_living_before_ = cluster_.accuracy().failures_of_living();
    traffic_.begin();
  }

  void start_cold() {
    const HostId first{0};
    const std::vector<HostPort> seeds = {cluster_.seed()};
    const Duration gap = scenario_.cluster.start_gap;
    for (const HostId host : world().hosts()) {
      starts_.push_back({static_cast<Duration::rep>(index_of(host)) * gap, host,
                         host == first ? std::vector<HostPort>{} : seeds});
    }
  }

  void follow_timeline() {
    std::size_t started = 0;
    const auto start_until = [&](Duration time) {
      for (; started < starts_.size() && starts_[started].time <= time; ++started) {
        run_until(zero_ + starts_[started].time);
        faults_.start(starts_[started].host, starts_[started].seeds);
      }
    };
    for (const Step& step : timeline(scenario_)) {
      start_until(step.time);
      run_until(zero_ + step.time);
      faults_.perform(step);
    }
    start_until(length(scenario_));
  }

  /// Runs up to the moment, and tells how far it has come.
  void run_until(Instant end) {
    while (world().now() < end) {
      world().run_until(std::min(end, world().now() + progress_step));
      tell_progress();
    }
  }

  void tell_progress() {
    if (!options_.progress) return;
    options_.progress(to_seconds(world().now() - zero_) / to_seconds(length(scenario_)));
  }

  // --- Agreement -------------------------------------------------------------------------------

  void await_agreement() {
    const Instant since = world().now();
    const Instant end = zero_ + length(scenario_);
    const Duration step = scenario_.cluster.members > large_cluster ? look_step_large : look_step;
    while (!gap().empty()) {
      if (world().now() >= end) return;
      run_until(std::min(end, world().now() + step));
    }
    result_.measured.convergence = world().now() - since;
  }

  /// Those who can reach one another, apart from the others.
  [[nodiscard]] std::vector<std::vector<HostId>> sides() const {
    std::vector<std::vector<HostId>> sides;
    for (const HostId host : world().hosts()) {
      if (!faults_.is_able(host) || world().node(host).phase() == core::Phase::left) continue;
      const auto mine = std::ranges::find_if(sides, [&](const std::vector<HostId>& side) {
        return world().share_group(side.front(), host);
      });
      mine == sides.end() ? sides.push_back({host}) : mine->push_back(host);
    }
    return sides;
  }

  /// What is seen at a glance, so that most looks are cheap.
  [[nodiscard]] bool may_agree(const std::vector<HostId>& side) const {
    const std::uint64_t digest = world().node(side.front()).members().digest();
    return std::ranges::all_of(side, [&](HostId host) {
      const core::MemberTable& table = world().node(host).members();
      return table.live_count() == side.size() && table.digest() == digest;
    });
  }

  [[nodiscard]] std::string gap() const {
    for (const std::vector<HostId>& side : sides()) {
      if (!may_agree(side)) return "the members' lists differ in number or content";
      if (side.size() > compared_members_max) continue;
      std::string gap = sim::convergence_gap(world(), side);
      if (!gap.empty()) return gap;
    }
    return {};
  }

  // --- The end ---------------------------------------------------------------------------------

  [[nodiscard]] std::string gap_in_words() const {
    for (const std::vector<HostId>& side : sides()) {
      if (side.size() > compared_members_max) return result_.measured.gap_at_end;
      std::string gap = sim::convergence_gap(world(), side);
      if (!gap.empty()) return gap;
    }
    return {};
  }

  RunResult finish() {
    Measurements& measured = result_.measured;
    deaths_.report(measured);
    suspicions_.report(measured);
    settings_.report(measured);
    measured.false_failures = cluster_.accuracy().false_failures() - false_failures_before_;
    measured.failures_of_living =
        cluster_.accuracy().failures_of_living() - failures_of_living_before_;
    traffic_.report(measured);
    for (const std::vector<HostId>& side : sides()) measured.members_at_end += side.size();
    if (!measured.gap_at_end.empty()) measured.gap_at_end = gap_in_words();
    if (scenario_.checks == Checks::on) result_.violations = cluster_.violations();
    result_.seed = options_.seed;
    result_.hash = hash_.value();
    result_.simulated = world().now() - Instant{};
    if (result_.broken.empty()) result_.broken = judge(scenario_, measured);
    return std::move(result_);
  }

  struct PlannedStart {
    Duration time{};
    HostId host;
    std::vector<HostPort> seeds;
  };

  const Scenario& scenario_;
  const RunOptions& options_;
  sim::Cluster cluster_;
  DeathWatch deaths_;
  SuspicionMeter suspicions_;
  TrafficMeter traffic_;
  SettingsMeter settings_;
  FaultDriver faults_;
  RunHash hash_;
  std::vector<PlannedStart> starts_;
  Instant zero_{};
  bool counts_ = false;
  std::size_t false_failures_before_ = 0;  // while the cluster formed
  std::size_t failures_of_living_before_ = 0;
  RunResult result_;
};

}  // namespace

bool has_all_checkers(const Scenario& scenario) {
  return scenario.checks == Checks::on && scenario.cluster.members <= checked_members_max;
}

RunResult run_scenario(const Scenario& scenario, const RunOptions& options) {
  return Run(scenario, options).go();
}

}  // namespace rollcall::lab
