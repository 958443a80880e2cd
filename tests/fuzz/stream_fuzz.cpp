// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any frame is read or refused, and what was read is written back byte for byte. The input is a
/// frame: a head, whose length is not looked at, and a body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "wire/stream.hpp"

namespace rollcall::wire {
namespace {

void fuzz(Bytes frame) {
  const Bytes head_bytes = frame.first(std::min(frame.size(), frame_head_bytes));
  const auto head = decode_frame_head(head_bytes);
  ROLLCALL_CHECK(!head || head->body_bytes <= frame_bytes_max);

  const Bytes body = frame.subspan(head_bytes.size());
  const auto message = decode_frame_body(body);
  if (!message) return;
  ByteVector again;
  encode_frame(head ? head->envelope : Envelope(), *message, again);
  ROLLCALL_CHECK(std::ranges::equal(Bytes(again).subspan(frame_head_bytes), body));
  if (head && head->body_bytes == body.size()) ROLLCALL_CHECK(std::ranges::equal(again, frame));
  ROLLCALL_CHECK(decode_frame_body(Bytes(again).subspan(frame_head_bytes)) == message);
}

}  // namespace
}  // namespace rollcall::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::wire::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
