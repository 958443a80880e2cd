// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any text is read as an event stream, with the same events however the network cuts it; and
/// events that were read are read again from what the server would write. The first byte says
/// into pieces of which size the rest is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/client_events.hpp"
#include "http/event_stream.hpp"

namespace rollcall::http {
namespace {

std::vector<StreamEvent> read(std::string_view text, std::size_t piece_size) {
  EventParser parser;
  std::vector<StreamEvent> events;
  while (!text.empty()) {
    const std::size_t size = std::min(piece_size, text.size());
    parser.feed(text.substr(0, size));
    text.remove_prefix(size);
    while (auto event = parser.next()) events.push_back(std::move(*event));
  }
  ROLLCALL_CHECK(parser.dropped() == 0);
  return events;
}

bool are_same(const StreamEvent& one, const StreamEvent& other) {
  return one.id == other.id && one.type == other.type && one.data == other.data;
}

/// What append_frame() promises to carry: lines, and one of data at least.
bool is_frame(const StreamEvent& event) {
  constexpr std::string_view line_ends = "\r\n";
  return !event.data.empty() && event.id.find_first_of(line_ends) == std::string::npos &&
         event.type.find_first_of(line_ends) == std::string::npos &&
         event.data.find_first_of(line_ends) == std::string::npos;
}

void check_writing(const StreamEvent& event) {
  if (!is_frame(event)) return;
  std::string frame;
  append_frame(frame, {.event = event.type, .id = event.id, .data = event.data});
  const auto again = read(frame, frame.size());
  ROLLCALL_CHECK(again.size() == 1);
  ROLLCALL_CHECK(are_same(again.front(), event));
}

void fuzz(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::size_t piece_size = std::size_t{input.front()} + 1;
  const std::string_view text = as_text(std::as_bytes(input.subspan(1)));
  const auto whole = read(text, text.size());
  const auto in_pieces = read(text, piece_size);
  ROLLCALL_CHECK(std::ranges::equal(whole, in_pieces, are_same));
  std::ranges::for_each(whole, check_writing);
}

}  // namespace
}  // namespace rollcall::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::http::fuzz(std::span(data, size));
  return 0;
}
