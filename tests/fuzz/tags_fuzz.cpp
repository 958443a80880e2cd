// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any bytes are tags or refused, and tags are written back byte for byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "wire/tags.hpp"

namespace rollcall::wire {
namespace {

void fuzz(Bytes bytes) {
  const auto tags = decode_tags(bytes);
  ROLLCALL_CHECK(are_valid_tags(bytes) == tags.has_value());
  if (!tags) return;
  const auto again = encode_tags(*tags);
  ROLLCALL_CHECK(again.has_value());
  ROLLCALL_CHECK(std::ranges::equal(*again, bytes));
}

}  // namespace
}  // namespace rollcall::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::wire::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
