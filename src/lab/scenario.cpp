// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario.hpp"

#include <algorithm>
#include <cmath>

namespace rollcall::lab {
namespace {

constexpr Duration aftermath = 30s;
constexpr Duration grace_min = 6s;

}  // namespace

std::string_view to_text(FaultKind kind) {
  switch (kind) {
    case FaultKind::crash:
      return "crash";
    case FaultKind::power_off:
      return "power-off";
    case FaultKind::restart:
      return "restart";
    case FaultKind::freeze:
      return "freeze";
    case FaultKind::thaw:
      return "thaw";
    case FaultKind::hold_input:
      return "hold-input";
    case FaultKind::release_input:
      return "release-input";
    case FaultKind::leave:
      return "leave";
    case FaultKind::join:
      return "join";
    case FaultKind::partition:
      return "partition";
    case FaultKind::heal:
      return "heal";
    case FaultKind::cut:
      return "cut";
    case FaultKind::mend:
      return "mend";
    case FaultKind::link:
      return "link";
    case FaultKind::host_loss:
      return "host-loss";
    case FaultKind::bandwidth:
      return "bandwidth";
    case FaultKind::drift:
      return "drift";
    case FaultKind::jump_clock:
      return "jump-clock";
    case FaultKind::step_clock:
      return "step-clock";
    case FaultKind::change:
      return "switch";
    case FaultKind::peace:
      return "peace";
  }
  return {};
}

std::string_view to_text(Measure measure) {
  switch (measure) {
    case Measure::detection:
      return "detection";
    case Measure::accuracy:
      return "accuracy";
    case Measure::convergence:
      return "convergence";
    case Measure::traffic:
      return "traffic";
  }
  return {};
}

sim::LinkOptions changed(sim::LinkOptions link, const LinkChange& change) {
  link.delay_min = change.delay_min.value_or(link.delay_min);
  link.delay_max = change.delay_max.value_or(link.delay_max);
  if (change.delay_min || change.delay_max) {
    link.delay_mean = link.delay_min + (link.delay_max - link.delay_min) / 2;
  }
  link.delay_mean = change.delay_mean.value_or(link.delay_mean);
  link.shape = change.shape.value_or(link.shape);
  link.loss = change.loss.value_or(link.loss);
  link.duplicate = change.duplicate.value_or(link.duplicate);
  link.reorder = change.reorder.value_or(link.reorder);
  link.reorder_by = change.reorder_by.value_or(link.reorder_by);
  return link;
}

std::size_t occurrences(const Fault& fault) {
  if (!fault.every) return 1;
  const Duration span = fault.until.value_or(fault.at) - fault.at;
  return 1 + static_cast<std::size_t>(span / *fault.every);
}

Duration time_of(const Fault& fault, std::size_t occurrence) {
  return fault.at + static_cast<Duration::rep>(occurrence) * fault.every.value_or(0s);
}

std::size_t share_count(double share, std::size_t members) {
  const auto rounded = static_cast<std::size_t>(std::llround(share * static_cast<double>(members)));
  return std::clamp<std::size_t>(rounded, 1, std::max<std::size_t>(members, 1));
}

std::size_t fresh_members(const Scenario& scenario) {
  std::size_t count = 0;
  for (const Fault& fault : scenario.faults) {
    if (fault.targets.kind == Targets::Kind::fresh) {
      count += fault.targets.count * occurrences(fault);
    }
  }
  return count;
}

Duration last_change(const Scenario& scenario) {
  Duration last{};
  for (const Fault& fault : scenario.faults) {
    const Duration begins = time_of(fault, occurrences(fault) - 1);
    const Duration settle = fault.kind == FaultKind::peace ? peace_settle : 0s;
    const Duration tail = std::max({fault.lasts.value_or(0s), fault.down, settle});
    last = std::max(last, begins + tail);
  }
  return last;
}

Duration length(const Scenario& scenario) {
  if (scenario.duration) return *scenario.duration;
  Duration needed = aftermath;
  const Expectations& expect = scenario.expect;
  for (const auto& bound : {expect.converged_within, expect.crash_known_within,
                            expect.silence_known_within, expect.settings_agreed_within}) {
    needed = std::max(needed, bound.value_or(0s) + 10s);
  }
  return last_change(scenario) + needed;
}

Duration pause_budget(const core::Config& config) {
  return config.suspicion_time == Duration::zero() ? core::suspicion_time_auto
                                                   : config.suspicion_time;
}

Duration grace(const core::Config& config) {
  return std::max(grace_min, 2 * (pause_budget(config) + config.probe_interval));
}

}  // namespace rollcall::lab
