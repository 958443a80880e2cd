// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "base/time.hpp"

namespace rollcall::core {

/// What the spread of heartbeats depends on.
struct HeartbeatLoad {
  std::size_t members = 2;
  std::size_t fanout = 1;
  /// Members that one datagram asks about: half of those that it has room for.
  std::size_t window = 80;
  Duration interval{};
  /// The share of datagrams lost, each way.
  double loss = 0.1;
};

/// The share of all times between two rises of a live member's counter, as one member hears of it,
/// that may be longer than the fail time `auto`. A longer one starts a doubt, which a ping settles,
/// and no verdict.
inline constexpr double heartbeat_mistakes = 1e-6;

/// How long a heartbeat may stand still before its member is doubted.
///
/// In each interval a member asks `fanout` others about those of whom it knows the oldest counts,
/// so that after members / (window · fanout) rounds it has asked about everybody; a count that is
/// new takes about three rounds to be known to most. A round's question or answer is lost with
/// probability 1 - (1 - loss)², and each round brings its question and, mostly, one from another
/// member: ln(mistakes) / ln(that) losses in turn, in six tenths as many rounds, are as seldom as
/// is allowed. The simulator's tests hold this against what they count.
///
/// Source: van Renesse, Minsky, Hayden, "A Gossip-Style Failure Detection Service", 1998, for a
///         fail time from a probability of mistakes; that asking for the oldest first bounds the
///         wait, where a random choice only makes long ones unlikely, is ours (PROTOCOL.md,
///         "Heartbeats").
inline Duration heartbeat_fail_time(const HeartbeatLoad& load) {
  constexpr double rounds_to_most = 3;
  constexpr double rounds_per_loss = 0.6;
  const auto members = static_cast<double>(std::max<std::size_t>(load.members, 2));
  const auto fanout = static_cast<double>(std::max<std::size_t>(load.fanout, 1));
  const auto window = static_cast<double>(std::max<std::size_t>(load.window, 1));
  const double lost = std::clamp(1 - (1 - load.loss) * (1 - load.loss), 0.01, 0.99);
  const double losses = std::log(heartbeat_mistakes) / std::log(lost);
  const double rounds =
      members / (window * fanout) + rounds_to_most + rounds_per_loss * losses / fanout;
  return scaled(load.interval, std::ceil(rounds));
}

/// How unlikely it is, as a power of ten, that the next heartbeat comes later than this, if the
/// times between heartbeats are normally distributed: phi 1 is one in ten, phi 3 one in a
/// thousand.
///
/// Units:  mean, deviation and elapsed in the same unit.
/// Source: Hayashibara, Defago, Yared, Katayama, "The phi Accrual Failure Detector", 2004,
///         equation (2): the tail of the normal distribution, and not the elapsed time in means
///         nor the tail of an exponential, which other programs call by this name.
inline double accrual_phi(double elapsed, double mean, double deviation) {
  constexpr double phi_max = 300;
  const double later = 0.5 * std::erfc((elapsed - mean) / (deviation * std::numbers::sqrt2));
  return later <= 0 ? phi_max : std::min(phi_max, -std::log10(later));
}

}  // namespace rollcall::core
