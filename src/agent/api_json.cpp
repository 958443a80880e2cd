// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

namespace rollcall::agent {
namespace {

bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

std::string calendar_text(const char* format, WallTime time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  // The year of a clock that was never set fits as well.
  const std::size_t size = std::strftime(text.data(), text.size(), format, &utc);
  return {text.data(), size};
}

/// "1.234" for 1234 microseconds.
void append_milliseconds(std::string& out, std::chrono::nanoseconds time) {
  const auto micros = std::chrono::round<std::chrono::microseconds>(time).count();
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(micros % 1000));
  out.append(std::to_string(micros / 1000)).append(fraction.data());
}

void append_tags(std::string& out, const Tags& tags) {
  out += '{';
  bool is_first = true;
  for (const auto& [name, value] : tags) {
    if (!std::exchange(is_first, false)) out += ',';
    append_string(out, name);
    out += ':';
    append_string(out, value);
  }
  out += '}';
}

}  // namespace

std::string time_text(WallTime time) {
  const auto millis =
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>(millis < 0 ? millis + 1000 : millis));
  return calendar_text("%Y-%m-%dT%H:%M:%S", time) + fraction.data();
}

std::string reference_time_text(WallTime time) {
  return calendar_text("%Y-%m-%d %H:%M:%S", time);
}

void append_string(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    out.append("\"").append(text).append("\"");
    return;
  }
  const nlohmann::json json = text;
  out += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_member(std::string& out, const Member& member) {
  out += "{\"name\":";
  append_string(out, member.name);
  out += ",\"id\":";
  append_string(out, member.id);
  out += ",\"address\":";
  append_string(out, member.address);
  out.append(",\"state\":\"").append(to_text(member.state));
  out.append("\",\"incarnation\":").append(std::to_string(member.incarnation));
  out.append(",\"since\":\"").append(time_text(member.since)).append("\",\"tags\":");
  append_tags(out, member.tags);
  out += ",\"rtt_ms\":";
  if (member.rtt) {
    append_milliseconds(out, *member.rtt);
  } else {
    out += "null";
  }
  out += '}';
}

void append_event(std::string& out, const Event& event) {
  out.append("{\"index\":").append(std::to_string(event.index));
  out.append(",\"time\":\"").append(time_text(event.time));
  out.append("\",\"type\":\"").append(to_text(event.type)).append("\",\"member\":");
  append_member(out, event.member);
  if (!event.by.empty()) {
    out += ",\"by\":";
    append_string(out, event.by);
  }
  if (!event.message.empty()) {
    out += ",\"message\":";
    append_string(out, event.message);
  }
  out += '}';
}

std::string reference_id(const Member& member) {
  return member.address + "@" + member.id;
}

void append_reference_member(std::string& out, const Member& member) {
  out += "{\"id\":";
  append_string(out, reference_id(member));
  out.append(",\"incarnation\":").append(std::to_string(member.incarnation));
  out.append(",\"state\":\"").append(to_text(member.state));
  out.append("\",\"last_update\":\"").append(reference_time_text(member.since)).append("\"}");
}

}  // namespace rollcall::agent
