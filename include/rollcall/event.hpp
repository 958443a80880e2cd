// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rollcall/groups.hpp"
#include "rollcall/member.hpp"
#include "rollcall/settings.hpp"

namespace rollcall {

enum class EventType : std::uint8_t {
  member_join,
  member_alive,
  member_suspect,
  member_failed,
  member_leave,
  member_update,
  member_reap,
  name_conflict,
  protocol_warning,
  protocol_changed,
  view,           // the cluster's members, as agreed upon, are others
  leader_changed  // another member leads the cluster, or nobody does
};
/// "member-join", "member-alive", …
std::string_view to_text(EventType type);

/// One thing that happened, as this observer saw it.
struct Event {
  /// 1 for the first event of this agent's life, then without a gap.
  std::uint64_t index = 0;
  EventType type{};
  std::chrono::system_clock::time_point time;
  /// The member as it was right after the event.
  Member member;
  /// Who accused it or forced it out, by name, or where settings were changed; empty if unknown
  /// or nobody.
  std::string by;
  /// A sentence, for conflicts and warnings.
  std::string message;
  /// Only for protocol_changed, which is about this observer itself: which settings came into
  /// force.
  std::shared_ptr<const SettingsNews> settings;
  /// Only for view and leader_changed, which are about this observer itself: the view of the group
  /// `cluster`, whose leader is the cluster's. Null: there is no leader now.
  std::shared_ptr<const View> view;
};

}  // namespace rollcall
