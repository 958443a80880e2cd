// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::http {

/// One server-sent event.
struct StreamEvent {
  std::string id;
  std::string type;
  std::string data;
};

/// Cuts the text of an event stream into events, however the network cut it into pieces.
///
/// Errors: none; lines that mean nothing are passed over, as the standard wants it.
/// Limits: an event above event_bytes_max is dropped whole and counted.
/// Source: WHATWG HTML, section 9.2, "Server-sent events".
class EventParser {
 public:
  static constexpr std::size_t event_bytes_max = std::size_t{1} << 20U;

  void feed(std::string_view piece);
  /// The next whole event, in order; nothing when more text is needed.
  [[nodiscard]] std::optional<StreamEvent> next();
  [[nodiscard]] std::size_t dropped() const { return dropped_; }

 private:
  std::optional<std::string> take_line();
  void on_line(std::string_view line);
  void set_field(std::string_view name, std::string_view value);

  std::string text_;
  std::size_t read_ = 0;
  StreamEvent event_;
  bool has_data_ = false;
  bool too_long_ = false;
  std::size_t dropped_ = 0;
};

}  // namespace rollcall::http
