// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/agreement_json.hpp"
#include "agent/values.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;

/// The deepest request, that for faults, has three.
constexpr std::size_t json_depth_max = 16;

/// Watches a text being parsed for what no request may have.
class JsonWatch {
 public:
  /// Whether the parser shall keep the value.
  bool see(int at, Json::parse_event_t event, const Json& parsed) {
    const auto depth = static_cast<std::size_t>(at);
    if (depth > json_depth_max) {
      is_too_deep_ = true;
      return false;
    }
    if (event == Json::parse_event_t::object_start) names_.at(depth + 1).clear();
    if (event == Json::parse_event_t::key && !twice_) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names_.at(depth).insert(name).second) twice_ = name;
    }
    return true;
  }
  [[nodiscard]] bool is_too_deep() const { return is_too_deep_; }
  /// A name that one object has twice.
  [[nodiscard]] const std::optional<std::string>& twice() const { return twice_; }

 private:
  /// Of the object that is open at each depth; its names are one deeper than itself.
  std::array<std::set<std::string, std::less<>>, json_depth_max + 2> names_;
  std::optional<std::string> twice_;
  bool is_too_deep_ = false;
};

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

/// ,"settings":{"from":{"version"},"to":{"version","origin"},"scope","changes":[…]}
void append_settings(std::string& out, const SettingsNews& news) {
  const auto append_version = [&out](std::string_view name, const SettingsVersion& version) {
    out.append("\"").append(name).append("\":{\"version\":");
    out.append(std::to_string(version.number));
    if (version.number != 0) out.append(",\"origin\":\"").append(version.origin).append("\"");
    out += "},";
  };
  out += ",\"settings\":{";
  append_version("from", news.from);
  append_version("to", news.to);
  out.append("\"scope\":\"").append(news.is_local ? "local" : "cluster");
  out += "\",\"changes\":[";
  bool is_first = true;
  for (const SettingDifference& one : news.differences) {
    if (!std::exchange(is_first, false)) out += ',';
    out += "{\"name\":";
    append_string(out, one.name);
    out += ",\"from\":";
    append_string(out, one.from);
    out += ",\"to\":";
    append_string(out, one.to);
    out += '}';
  }
  out += "]}";
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

void append_milliseconds(std::string& out, std::chrono::nanoseconds time) {
  const auto micros = std::chrono::round<std::chrono::microseconds>(time).count();
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(micros % 1000));
  out.append(std::to_string(micros / 1000)).append(fraction.data());
}

std::string reference_time_text(WallTime time) {
  return calendar_text("%Y-%m-%d %H:%M:%S", time);
}

std::expected<Json, http::Problem> json_in(const std::string& body, std::string_view wanted) {
  JsonWatch watch;
  const auto keep = [&watch](int depth, Json::parse_event_t event, const Json& parsed) {
    return watch.see(depth, event, parsed);
  };
  Json json = Json::parse(body, keep, /*allow_exceptions=*/false);
  if (watch.is_too_deep()) {
    return std::unexpected(http::Problem{.code = "malformed-json",
                                         .message = "the body nests deeper than " +
                                                    std::to_string(json_depth_max) + " levels; " +
                                                    std::string(wanted)});
  }
  if (json.is_discarded()) {
    return std::unexpected(http::Problem{
        .code = "malformed-json", .message = "the body is not JSON; " + std::string(wanted)});
  }
  if (watch.twice()) {
    return std::unexpected(http::Problem{.code = "invalid-value",
                                         .message = "given twice; allowed: once",
                                         .field = shown(*watch.twice())});
  }
  return json;
}

std::string shown_json(const Json& value) {
  return shown(value.dump(-1, ' ', false, Json::error_handler_t::replace));
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

void append_steadiness(std::string& out, const Steadiness& steadiness) {
  append_member(out, steadiness.member);
  out.pop_back();  // the members go on
  std::array<char, 32> penalty{};
  std::snprintf(penalty.data(), penalty.size(), "%.3f", steadiness.penalty);
  out.append(",\"penalty\":").append(penalty.data());
  out.append(",\"flaps\":").append(std::to_string(steadiness.flaps));
  out += ",\"hold_down_ms\":";
  append_milliseconds(out, steadiness.hold_down);
  out += ",\"time_allowed_ms\":";
  append_milliseconds(out, steadiness.time_allowed);
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
  if (event.settings) append_settings(out, *event.settings);
  if (event.type == EventType::view || event.type == EventType::leader_changed) {
    out += ",\"leader\":";
    append_string(out, event.view ? event.view->leader : std::string());
    out += ",\"view\":";
    if (event.view) {
      append_view(out, *event.view);
    } else {
      out += "null";
    }
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
