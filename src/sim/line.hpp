// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace rollcall::sim {

/// What a host's line carries, each way; zero: more than anybody sends.
struct Bandwidth {
  std::uint64_t out_bytes_per_second = 0;
  std::uint64_t in_bytes_per_second = 0;
  /// What waits, each way, at the most; a datagram that finds the queue full is dropped.
  std::size_t queue_bytes = std::size_t{64} * 1024;
};

/// One direction of a host's connection: a rate, and a queue before it that holds so much.
///
/// Datagrams that find the queue full are dropped (tail drop). Streams slow down instead: their
/// senders keep the queue half full, and so a datagram waits that much longer while a stream
/// has something to send; of the rate, datagrams take what they need, streams what is left.
///
/// Units:  bytes with the headers of IP and of UDP or TCP, per second of virtual time.
/// Order:  now must not go back from call to call.
class Line {
 public:
  static constexpr std::size_t datagram_header_bytes = 28;
  static constexpr std::size_t segment_header_bytes = 40;

  /// No rate: carries everything at once.
  void set(std::uint64_t bytes_per_second, std::size_t queue_bytes) {
    bytes_per_second_ = bytes_per_second;
    queue_bytes_ = queue_bytes;
  }
  [[nodiscard]] bool is_bounded() const { return bytes_per_second_ != 0; }

  /// How long until the datagram is through; nothing when it was dropped.
  [[nodiscard]] std::optional<Duration> carry_datagram(Instant now, std::size_t payload_bytes);
  /// How long until all of a stream's frame is through.
  [[nodiscard]] Duration carry_frame(Instant now, std::size_t frame_bytes);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  [[nodiscard]] Duration time_for(std::size_t bytes) const;

  std::uint64_t bytes_per_second_ = 0;
  std::size_t queue_bytes_ = 0;
  Instant datagrams_until_;  // when the last one that was taken is through
  Instant frames_until_;
  std::uint64_t dropped_ = 0;
};

}  // namespace rollcall::sim
