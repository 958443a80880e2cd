// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::cli {

/// The text with control characters made visible ("\x1B"): names, tags and messages come from
/// the network, and must not be able to command the terminal that shows them.
std::string printable(std::string_view text);

/// How many columns a terminal gives the text, taking each code point of UTF-8 as one.
std::size_t width(std::string_view text);

using WallTime = std::chrono::system_clock::time_point;

/// Reads "2025-01-31T12:00:00.123Z" (RFC 3339 in UTC), with or without a fraction.
std::optional<WallTime> parse_time(std::string_view text);

/// "12:00:00.123", in the time zone of whoever looks.
std::string clock_text(WallTime time);

/// How long something has lasted, in about three digits: "0.4s", "12s", "3m05s", "2h10m", "4d".
std::string age_text(std::chrono::system_clock::duration age);

}  // namespace rollcall::cli
