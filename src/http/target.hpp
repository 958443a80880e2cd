// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace rollcall::http {

/// A request target in its two parts, the path still encoded.
struct Target {
  std::string raw_path;
  Pairs query;
};

/// Splits "/path?query" or "http://host/path?query".
///
/// Errors: nothing when it is neither form, or an escape is not '%' and two hexadecimal digits.
/// Source: RFC 9112, section 3.2; RFC 3986, section 2.1. In the query, '+' is a space.
std::optional<Target> parse_target(std::string_view target);

enum class Plus : std::uint8_t { literal, space };

/// Replaces "%2F" by "/" and so on; nothing when an escape is broken.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace rollcall::http
