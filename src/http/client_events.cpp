// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/client_events.hpp"

#include <utility>

namespace rollcall::http {

void EventParser::feed(std::string_view piece) {
  text_.erase(0, std::exchange(read_, 0));
  text_.append(piece);
  // A line without an end must not grow for ever; what is still to come of it is a comment.
  if (text_.size() > event_bytes_max && text_.find('\n') == std::string::npos) {
    text_ = ':';
    too_long_ = true;
  }
}

std::optional<StreamEvent> EventParser::next() {
  while (std::optional<std::string> line = take_line()) {
    if (!line->empty()) {
      on_line(*line);
      continue;
    }
    StreamEvent event = std::exchange(event_, {});
    const bool whole = std::exchange(has_data_, false);
    if (std::exchange(too_long_, false)) {
      ++dropped_;
    } else if (whole) {
      return event;
    }
  }
  return std::nullopt;
}

std::optional<std::string> EventParser::take_line() {
  const std::size_t end = text_.find('\n', read_);
  if (end == std::string::npos) return std::nullopt;
  std::string line = text_.substr(read_, end - read_);
  read_ = end + 1;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

void EventParser::on_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment, which keeps the stream alive
  if (colon == std::string_view::npos) return set_field(line, {});
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  set_field(line.substr(0, colon), value);
}

void EventParser::set_field(std::string_view name, std::string_view value) {
  if (event_.data.size() + value.size() > event_bytes_max) {
    too_long_ = true;
    return;
  }
  if (name == "id") event_.id = value;
  if (name == "event") event_.type = value;
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
}

}  // namespace rollcall::http
