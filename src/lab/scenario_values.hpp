// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"

/// The values a scenario is written with. Each reader says, where it refuses, what it found and
/// what is allowed.
namespace rollcall::lab {

template <class T>
using Read = std::expected<T, std::string>;

/// "250ms", from low to high.
Read<Duration> read_duration(std::string_view text, Duration low, Duration high);
/// "100us..500us", or one duration for both.
Read<std::pair<Duration, Duration>> read_delay(std::string_view text);
/// A whole number from low to high.
Read<std::size_t> read_count(std::string_view text, std::size_t low, std::size_t high);
/// "0.25" or "25%": from 0 to 1.
Read<double> read_share(std::string_view text);
/// A whole number from low to high, of either sign.
Read<std::int64_t> read_integer(std::string_view text, std::int64_t low, std::int64_t high);
/// A number that is not negative: "250", "0.5".
Read<double> read_amount(std::string_view text);
/// The place of the word among the words.
Read<std::size_t> read_choice(std::string_view text, std::span<const std::string_view> words);

/// The shortest text that reads back as the same number.
std::string number_text(double number);
/// "a, b and c".
std::string list_text(std::span<const std::string_view> words);

}  // namespace rollcall::lab
