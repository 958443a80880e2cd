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

inline void write_envelope(FieldWriter& out, const Envelope& envelope) {
  out.u8(magic_first);
  out.u8(magic_second);
  out.u8(version);
  out.u8(0);
  out.u32(envelope.cluster);
  out.u32(no_key);
  out.life_id(envelope.sender);
  out.u8(envelope.health);
}

/// Refuses what does not begin as version 1 does. The magic and the version are looked at
/// before the length, so that other protocols and later versions are called by their names.
inline std::expected<void, DecodeError> check_preamble(Bytes bytes) {
  FieldReader in(bytes);
  if (in.left() < 3) return std::unexpected(DecodeError::too_short);
  const bool is_ours = in.u8() == magic_first && in.u8() == magic_second;
  if (!is_ours) return std::unexpected(DecodeError::not_rollcall);
  if (in.u8() != version) return std::unexpected(DecodeError::wrong_version);
  if (bytes.size() < envelope_bytes) return std::unexpected(DecodeError::too_short);
  const std::uint8_t flags = in.u8();
  if ((flags & ~envelope_sealed) != 0) return std::unexpected(DecodeError::unknown_flag);
  if (flags != 0) return std::unexpected(DecodeError::sealed);
  return {};
}

/// Reads a whole envelope. The cluster is the caller's to compare.
inline std::expected<Envelope, DecodeError> read_envelope(FieldReader& in) {
  if (const auto preamble = check_preamble(in.rest()); !preamble) {
    return std::unexpected(preamble.error());
  }
  (void)in.u32();  // magic, version and flags, just checked
  Envelope envelope;
  envelope.cluster = in.u32();
  const std::uint32_t key = in.u32();
  envelope.sender = in.life_id();
  envelope.health = in.u8();
  if (key != no_key) return std::unexpected(DecodeError::bad_field);
  return envelope;
}

}  // namespace rollcall::wire
