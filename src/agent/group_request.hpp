// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "http/message.hpp"
#include "rollcall/groups.hpp"

/// What a request about groups asks for, understood and checked: nothing malformed goes further.
namespace rollcall::agent {

/// The body {"address","ttl","meta","check"} of a member that joins, all of it optional.
std::expected<GroupMemberSpec, http::Problem> member_in(const http::Request& request,
                                                        const std::string& id);

/// Nothing, or an empty object, where a path takes no body.
std::expected<void, http::Problem> no_body(const http::Request& request);

/// Names of a group and a member, from the path.
std::expected<void, http::Problem> check_name(const std::string& name, const std::string& field);

/// ?timeout=, or the default.
std::expected<Groups::Timeout, http::Problem> timeout_of(const http::Request& request);
/// ?consistency=local|linearizable, or local.
std::expected<Consistency, http::Problem> consistency_of(const http::Request& request);

}  // namespace rollcall::agent
