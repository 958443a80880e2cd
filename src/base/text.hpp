// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace rollcall {

/// Reads "250ms", "1s", "2m", "1h", "20us", also with a fraction ("1.5s"). A bare "0" is zero.
/// Anything else, a negative value or one beyond 10,000 hours is no duration.
std::optional<Duration> parse_duration(std::string_view text);

/// The shortest exact form that parse_duration reads back: "250ms", "1s", "1m30s" is "90s".
std::string duration_text(Duration duration);

/// 1 to 128 bytes of letters, digits, '.', '_', '-'; begins with a letter or digit.
bool is_valid_name(std::string_view name);

/// Whether it is UTF-8, and so can be put into JSON as it is.
/// Source: RFC 3629, section 4.
bool is_utf8(std::string_view text);

/// What is_valid_name() allows, for error messages.
inline constexpr std::string_view name_rule =
    "1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit";

}  // namespace rollcall
