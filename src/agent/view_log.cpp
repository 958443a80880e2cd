// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/view_log.hpp"

#include <algorithm>

namespace rollcall::agent {

std::optional<LogFields> ViewLog::on_event(const Event& event) {
  switch (event.type) {
    case EventType::view:
      if (event.view) return on_view(event.view);
      break;
    case EventType::member_suspect:
    case EventType::member_failed:
      return on_silent(event.member.name);
    case EventType::member_join:
    case EventType::member_alive:
    case EventType::member_leave:
    case EventType::member_reap:
      silent_.erase(event.member.name);
      break;
    case EventType::member_update:
    case EventType::name_conflict:
    case EventType::protocol_warning:
    case EventType::protocol_changed:
    case EventType::leader_changed:
      break;
  }
  return std::nullopt;
}

LogFields ViewLog::head() const {
  return {{"peer", peer_}, {"view", view_->number}, {"leader", view_->leader}};
}

LogFields ViewLog::on_view(std::shared_ptr<const View> view) {
  view_ = std::move(view);
  LogFields record = head();
  record["members"] = view_->members;
  record["cause"] = view_->cause;
  return record;
}

std::optional<LogFields> ViewLog::on_silent(const std::string& member) {
  if (!view_ || std::ranges::find(view_->members, member) == view_->members.end()) {
    return std::nullopt;
  }
  if (!silent_.insert(member).second) return std::nullopt;
  LogFields record = head();
  record["message"] =
      "peer " + member + (member == view_->leader ? " (leader)" : "") + " unreachable";
  return record;
}

}  // namespace rollcall::agent
