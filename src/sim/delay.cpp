// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/delay.hpp"

#include <algorithm>
#include <cmath>

namespace rollcall::sim {
namespace {

/// As many uniform numbers have, together, a standard deviation of one.
constexpr int summands = 12;
/// Longer rests are cut before they are counted in nanoseconds: no link is that slow.
constexpr double rest_max = 1e6;

Duration drawn_part(Duration unit, double times) {
  const double bounded = std::clamp(times, -rest_max, rest_max);
  return Duration(static_cast<Duration::rep>(static_cast<double>(unit.count()) * bounded));
}

}  // namespace

double draw_normal(Prng& prng) {
  double sum = 0;
  for (int i = 0; i < summands; ++i) sum += prng.unit();
  return sum - static_cast<double>(summands) / 2;
}

double draw_exponential(Prng& prng) {
  for (double whole = 0;; whole += 1) {
    const double first = prng.unit();
    double smallest = first;
    unsigned falling = 1;
    for (double next = prng.unit(); next < smallest; next = prng.unit()) {
      smallest = next;
      ++falling;
    }
    if (falling % 2 == 1) return whole + first;
  }
}

double draw_long_tail(Prng& prng) {
  const double survival = 1 - prng.unit();  // in (0, 1]
  return 1 / std::sqrt(survival) - 1;
}

Duration draw_delay(const LinkOptions& link, Prng& prng) {
  const Duration rest = link.delay_mean - link.delay_min;
  const auto bounded = [&](Duration delay) {
    return std::clamp(delay, link.delay_min, std::max(link.delay_min, link.delay_max));
  };
  switch (link.shape) {
    case DelayShape::uniform:
      return prng.between(link.delay_min, link.delay_max);
    case DelayShape::constant:
      return link.delay_min;
    case DelayShape::normal:
      return bounded(link.delay_mean + drawn_part(rest / 3, draw_normal(prng)));
    case DelayShape::exponential:
      return bounded(link.delay_min + drawn_part(rest, draw_exponential(prng)));
    case DelayShape::pareto:
      return bounded(link.delay_min + drawn_part(rest, draw_long_tail(prng)));
  }
  return link.delay_min;
}

}  // namespace rollcall::sim
