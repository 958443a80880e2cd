// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan_formulas.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rollcall::lab::formulas {
namespace {

using namespace std::chrono_literals;

/// The longest suspicion, in units of the shortest (Lifeguard's beta).
constexpr double swim_suspicion_growth = 6;
/// Half of the median and of the 99th percentile of the sum of two Gumbel variables.
constexpr double gumbel_median = 0.49;
constexpr double gumbel_p99 = 2.8;
/// TCP's first repeat of a frame on a short path (RFC 6298 with Linux's minimum).
constexpr Duration frame_repeat = 200ms;

double count(std::size_t number) {
  return static_cast<double>(number);
}

/// The least t in [low, high] at which a growing function reaches the share.
template <class Function>
double inverse(Function function, double share, double low, double high) {
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (function(middle) < share ? low : high) = middle;
  }
  return high;
}

}  // namespace

double first_random_probe(std::size_t members, double share) {
  const double probers = count(members) - 1;
  return probers * (1 - std::pow(1 - share, 1 / probers));
}

double met_by_even_probe(unsigned stray_every, double intervals) {
  const double t = std::clamp(intervals, 0.0, 1.0);
  return 1 - (1 - t) * std::exp(-t / stray_every);
}

double first_even_probe(unsigned stray_every, double share) {
  return inverse([&](double t) { return met_by_even_probe(stray_every, t); }, share, 0, 1);
}

double swim_suspicion(double alpha, std::size_t members) {
  return alpha * std::max(1.0, std::log10(count(members)));
}

double swim_detection(std::size_t members, double alpha, std::size_t confirmations, double share) {
  const double shortest = swim_suspicion(alpha, members);
  const bool waits = confirmations > 0 && members >= confirmations + 2;
  // The chance that a suspicion has ended in a verdict after t: it has its confirmations.
  const auto ended = [&](double t) {
    if (t < shortest) return 0.0;
    if (!waits || t >= swim_suspicion_growth * shortest) return 1.0;
    double term = std::exp(-t);
    double too_few = 0;
    for (std::size_t i = 0; i < confirmations; ++i) {
      too_few += term;
      term *= t / count(i + 1);
    }
    return 1 - too_few;
  };
  // Both waits together, by the first probe's thousand quantiles.
  constexpr int steps = 1000;
  const auto passed = [&](double t) {
    double sum = 0;
    for (int i = 0; i < steps; ++i) {
      sum += ended(t - 1 - first_random_probe(members, (i + 0.5) / steps));
    }
    return sum / steps;
  };
  return inverse(passed, share, 0, (swim_suspicion_growth + 1) * shortest + 20);
}

PushSpread push_spread(std::size_t members, double fanout, double q, double neighbours) {
  const double others = count(members) - 1;
  double susceptible = others;
  double fresh = 1;
  const double told = std::min(1.0, fanout * q / others);
  std::vector<double> left{susceptible};
  while (fresh > 1e-6 && left.size() < 100) {
    const double next = susceptible * std::pow(1 - told, fresh);
    fresh = susceptible - next;
    susceptible = next;
    left.push_back(susceptible);
  }
  PushSpread spread;
  // One more hop is needed for as long as any remain that it will reach yet.
  for (const double remain : left) spread.hops += 1 - std::exp(susceptible - remain);
  const double told_at_random = std::min(1.0, (fanout - neighbours) * q / others);
  double share = 0;
  for (int i = 0; i < 50; ++i) {
    share = std::pow(1 - told_at_random, count(members) * (1 - share)) *
            std::pow(1 - q * (1 - share), neighbours);
  }
  spread.missed = others * share;
  return spread;
}

double sends_left(double limit, double copies) {
  // The first copy is the news itself and not a repetition of it.
  double left = 0;
  double chance = std::exp(-copies);
  for (double heard = 0; heard <= limit; ++heard) {
    left += chance * (limit - std::max(0.0, heard - 1));
    chance *= copies / (heard + 1);
  }
  return left;
}

TickGossip tick_gossip(double fanout, Duration interval, double riding, double q) {
  const double last = to_seconds(interval);
  const double first = last / 2;
  const double mean = (first + last) / 2;
  // The mean of e^(-growth·t) over a tick's time falls as growth rises; at the solution it is
  // 1 / (1 + fanout·q).
  const auto missing = [&](double growth) {
    return 1 - (std::exp(-growth * first) - std::exp(-growth * last)) / (growth * (last - first));
  };
  const double reached = fanout * q;
  const double by_ticks = inverse(missing, reached / (1 + reached), 0, 100 / mean);
  return {.growth = by_ticks + riding * q, .rate = (fanout / mean + riding) * q};
}

Duration tick_spread(std::size_t members, const TickGossip& gossip, double share) {
  const double way = std::log(count(members)) + (share < 0.9 ? gumbel_median : gumbel_p99);
  return from_seconds(way / gossip.growth + way / gossip.rate);
}

Duration timed_spread(std::size_t members, const TickGossip& gossip) {
  const double way = std::log(count(members));
  return from_seconds(way / gossip.growth + way / 2 / gossip.rate);
}

Proof proof_of_death(std::size_t watchers, double q, unsigned relays_max, double share) {
  constexpr unsigned looks_max = 50;
  const double refused = std::pow(q, 3);  // asked or told; the ping; its refusal
  const double both_report = std::pow(q, 8);
  double before = 1;  // that all earlier looks were in vain
  for (unsigned look = 1; look <= looks_max; ++look) {
    double fruitless = 1;
    double in_vain = 1;
    for (unsigned relays = 0; relays <= relays_max; ++relays) {
      const double by_one_helper = 1 - refused + refused * fruitless;
      fruitless = by_one_helper * by_one_helper - both_report * fruitless * fruitless;
      in_vain = before * std::pow(1 - refused + refused * fruitless, count(watchers));
      if (1 - in_vain >= share) return {look, relays};
    }
    before = in_vain;
  }
  return {looks_max, relays_max};
}

double silent_probe(double q, std::size_t helpers) {
  return (1 - std::pow(q, 2)) * std::pow(1 - std::pow(q, 4), count(helpers));
}

double silent_stream(double q, Duration time) {
  const double frames = time < frame_repeat ? q * q : q * q * (1 + 2 * (1 - q));
  return 1 - q * q * frames;
}

double residue(double sends, double q) {
  double s = std::exp(-sends * q);
  for (int i = 0; i < 100; ++i) s = std::exp(-sends * q * (1 - s));
  return s;
}

}  // namespace rollcall::lab::formulas
