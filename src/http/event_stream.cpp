// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/event_stream.hpp"

#include <nlohmann/json.hpp>

namespace rollcall::http {
namespace {

void append_line(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ").append(value).append("\n");
}

}  // namespace

void append_frame(std::string& out, const EventFrame& frame) {
  append_line(out, "event", frame.event);
  append_line(out, "id", frame.id);
  append_line(out, "data", frame.data);
  out += '\n';
}

void append_comment(std::string& out, std::string_view text) {
  out.append(": ").append(text).append("\n\n");
}

void append_closed(std::string& out, std::string_view reason, std::string_view message) {
  const nlohmann::ordered_json data = {{"reason", reason}, {"message", message}};
  append_frame(out, {.event = "closed", .id = {}, .data = data.dump()});
}

}  // namespace rollcall::http
