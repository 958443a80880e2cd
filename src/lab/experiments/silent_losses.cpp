// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/silent_losses.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace rollcall::lab {
namespace {

using sim::HostId;

/// A fresh cluster is taken when one in this many has gone.
constexpr std::size_t spent_share = 8;

/// Counts what is said of members that run.
class MistakeWatch {
 public:
  explicit MistakeWatch(sim::World& world) : world_(world) {
    world.observe([this](const sim::Observation& observation) { on_event(observation); });
  }

  [[nodiscard]] std::size_t false_failures() const { return failed_.size(); }
  [[nodiscard]] std::size_t suspicions() const { return suspected_.size(); }

 private:
  void on_event(const sim::Observation& observation) {
    const core::Publish& event = observation.event;
    if (!world_.host_of(event.life.id)) return;
    if (event.kind == core::EventKind::member_failed) failed_.insert(event.life.id);
    if (event.kind == core::EventKind::member_suspect) {
      suspected_.emplace(event.life.id, event.incarnation);
    }
  }

  const sim::World& world_;
  std::set<LifeId> failed_;
  std::set<std::pair<LifeId, std::uint32_t>> suspected_;
};

void watch_at_rest(Stage& stage, const SilentLossPlan& plan, SilentLossFindings& findings) {
  const Totals before = stage.totals();
  stage.world().run_for(plan.watch);
  const Totals after = stage.totals();
  const double member_seconds = static_cast<double>(plan.members) * to_seconds(plan.watch);
  findings.datagrams = static_cast<double>(after.datagrams - before.datagrams) / member_seconds;
  findings.bytes = static_cast<double>(after.bytes - before.bytes) / member_seconds;
  findings.member_hours += member_seconds / 3600;
}

void lose_one(Stage& stage, EndWatch& ends, Duration limit, SilentLossFindings& findings) {
  sim::World& world = stage.world();
  const HostId host = stage.draw_hosts(1).front();
  const LifeId life = stage.life(host);
  ends.expect(life, world.now());
  world.power_off(host);
  const auto hosts = world.hosts();
  const auto survivors = static_cast<std::size_t>(
      std::ranges::count_if(hosts, [&](HostId one) { return world.is_running(one); }));
  const auto is_known = [&] { return ends.end(life).told >= survivors; };
  if (!world.run_until(is_known, limit, 50ms)) {
    ++findings.missed;
    return;
  }
  const EndWatch::End& end = ends.end(life);
  findings.first.push_back(to_seconds(*end.first - end.since));
  findings.all.push_back(to_seconds(end.last - end.since));
}

}  // namespace

SilentLossFindings measure_silent_losses(const SilentLossPlan& plan) {
  SilentLossFindings findings;
  const std::size_t in_one_world = std::max<std::size_t>(1, plan.members / spent_share);
  std::size_t done = 0;
  for (std::uint64_t number = 0; number == 0 || done < plan.losses; ++number) {
    Stage stage(
        {.members = plan.members, .config = plan.config, .seed = hash_combine(plan.seed, number)});
    MistakeWatch mistakes(stage.world());
    EndWatch ends(stage.world());
    stage.rest(plan.settling);
    if (number == 0) {
      watch_at_rest(stage, plan, findings);
      findings.suspicions = mistakes.suspicions();
    }
    for (std::size_t here = 0; here < in_one_world && done < plan.losses; ++here, ++done) {
      lose_one(stage, ends, plan.limit, findings);
      stage.rest(2s);
    }
    findings.false_failures += mistakes.false_failures();
  }
  return findings;
}

}  // namespace rollcall::lab
