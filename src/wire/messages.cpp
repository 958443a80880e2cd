// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <algorithm>

#include "wire/cursor.hpp"
#include "wire/layout.hpp"

namespace rollcall::wire {

bool Update::operator==(const Update& other) const {
  return name == other.name && life == other.life && incarnation == other.incarnation &&
         state == other.state && age == other.age && unfit == other.unfit &&
         address == other.address && witness == other.witness && has_tags == other.has_tags &&
         (!has_tags || std::ranges::equal(tags, other.tags));
}

bool Heartbeats::operator==(const Heartbeats& other) const {
  return own == other.own && is_cast == other.is_cast && std::ranges::equal(others, other.others);
}

Heartbeat read_heartbeat(const Heartbeats& heartbeats, std::size_t index) {
  FieldReader in(heartbeats.others.subspan(index * heartbeat_bytes, heartbeat_bytes));
  const std::uint64_t word = in.u64();
  return {.member = word >> heartbeat_count_bits,
          .count = static_cast<std::uint32_t>(word & heartbeat_count_mask)};
}

void append_heartbeat(const Heartbeat& heartbeat, ByteVector& others) {
  others.resize(others.size() + heartbeat_bytes);
  FieldWriter out(others.data() + others.size() - heartbeat_bytes);
  out.u64(heartbeat.member << heartbeat_count_bits | (heartbeat.count & heartbeat_count_mask));
}

bool Settings::operator==(const Settings& other) const {
  return number == other.number && origin == other.origin && by == other.by &&
         std::ranges::equal(values, other.values);
}

SettingValues read_values(const Settings& settings) {
  FieldReader in(settings.values);
  SettingValues values{};
  for (std::uint64_t& value : values) value = in.u64();
  return values;
}

void append_values(const SettingValues& values, ByteVector& out) {
  const std::size_t begin = out.size();
  out.resize(begin + settings_bytes);
  FieldWriter writer(out.data() + begin);
  for (const std::uint64_t value : values) writer.u64(value);
}

std::string_view to_text(DecodeError error) {
  switch (error) {
    case DecodeError::too_short:
      return "ends inside a field";
    case DecodeError::not_rollcall:
      return "not a rollcall message";
    case DecodeError::wrong_version:
      return "another wire version";
    case DecodeError::wrong_cluster:
      return "another cluster";
    case DecodeError::sealed:
      return "sealed, and this member has no keys";
    case DecodeError::unknown_flag:
      return "a reserved bit is set";
    case DecodeError::unknown_kind:
      return "unknown kind of message";
    case DecodeError::bad_field:
      return "a field is outside its range";
    case DecodeError::trailing:
      return "bytes after the end";
    case DecodeError::too_long:
      return "above a limit of size";
  }
  return "unknown";
}

std::string_view to_text(State state) {
  switch (state) {
    case State::alive:
      return "alive";
    case State::suspect:
      return "suspect";
    case State::failed:
      return "failed";
    case State::left:
      return "left";
  }
  return "unknown";
}

std::string_view to_text(Finding finding) {
  switch (finding) {
    case Finding::answered:
      return "answered";
    case Finding::silent:
      return "silent";
    case Finding::refused:
      return "refused";
    case Finding::other_life:
      return "other life";
  }
  return "unknown";
}

std::string_view to_text(RefusalCode code) {
  switch (code) {
    case RefusalCode::wrong_cluster:
      return "wrong cluster";
    case RefusalCode::wrong_version:
      return "wrong version";
    case RefusalCode::malformed:
      return "malformed";
    case RefusalCode::overloaded:
      return "overloaded";
    case RefusalCode::not_joined:
      return "not joined";
    case RefusalCode::no_agreement:
      return "no agreement";
  }
  return "unknown";
}

}  // namespace rollcall::wire
