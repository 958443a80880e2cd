// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan.hpp"

#include "base/check.hpp"
#include "lab/plan_advice.hpp"
#include "lab/plan_model.hpp"
#include "lab/plan_traffic.hpp"

namespace rollcall::lab {
namespace {

/// Comparisons come after half to a whole anti-entropy interval.
constexpr double compare_share = 0.75;
constexpr double hour = 3600;
constexpr double year = 365.25 * 24 * hour;

double number(std::size_t count) {
  return static_cast<double>(count);
}

template <class Model>
Traffic traffic_of(const PlanQuestion& question, const Model& model) {
  const double suspicions = model.probes_per_second() * model.suspicions_per_probe();
  const double compares = 1 / (compare_share * to_seconds(question.config.anti_entropy_interval));
  Traffic traffic = probe_traffic(1 - question.loss, helpers_of(question));
  traffic *= model.probes_per_second();
  traffic += plain_probe_traffic(1 - question.loss) * (compares + model.samples_per_second());
  // Each suspicion of any member is two changes: an accusation and a refutation.
  const double changes = 2 * number(question.members) * suspicions;
  traffic += update_traffic(model.update_load(changes));
  return traffic;
}

template <class Model>
Plan plan_of(const PlanQuestion& question, const Model& model) {
  const Traffic sent = traffic_of(question, model);
  const double suspicions = model.probes_per_second() * model.suspicions_per_probe();
  const double datagrams_both_ways = sent.datagrams * (2 - question.loss);
  return {.crash = model.crash(),
          .silent_loss = model.silent_loss(),
          .spread = {model.spread(0.5), model.spread(0.99)},
          .datagrams_per_second = sent.datagrams,
          .bytes_per_second = sent.bytes,
          .processor_share = datagrams_both_ways * to_seconds(time_per_datagram),
          .suspicions_per_member_hour = suspicions * hour,
          .failures_per_member_year = suspicions * model.failures_per_suspicion() * year,
          .pause_tolerated = model.pause_tolerated()};
}

}  // namespace

Plan predict(const PlanQuestion& asked) {
  ROLLCALL_CHECK(asked.members >= PlanQuestion::members_min && asked.loss >= 0 &&
                 asked.loss <= PlanQuestion::loss_max);
  PlanQuestion question = asked;
  question.config.suspicion_time = question.pause;
  Plan plan = question.config.profile == core::Profile::swim
                  ? plan_of(question, SwimModel(question))
                  : plan_of(question, RollcallModel(question));
  plan.advice = advise(question);
  return plan;
}

}  // namespace rollcall::lab
