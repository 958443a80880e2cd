// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace rollcall::cli {

/// "12.35", with so many digits behind the point.
std::string decimals(double number, int digits);
/// A duration in about three digits and the unit that fits: "850us", "12.3ms", "4.57s", "3m20s".
std::string to_text_short(Duration duration);
/// "median 1.2ms, p99 3.4ms, max 5.6ms (20)"; one value stands alone, and none is "none".
std::string spread_text(const std::vector<Duration>& times);
/// 16 hexadecimal digits.
std::string hash_text(std::uint64_t hash);
/// A word as a shell reads it back.
std::string shell_word(const std::string& word);
std::vector<std::string> lines_of(std::string_view text);

}  // namespace rollcall::cli
