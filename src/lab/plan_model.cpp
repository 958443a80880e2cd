// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/context.hpp"
#include "core/detector/crash_checks.hpp"
#include "core/detector/neighbour_streams.hpp"
#include "core/detector/path_health.hpp"
#include "core/detector/prober.hpp"
#include "core/detector/suspicions.hpp"
#include "core/dissemination/eager_push.hpp"
#include "core/dissemination/gossip.hpp"

namespace rollcall::lab {
namespace {

/// Looks of a judge in one pause budget, and the shortest time between two (suspicions.cpp).
constexpr int looks_per_budget = 20;
constexpr Duration look_interval_min = 20ms;
/// The shortest patience (Context::patience()).
constexpr Duration patience_min = 100ms;
/// Members that are told of a change at once, at the most (EagerPush::fanout()).
constexpr double fanout_max = 12;
/// Those beside the teller on the ring, of the members that it pushes to (EagerPush).
constexpr double ring_neighbours = 2;
/// Legs of a proof of death: the stream's end; a ping and its refusal; a helper asked, its ping,
/// the refusal, its report.
constexpr unsigned legs_of_proof = 7;
constexpr unsigned legs_of_relay = 3;
/// Ticks come after half to a whole gossip interval.
constexpr double tick_share = 0.75;

double number(std::size_t count) {
  return static_cast<double>(count);
}

double decades(std::size_t members) {
  return std::ceil(std::log10(number(members) + 1));
}

Times scaled_times(Duration interval, double median, double p99) {
  return {scaled(interval, median), scaled(interval, p99)};
}

Times operator+(const Times& times, Duration more) {
  return {times.median + more, times.p99 + more};
}

}  // namespace

std::size_t helpers_of(const PlanQuestion& question) {
  return std::min(question.config.indirect_probes, question.members - 2);
}

// --- Profile rollcall ----------------------------------------------------------------------------

Duration RollcallModel::patience() const {
  const Duration ceiling = question_.config.probe_timeout;
  return std::min(std::max(patience_min, 3 * question_.rtt), ceiling);
}

Duration RollcallModel::look_interval() const {
  return std::max({question_.pause / looks_per_budget, 2 * question_.rtt, look_interval_min});
}

double RollcallModel::judges() const {
  return std::min(number(core::Context::ring_judges) + 1, number(question_.members) - 1);
}

double RollcallModel::fanout() const {
  if (question_.config.gossip_fanout != 0) return number(question_.config.gossip_fanout);
  const double others = std::max(1.0, number(question_.members) - 1);
  return std::min({fanout_max, std::ceil(std::log(others)) + 3, others});
}

double RollcallModel::repeats() const {
  // UpdateQueue::send_limit() of news.
  const double limit = std::max(fanout() - 1, 2 + decades(question_.members));
  return formulas::sends_left(limit, fanout() * (1 - question_.loss));
}

/// Of the looks of the member that doubts, the last one has only just left when it speaks.
double RollcallModel::looks_in_doubt() const {
  const auto in_time = std::ceil(to_seconds(question_.pause / core::Suspicions::doubts_per_budget) /
                                 to_seconds(look_interval()));
  return std::clamp(in_time, number(core::Suspicions::looks_for_confirmation),
                    number(core::Suspicions::looks_for_accusation));
}

/// The pause budget, which runs from the first doubt; or three looks and the wait for the last one;
/// or until two other judges have heard of it, made three looks and said so. The last look of the
/// accuser is half an interval old when the budget is over, and has a whole patience to be answered
/// in; the other judges began later.
Duration RollcallModel::suspicion_to_verdict() const {
  const Duration interval = look_interval();
  const Duration last_wait = std::max(Duration::zero(), patience() - interval / 2);
  const Duration looks = interval * (core::Suspicions::looks_for_verdict - 1) + patience();
  const Duration confirmed =
      question_.members > 2
          ? scaled(interval, looks_in_doubt() + core::Suspicions::looks_for_confirmation + 1) +
                question_.rtt
          : Duration::zero();
  return std::max({question_.pause + last_wait, looks, confirmed});
}

/// Pushed at once, hop by hop. Whom that misses hears from what those who know send again, three
/// messages a tick; whom those miss, by the digest on the next ping or ack.
RollcallModel::Spread RollcallModel::spread_parts() const {
  const double q = 1 - question_.loss;
  const formulas::PushSpread push =
      formulas::push_spread(question_.members, fanout(), q, std::min(ring_neighbours, fanout()));
  const double pushed = std::exp(-push.missed);
  const double repeated = std::exp(-push.missed * std::exp(-q * repeats()));
  return {
      .pushed = pushed, .ticked = repeated - pushed, .push = scaled(question_.rtt / 2, push.hops)};
}

Duration RollcallModel::until_compared(double share) const {
  return 2 * question_.config.gossip_interval + scaled(question_.config.probe_interval, share) +
         3 * question_.rtt;
}

Duration RollcallModel::spread(double share) const {
  const Spread parts = spread_parts();
  if (share <= parts.pushed) return parts.push;
  const double beyond = share - parts.pushed;
  const Duration tick = question_.config.gossip_interval;
  if (beyond <= parts.ticked) return scaled(tick, 0.5 + 0.5 * beyond / parts.ticked);
  return until_compared((beyond - parts.ticked) / (1 - parts.pushed - parts.ticked));
}

/// The probe, three times as long for its helpers, and the judges. Nobody fails a member on what a
/// comparison brings: whoever is missed by push and repetitions looks itself, for a pause budget.
Times RollcallModel::silent_loss() const {
  const Spread parts = spread_parts();
  const Duration looks = suspicion_to_verdict();
  const Duration base = 4 * patience() + looks + parts.push;
  const Duration late = until_compared(0.5) + looks;
  const auto met_by = [&](Duration time) {
    const double intervals = to_seconds(time) / to_seconds(question_.config.probe_interval);
    return formulas::met_by_even_probe(core::Prober::stray_every, intervals);
  };
  const auto known_by = [&](Duration time) {
    const Duration tick = scaled(question_.config.gossip_interval, tick_share);
    return parts.pushed * met_by(time - base) + parts.ticked * met_by(time - base - tick) +
           (1 - parts.pushed - parts.ticked) * met_by(time - base - late);
  };
  const auto at = [&](double share) {
    Duration low = base;
    Duration high = base + late + question_.config.probe_interval;
    for (int i = 0; i < 50; ++i) {
      const Duration middle = low + (high - low) / 2;
      (known_by(middle) < share ? low : high) = middle;
    }
    return high;
  };
  return {at(0.5), at(0.99)};
}

Times RollcallModel::crash() const {
  const double q = 1 - question_.loss;
  const std::size_t watchers =
      std::min(2 * core::NeighbourStreams::neighbours_max, question_.members - 1);
  // A helper is asked, pings, is refused; as often as that fits between two looks.
  const auto relays_max =
      static_cast<unsigned>(core::CrashChecks::look_interval / (question_.rtt / 2 * legs_of_relay));
  const auto at = [&](double share) {
    const formulas::Proof proof = formulas::proof_of_death(watchers, q, relays_max, share);
    const unsigned legs = legs_of_proof + legs_of_relay * proof.relays;
    return question_.rtt / 2 * legs + core::CrashChecks::look_interval * (proof.looks - 1) +
           spread(share);
  };
  const Times silent = silent_loss();
  return {std::min(at(0.5), silent.median), std::min(at(0.99), silent.p99)};
}

/// Every change is pushed by everybody to so many, those of 5 ms together. What is sent again
/// later rides on probes.
UpdateLoad RollcallModel::update_load(double changes_per_second) const {
  const double flushes = std::min(changes_per_second, 1 / to_seconds(core::EagerPush::spacing));
  const double full = changes_per_second / updates_per_datagram();
  return {.copies = fanout() * changes_per_second, .datagrams = fanout() * std::max(flushes, full)};
}

double RollcallModel::probes_per_second() const {
  const double shares = 1 + 1.0 / core::Prober::stray_every;
  return shares / to_seconds(question_.config.probe_interval);
}

/// Random probes count; one more goes out for each probe that is not answered at once.
double RollcallModel::samples_per_second() const {
  const double q = 1 - question_.loss;
  const double most = 1 / to_seconds(core::PathHealth::sample_spacing);
  return std::min(most, probes_per_second() * (1 - q * q));
}

/// Silent to a probe and its helpers, to TCP and to a second datagram, all in three times
/// patience; and then to each look of the member that doubts, before it tells anybody.
double RollcallModel::suspicions_per_probe() const {
  const double q = 1 - question_.loss;
  const double doubted = formulas::silent_probe(q, helpers_of(question_)) * (1 - q * q) *
                         formulas::silent_stream(q, 3 * patience());
  return doubted * std::pow(1 - q * q, looks_in_doubt());
}

/// A judge must have had no answer to any of its looks in a whole pause budget, and the accuser has
/// made some of them already. That the suspect also refutes, in words that travel by other ways, is
/// left out: hence at the most.
double RollcallModel::failures_per_suspicion() const {
  const double q = 1 - question_.loss;
  const double looks =
      std::max(number(core::Suspicions::looks_for_verdict),
               std::floor(to_seconds(question_.pause) / to_seconds(look_interval())));
  const double looks_left = std::max(1.0, looks - looks_in_doubt());
  return std::pow(1 - q * q, looks_left) + (judges() - 1) * std::pow(1 - q * q, looks);
}

// --- Profile swim --------------------------------------------------------------------------------

double SwimModel::tick_fanout() const {
  const std::size_t fanout = question_.config.gossip_fanout;
  return number(fanout != 0 ? fanout : core::Gossip::tick_fanout);
}

/// News also rides on the ping and the ack that each member sends once an interval.
formulas::TickGossip SwimModel::gossip() const {
  return formulas::tick_gossip(tick_fanout(), question_.config.gossip_interval,
                               2 * probes_per_second(), 1 - question_.loss);
}

double SwimModel::repeats() const {
  return 4 * decades(question_.members);
}

Duration SwimModel::shortest_suspicion() const {
  return scaled(
      question_.config.probe_interval,
      formulas::swim_suspicion(question_.config.swim.suspicion_multiplier, question_.members));
}

Duration SwimModel::spread(double share) const {
  return formulas::tick_spread(question_.members, gossip(), share);
}

Times SwimModel::silent_loss() const {
  const auto at = [&](double share) {
    return formulas::swim_detection(question_.members, question_.config.swim.suspicion_multiplier,
                                    question_.config.swim.confirmations, share);
  };
  return scaled_times(question_.config.probe_interval, at(0.5), at(0.99)) +
         formulas::timed_spread(question_.members, gossip());
}

/// A tick sends all that waits at once: what counts is how much of the time anything does.
UpdateLoad SwimModel::update_load(double changes_per_second) const {
  const double tick_rate =
      tick_fanout() / (tick_share * to_seconds(question_.config.gossip_interval));
  const double waits = repeats() / tick_rate;
  const double busy = 1 - std::exp(-changes_per_second * waits);
  const double room = tick_rate * updates_per_datagram();
  // Of the two changes of a suspicion, the refutation takes the accusation's place.
  const double copies = repeats() * changes_per_second / 2;
  return {.copies = std::min(copies, room), .datagrams = tick_rate * busy};
}

double SwimModel::probes_per_second() const {
  return 1 / to_seconds(question_.config.probe_interval);
}

double SwimModel::suspicions_per_probe() const {
  const double q = 1 - question_.loss;
  const Duration left = question_.config.probe_interval - question_.config.probe_timeout;
  return formulas::silent_probe(q, helpers_of(question_)) * formulas::silent_stream(q, left);
}

/// The suspect was told in none of the pings and acks of all that time, or its refutation missed
/// some member, which then had differing digests and no luck with them either.
double SwimModel::failures_per_suspicion() const {
  const double intervals =
      formulas::swim_suspicion(question_.config.swim.suspicion_multiplier, question_.members);
  const double untold = std::pow(question_.loss, 2 * intervals);
  const double missed = formulas::residue(repeats(), 1 - question_.loss);
  return untold * (1 + number(question_.members) * missed);
}

}  // namespace rollcall::lab
