// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any text that is read as a duration, an address or a host and port is written as a text that
/// is read as the same.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

namespace rollcall {
namespace {

void fuzz(std::string_view text) {
  if (const auto duration = parse_duration(text)) {
    ROLLCALL_CHECK(parse_duration(duration_text(*duration)) == duration);
  }
  if (const auto address = parse_address(text)) {
    ROLLCALL_CHECK(parse_address(to_text(*address)) == address);
  }
  if (const auto host_port = parse_host_port(text)) {
    ROLLCALL_CHECK(parse_host_port(to_text(*host_port)) == host_port);
    ROLLCALL_CHECK(parse_host_port(text, 7420) == host_port);
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::fuzz(rollcall::as_text(std::as_bytes(std::span(data, size))));
  return 0;
}
