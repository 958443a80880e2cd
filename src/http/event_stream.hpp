// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::http {

enum class StreamState : std::uint8_t {
  waiting,  // nothing more now: ask again after Server::wake_streams()
  more,     // there is more, ask again when this has been sent
  ended     // the last frame, which says why, has been appended
};

/// What one server-sent-event stream sends, asked for piece by piece as its reader takes it.
///
/// A stream therefore has no queue that a slow reader could fill: at most one piece is under way.
/// A reader that falls behind what the source keeps is told so and cut off by the source; one
/// that takes nothing at all is cut off by the server.
///
/// Threads: the server's only; it must not block.
/// Source:  HTML Living Standard, section 9.2, "Server-sent events".
class StreamSource {
 public:
  StreamSource() = default;
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;
  virtual ~StreamSource() = default;

  /// Appends whole frames, about `bytes` of them at the most.
  virtual StreamState fill(std::string& out, std::size_t bytes) = 0;
};

/// One frame. The data must be one line, as JSON without indentation is; id and event may be
/// empty, and then have no line.
struct EventFrame {
  std::string_view event;
  std::string_view id;
  std::string_view data;
};
void append_frame(std::string& out, const EventFrame& frame);

/// A line that readers ignore; it shows that the connection lives.
void append_comment(std::string& out, std::string_view text);

/// The last frame of every stream that the server ends: "event: closed" and why, as
/// {"reason":"kebab-case","message":"a sentence"}.
void append_closed(std::string& out, std::string_view reason, std::string_view message);

}  // namespace rollcall::http
