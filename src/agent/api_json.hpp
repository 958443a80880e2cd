// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "rollcall/event.hpp"
#include "rollcall/member.hpp"

/// The JSON of the API, appended to a text: lists of ten thousand members are written often.
namespace rollcall::agent {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-05-04T03:02:01.123Z"
std::string time_text(WallTime time);
/// "2026-05-04 03:02:01", in UTC, as the reference systems write it.
std::string reference_time_text(WallTime time);

/// With quotes. Bytes that are no UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// {"name","id","address","state","incarnation","since","tags","rtt_ms"}
void append_member(std::string& out, const Member& member);

/// {"index","time","type","member",…}, with "by" and "message" where there are any.
void append_event(std::string& out, const Event& event);

/// "10.0.0.1:7420@" and the life's id.
std::string reference_id(const Member& member);
/// {"id","incarnation","state","last_update"}
void append_reference_member(std::string& out, const Member& member);

}  // namespace rollcall::agent
