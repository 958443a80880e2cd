// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/line.hpp"

#include <algorithm>

namespace rollcall::sim {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::size_t segment_bytes = 1400;

}  // namespace

Duration Line::time_for(std::size_t bytes) const {
  // Frames are at most tens of megabytes: the product stays far below 2^64.
  return Duration(static_cast<Duration::rep>(bytes * nanoseconds_per_second / bytes_per_second_));
}

std::optional<Duration> Line::carry_datagram(Instant now, std::size_t payload_bytes) {
  if (!is_bounded()) return Duration::zero();
  const Duration own = time_for(payload_bytes + datagram_header_bytes);
  const bool shares = frames_until_ > now;
  const Duration behind_frames = shares ? time_for(queue_bytes_ / 2) : Duration::zero();
  const Duration wait = std::max(datagrams_until_, now) - now + behind_frames;
  if (wait + own > time_for(queue_bytes_)) {
    ++dropped_;
    return std::nullopt;
  }
  datagrams_until_ = std::max(datagrams_until_, now) + own;
  if (shares) frames_until_ += own;
  return wait + own;
}

Duration Line::carry_frame(Instant now, std::size_t frame_bytes) {
  if (!is_bounded()) return Duration::zero();
  const std::size_t segments = 1 + frame_bytes / segment_bytes;
  const Instant starts = std::max({now, datagrams_until_, frames_until_});
  frames_until_ = starts + time_for(frame_bytes + segments * segment_header_bytes);
  return frames_until_ - now;
}

}  // namespace rollcall::sim
