// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan_advice.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "lab/plan_formulas.hpp"
#include "lab/plan_model.hpp"

namespace rollcall::lab {
namespace {

constexpr Duration probe_timeout_least = 500ms;
constexpr Duration probe_interval_least = 1s;
constexpr std::size_t helpers_least = 3;
constexpr std::size_t helpers_most = 16;
/// Suspicions of a live member that are worth no further helper.
constexpr double suspicions_per_hour_bearable = 0.1;
/// A probe's own wait and, three times that, its helpers'.
constexpr int waits_of_probe = 4;
/// Looks in a pause budget, two round trips apart, as many as would be made on short paths.
constexpr int looks_per_budget = 20;

Duration rounded_up(Duration duration, Duration unit) {
  return (duration + unit - Duration(1)) / unit * unit;
}

bool is_swim(const PlanQuestion& question) {
  return question.config.profile == core::Profile::swim;
}

double suspicions_per_hour(const PlanQuestion& question) {
  const double per_second = is_swim(question) ? SwimModel(question).probes_per_second() *
                                                    SwimModel(question).suspicions_per_probe()
                                              : RollcallModel(question).probes_per_second() *
                                                    RollcallModel(question).suspicions_per_probe();
  return 3600 * per_second;
}

Advice on_probe_timeout(PlanQuestion& question) {
  const Duration value = std::max(probe_timeout_least, rounded_up(3 * question.rtt, 100ms));
  question.config.probe_timeout = value;
  return {"probe-timeout", duration_text(value),
          value == probe_timeout_least ? "the default: far above three round trips"
                                       : "three round trips"};
}

Advice on_probe_interval(PlanQuestion& question) {
  Duration value = probe_interval_least;
  std::string why = "the default: a probe and its helpers end before the next one begins";
  const Duration probe = is_swim(question) ? 2 * question.config.probe_timeout
                                           : waits_of_probe * RollcallModel(question).patience();
  if (probe > value) {
    value = rounded_up(probe, 500ms);
    why = "a probe and its helpers must end before the next one begins";
  }
  if (is_swim(question)) {
    const double intervals =
        formulas::swim_suspicion(question.config.swim.suspicion_multiplier, question.members);
    const Duration needed = rounded_up(scaled(question.pause, 1 / intervals), 500ms);
    if (needed > value) {
      value = needed;
      why = "a suspicion, which is a multiple of it, must outlast the pause";
    }
  }
  question.config.probe_interval = value;
  return {"probe-interval", duration_text(value), why};
}

Advice on_helpers(PlanQuestion& question) {
  std::size_t helpers = helpers_least;
  const auto suspicions = [&] {
    question.config.indirect_probes = helpers;
    return suspicions_per_hour(question);
  };
  double found = suspicions();
  while (found > suspicions_per_hour_bearable && helpers < helpers_most &&
         helpers + 2 < question.members) {
    ++helpers;
    found = suspicions();
  }
  std::string why = "so that loss alone brings fewer members under suspicion";
  if (helpers == helpers_least) {
    why = found <= suspicions_per_hour_bearable ? "the default: enough at this loss"
                                                : "the default: there are no others to ask";
  }
  return {"indirect-probes", std::to_string(helpers), std::move(why)};
}

Advice on_suspicion_time(const PlanQuestion& question) {
  const Duration looks = looks_per_budget * 2 * question.rtt;
  const bool needs_looks = question.loss > 0 && looks > question.pause;
  return {"suspicion-time", duration_text(needs_looks ? rounded_up(looks, 100ms) : question.pause),
          needs_looks ? "at this round trip and with loss, time for twenty looks at a suspect"
                      : "the pause to be tolerated"};
}

}  // namespace

std::vector<Advice> advise(const PlanQuestion& asked) {
  PlanQuestion question = asked;
  std::vector<Advice> advice;
  Advice timeout = on_probe_timeout(question);
  advice.push_back(on_probe_interval(question));
  advice.push_back(std::move(timeout));
  advice.push_back(on_helpers(question));
  if (!is_swim(question)) advice.push_back(on_suspicion_time(question));
  return advice;
}

}  // namespace rollcall::lab
