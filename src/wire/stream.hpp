// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>

#include "base/bytes.hpp"
#include "wire/messages.hpp"

namespace rollcall::wire {

/// The fixed head of every frame; its length field tells how many bytes follow.
inline constexpr std::size_t frame_head_bytes = 36;

/// The most buckets that anti-entropy compares at once.
inline constexpr std::size_t sync_buckets_max = 4096;
/// The longest text of a refusal; a longer one is cut.
inline constexpr std::size_t refusal_detail_bytes_max = 255;

struct FrameHead {
  Envelope envelope;
  std::uint32_t body_bytes = 0;
  bool operator==(const FrameHead&) const = default;
};

/// Reads the first frame_head_bytes of a frame. Refused: a head that is short or foreign, and a
/// body above frame_bytes_max. The cluster is not compared here, so that the refusal can be told.
std::expected<FrameHead, DecodeError> decode_frame_head(Bytes head);

/// Reads one message from a whole body. Takes memory in proportion to the bytes given, never to
/// a count that they claim.
std::expected<StreamMessage, DecodeError> decode_frame_body(Bytes body);

/// Appends a whole frame, head and body, to out.
///
/// Limits: records, entries and wanted names that would take the body above frame_bytes_max are
///         left out from the end (anti-entropy brings them later); the text of a refusal is cut
///         at refusal_detail_bytes_max and what is not printable in it becomes '?'.
void encode_frame(const Envelope& envelope, const StreamMessage& message, ByteVector& out);

}  // namespace rollcall::wire
