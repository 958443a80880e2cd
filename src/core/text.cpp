// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/effects.hpp"
#include "core/node.hpp"

namespace rollcall::core {

std::string_view to_text(EventKind kind) {
  switch (kind) {
    case EventKind::member_join:
      return "member-join";
    case EventKind::member_alive:
      return "member-alive";
    case EventKind::member_suspect:
      return "member-suspect";
    case EventKind::member_failed:
      return "member-failed";
    case EventKind::member_leave:
      return "member-leave";
    case EventKind::member_update:
      return "member-update";
    case EventKind::member_reap:
      return "member-reap";
    case EventKind::name_conflict:
      return "name-conflict";
    case EventKind::protocol_warning:
      return "protocol-warning";
    case EventKind::protocol_changed:
      return "protocol-changed";
  }
  return "unknown";
}

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::joining:
      return "joining";
    case Phase::alone:
      return "alone";
    case Phase::joined:
      return "joined";
    case Phase::leaving:
      return "leaving";
    case Phase::left:
      return "left";
    case Phase::conflict:
      return "conflict";
    case Phase::aside:
      return "aside";
  }
  return "unknown";
}

std::string_view to_text(JoinStage stage) {
  switch (stage) {
    case JoinStage::none:
      return "none";
    case JoinStage::saved_peers:
      return "saved-peers";
    case JoinStage::seeds:
      return "seeds";
    case JoinStage::hosts_file:
      return "hosts-file";
    case JoinStage::lan:
      return "lan";
    case JoinStage::waiting:
      return "waiting";
  }
  return "unknown";
}

std::string_view to_text(ExchangeError error) {
  switch (error) {
    case ExchangeError::refused:
      return "connection refused";
    case ExchangeError::reset:
      return "connection closed before an answer";
    case ExchangeError::timeout:
      return "no answer in time";
    case ExchangeError::unreachable:
      return "unreachable";
    case ExchangeError::malformed:
      return "the answer was not rollcall's, or of another version";
  }
  return "unknown";
}

}  // namespace rollcall::core
