// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"
#include "rollcall/groups.hpp"

/// The JSON of views, groups and leaders, appended to a text: it is sent to many, and often.
namespace rollcall::agent {

/// {"group","view","leader","members":["name",…],"cause","term","index"}; without "members" where
/// they are not told (ViewChange).
void append_view(std::string& out, const View& view);

/// {"id","address","meta":{},"since","ttl","responsible"}, and "check" where there is one. The
/// ttl is null where the member has no lease.
void append_group_member(std::string& out, const GroupMember& member);

/// {"group","view","leader","term","index","cause","count","members":[…]}
void append_group(std::string& out, const Group& group);

/// A view, and how it differs from the one before: {…,"joined":[…],"left":[{"id","cause"}],
/// "updated":[…]}
void append_view_change(std::string& out, const ViewChange& change);
/// The present view to who knows nothing yet: everybody in it has joined.
void append_first_view(std::string& out, const Group& group);

/// ,"consistency":"local","stale_ms":1.5 (null: never up to date)
void append_freshness(std::string& out, Consistency consistency,
                      std::optional<std::chrono::nanoseconds> stale_for);

/// How a failure of the agreed side is answered: an unknown member, where no member was asked for,
/// is an unknown group.
http::Response group_failure(const Error& error, const std::string& group);
/// 409, where this member has no agreed side.
http::Response agreement_is_off();

}  // namespace rollcall::agent
