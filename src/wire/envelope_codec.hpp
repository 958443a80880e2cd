// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "wire/cursor.hpp"
#include "wire/layout.hpp"
#include "wire/messages.hpp"

/// What datagrams and frames both begin with.
///
/// Source: PROTOCOL.md, "Datagrams", "The envelope".
namespace rollcall::wire {

inline constexpr std::uint32_t no_key = 0;
/// Magic, version and no flags, as one word.
inline constexpr std::uint32_t envelope_start =
    magic_first | magic_second << 8U | std::uint32_t{version} << 16U;

inline void write_envelope(FieldWriter& out, const Envelope& envelope) {
  out.u32(envelope_start);
  out.u32(envelope.cluster);
  out.u32(no_key);
  out.life_id(envelope.sender);
  out.u8(envelope.health);
}

/// What is wrong with bytes that are too few or do not begin with envelope_start. The magic and
/// the version are looked at before the length, so that other protocols and later versions are
/// called by their names.
inline DecodeError explain_start(Bytes bytes) {
  FieldReader in(bytes);
  if (in.left() < 3) return DecodeError::too_short;
  const bool is_ours = in.u8() == magic_first && in.u8() == magic_second;
  if (!is_ours) return DecodeError::not_rollcall;
  if (in.u8() != version) return DecodeError::wrong_version;
  if (bytes.size() < envelope_bytes) return DecodeError::too_short;
  return in.u8() == envelope_sealed ? DecodeError::sealed : DecodeError::unknown_flag;
}

/// Reads a whole envelope. The cluster is the caller's to compare.
[[gnu::always_inline]] inline std::expected<Envelope, DecodeError> read_envelope(FieldReader& in) {
  FieldReader start = in;
  if (in.left() < envelope_bytes || in.u32() != envelope_start) [[unlikely]] {
    return std::unexpected(explain_start(start.rest()));
  }
  Envelope envelope;
  envelope.cluster = in.u32();
  const std::uint32_t key = in.u32();
  envelope.sender = in.life_id();
  envelope.health = in.u8();
  if (key != no_key) return std::unexpected(DecodeError::bad_field);
  return envelope;
}

}  // namespace rollcall::wire
