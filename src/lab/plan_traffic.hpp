// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace rollcall::lab {

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
