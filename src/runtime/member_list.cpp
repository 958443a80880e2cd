// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "rollcall/agent.hpp"

namespace rollcall {

std::size_t MemberList::count(MemberState state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(*members_, [state](const auto& one) { return one->state == state; }));
}

const Member* MemberList::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      *members_, name, {}, [](const auto& one) -> std::string_view { return one->name; });
  return at != members_->end() && (*at)->name == name ? at->get() : nullptr;
}

const Member& MemberList::self() const {
  const Member* const self = find(self_);
  ROLLCALL_CHECK(self != nullptr);
  return *self;
}

std::string_view to_text(MemberState state) {
  switch (state) {
    case MemberState::alive:
      return "alive";
    case MemberState::suspect:
      return "suspect";
    case MemberState::failed:
      return "failed";
    case MemberState::left:
      return "left";
  }
  return "unknown";
}

std::string_view to_text(EventType type) {
  switch (type) {
    case EventType::member_join:
      return "member-join";
    case EventType::member_alive:
      return "member-alive";
    case EventType::member_suspect:
      return "member-suspect";
    case EventType::member_failed:
      return "member-failed";
    case EventType::member_leave:
      return "member-leave";
    case EventType::member_update:
      return "member-update";
    case EventType::member_reap:
      return "member-reap";
    case EventType::name_conflict:
      return "name-conflict";
    case EventType::protocol_warning:
      return "protocol-warning";
    case EventType::protocol_changed:
      return "protocol-changed";
    case EventType::view:
      return "view";
    case EventType::leader_changed:
      return "leader-changed";
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

}  // namespace rollcall
