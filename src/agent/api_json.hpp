// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "http/message.hpp"
#include "rollcall/event.hpp"
#include "rollcall/member.hpp"
#include "rollcall/steadiness.hpp"

/// The JSON of the API, appended to a text: lists of ten thousand members are written often.
namespace rollcall::agent {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-05-04T03:02:01.123Z"
std::string time_text(WallTime time);
/// "2026-05-04 03:02:01", in UTC, as the reference systems write it.
std::string reference_time_text(WallTime time);

/// What a body says. `wanted` says what should be sent, for the answer to one that is none.
///
/// Errors: it is no JSON; it nests deeper than any request has to (to write a value takes stack
///         for each of its levels); an object has a name twice, of which only one could count.
std::expected<nlohmann::ordered_json, http::Problem> json_in(const std::string& body,
                                                             std::string_view wanted);

/// What was found, for a message: cut where it is long.
std::string shown_json(const nlohmann::ordered_json& value);

/// "1.234" for 1234 microseconds.
void append_milliseconds(std::string& out, std::chrono::nanoseconds time);

/// With quotes. Bytes that are no UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// {"name","id","address","state","incarnation","since","tags","rtt_ms"}
void append_member(std::string& out, const Member& member);

/// A member with {…,"penalty","flaps","hold_down_ms","time_allowed_ms"} besides.
void append_steadiness(std::string& out, const Steadiness& steadiness);

/// {"index","time","type","member",…}, with "by", "message" and "settings" where there are any, and
/// of agreed views and leaders "leader" and "view".
void append_event(std::string& out, const Event& event);

/// "10.0.0.1:7420@" and the life's id.
std::string reference_id(const Member& member);
/// {"id","incarnation","state","last_update"}
void append_reference_member(std::string& out, const Member& member);

}  // namespace rollcall::agent
