// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <algorithm>

namespace rollcall::wire {

bool Update::operator==(const Update& other) const {
  return name == other.name && life == other.life && incarnation == other.incarnation &&
         state == other.state && age == other.age && unfit == other.unfit &&
         address == other.address && witness == other.witness && has_tags == other.has_tags &&
         (!has_tags || std::ranges::equal(tags, other.tags));
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
  }
  return "unknown";
}

}  // namespace rollcall::wire
