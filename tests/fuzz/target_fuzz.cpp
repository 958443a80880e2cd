// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any text that is read as a request target, a percent-encoded word or a server's address means
/// the same after it was written again.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/client.hpp"
#include "http/target.hpp"

namespace rollcall::http {
namespace {

void fuzz_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  ROLLCALL_CHECK(target->raw_path.starts_with('/'));
  ROLLCALL_CHECK(!target->raw_path.contains('?'));
  std::string again = target->raw_path;
  char separator = '?';
  for (const auto& [key, value] : target->query) {
    again += separator + percent_encoded(key) + "=" + percent_encoded(value);
    separator = '&';
  }
  const auto reread = parse_target(again);
  ROLLCALL_CHECK(reread.has_value());
  ROLLCALL_CHECK(reread->raw_path == target->raw_path);
  ROLLCALL_CHECK(reread->query == target->query);
}

void fuzz(std::string_view text) {
  fuzz_target(text);
  for (const Plus plus : {Plus::literal, Plus::space}) {
    ROLLCALL_CHECK(percent_decode(percent_encoded(text), plus) == text);
    if (const auto decoded = percent_decode(text, plus)) {
      ROLLCALL_CHECK(decoded->size() <= text.size());
    }
  }
  if (const auto server = parse_server(text)) {
    const auto again = parse_server("http://" + to_text(*server) + "/");
    ROLLCALL_CHECK(again.has_value());
    ROLLCALL_CHECK(*again == *server);
  }
}

}  // namespace
}  // namespace rollcall::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::http::fuzz(rollcall::as_text(std::as_bytes(std::span(data, size))));
  return 0;
}
