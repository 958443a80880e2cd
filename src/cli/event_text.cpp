// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/event_text.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

Paint paint_of_event(const std::string& type) {
  if (type == "member-join" || type == "member-alive") return Paint::green;
  if (type == "member-suspect" || type == "protocol-warning") return Paint::yellow;
  if (type == "member-failed" || type == "name-conflict") return Paint::red;
  return Paint::none;
}

/// "version 3 to 4: detector pingack to gossip, suspicion-time auto to 1s"
std::string settings_text(const Json& settings) {
  const auto version = [&settings](const char* which) {
    return field_text(settings.value(which, Json::object()), "version");
  };
  std::string text = "version " + version("from") + " to " + version("to");
  if (field_text(settings, "scope") == "local") text += ", here alone";
  std::string separator = ": ";
  for (const Json& change : settings.value("changes", Json::array())) {
    text += std::exchange(separator, ", ") + field_text(change, "name") + " " +
            field_text(change, "from") + " to " + field_text(change, "to");
  }
  return text;
}

/// "view 7 (joined), led by n1: n1, n2"
std::string view_text(const Json& view) {
  std::string text = "view " + field_text(view, "view") + " (" + field_text(view, "cause") +
                     "), led by " + field_text(view, "leader");
  std::string separator = ": ";
  for (const Json& member : view.value("members", Json::array())) {
    text += std::exchange(separator, ", ") + (member.is_string() ? member.get<std::string>() : "?");
  }
  return text;
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width(text)), ' ');
}

}  // namespace

std::string event_line(const std::string& data, Colours colours) {
  constexpr std::size_t index_columns = 5;
  constexpr std::size_t type_columns = 15;
  constexpr std::size_t name_columns = 12;
  const Json event = Json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!event.is_object() || !event.contains("type")) return printable(data);

  const std::string time = field_text(event, "time");
  const std::optional<WallTime> when = parse_time(time);
  const std::string type = field_text(event, "type");
  const Json member = event.value("member", Json());
  const std::string name =
      member.is_string() ? field_text(event, "member") : field_text(member, "name");
  const std::string by = field_text(event, "by");
  const Json view = event.value("view", Json());
  const bool is_view = type == "view" && view.is_object();
  const std::string message = is_view ? view_text(view) : field_text(event, "message");

  std::string line = (when ? clock_text(*when) : printable(time)) + "  ";
  line += padded("#" + printable(field_text(event, "index")), index_columns) + "  ";
  line += painted(padded(printable(type), type_columns), paint_of_event(type), colours) + "  ";
  line += padded(printable(name), name_columns) + "  " + printable(field_text(member, "address"));
  if (!by.empty() && by != "null") line += "  by " + printable(by);
  if (!message.empty() && message != "null") line += "  " + printable(message);
  if (event.contains("settings")) line += "  " + printable(settings_text(event["settings"]));
  return line;
}

}  // namespace rollcall::cli
