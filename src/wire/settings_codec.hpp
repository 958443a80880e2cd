// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "base/check.hpp"
#include "base/text.hpp"
#include "wire/cursor.hpp"
#include "wire/layout.hpp"
#include "wire/messages.hpp"

/// Settings in bytes, the same in datagrams and in frames.
namespace rollcall::wire {

/// Writes settings_fixed_bytes and the name.
template <class Writer>
void write_settings(Writer& out, const Settings& settings) {
  ROLLCALL_CHECK(is_valid_name(settings.by));
  ROLLCALL_CHECK(settings.values.size() == settings_bytes);
  ROLLCALL_CHECK(settings.number > 0 && !settings.origin.is_nobody());
  out.u64(settings.number);
  out.life_id(settings.origin);
  out.u8(static_cast<std::uint8_t>(settings.by.size()));
  out.bytes(as_bytes(settings.by));
  out.bytes(settings.values);
}

/// What the values mean, and whether they can be, is the core's matter.
inline std::expected<Settings, DecodeError> read_settings(FieldReader& in) {
  if (in.left() < settings_fixed_bytes) return std::unexpected(DecodeError::too_short);
  Settings settings;
  settings.number = in.u64();
  settings.origin = in.life_id();
  const std::size_t name_size = in.u8();
  if (name_size > name_bytes_max) return std::unexpected(DecodeError::too_long);
  if (in.left() < name_size + settings_bytes) return std::unexpected(DecodeError::too_short);
  settings.by = in.text(name_size);
  settings.values = in.bytes(settings_bytes);
  const bool is_whole =
      settings.number > 0 && !settings.origin.is_nobody() && is_valid_name(settings.by);
  if (!is_whole) return std::unexpected(DecodeError::bad_field);
  return settings;
}

}  // namespace rollcall::wire
