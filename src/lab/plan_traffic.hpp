// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace rollcall::lab {

/// What an idle agent was measured to need (docs/benchmarks.md, processor time of an idle agent).
/// It wakes for each datagram alone, and for little else: so the time of one datagram is all of it
/// by the datagrams of that run, 2.45 sent and as many received. To be set anew when the figure
/// there is.
struct IdleAgent {
  double processor_share = 0.00028;
  double datagrams_per_second = 4.9;
};
inline constexpr IdleAgent idle_agent{};

/// Processor time of one datagram, sent or received.
inline constexpr Duration time_per_datagram =
    scaled(std::chrono::seconds(1), idle_agent.processor_share / idle_agent.datagrams_per_second);

/// What is sent: datagrams, and their bytes with the headers of UDP and IP (and of TCP, where a
/// probe goes that way).
struct Traffic {
  double datagrams = 0;
  double bytes = 0;

  Traffic& operator+=(const Traffic& more) {
    datagrams += more.datagrams;
    bytes += more.bytes;
    return *this;
  }
  Traffic& operator*=(double times) {
    datagrams *= times;
    bytes *= times;
    return *this;
  }
  friend Traffic operator*(Traffic traffic, double times) { return traffic *= times; }
  friend Traffic operator+(Traffic one, const Traffic& other) { return one += other; }
};

/// A ping and, if it arrives, its ack. Sizes are those of the codec.
[[nodiscard]] Traffic plain_probe_traffic(double q);
/// A probe with all that follows, by whomever, when its ping stays unanswered.
[[nodiscard]] Traffic probe_traffic(double q, std::size_t helpers);

/// What one member sends because of changes anywhere: copies of records, so many a datagram.
struct UpdateLoad {
  double copies = 0;
  double datagrams = 0;
};
/// Records of a member with a name of usual length.
[[nodiscard]] Traffic update_traffic(const UpdateLoad& load);
/// How many of them a datagram holds.
[[nodiscard]] double updates_per_datagram();

}  // namespace rollcall::lab
