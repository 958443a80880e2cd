// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_values.hpp"

#include <array>
#include <charconv>

#include "base/suggest.hpp"
#include "base/text.hpp"

namespace rollcall::lab {
namespace {

std::string found(std::string_view text) {
  return "found '" + std::string(text) + "'; ";
}

std::string range_text(Duration low, Duration high) {
  const std::string from = low == Duration::zero() ? "0" : duration_text(low);
  return "a duration from " + from + " to " + duration_text(high) + ", as in 250ms or 1.5s";
}

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

}  // namespace

Read<Duration> read_duration(std::string_view text, Duration low, Duration high) {
  const auto duration = parse_duration(text);
  if (duration && *duration >= low && *duration <= high) return *duration;
  const std::string why = text.starts_with('-') ? "a time cannot be negative; " : "";
  return std::unexpected(found(text) + why + "allowed: " + range_text(low, high));
}

Read<std::pair<Duration, Duration>> read_delay(std::string_view text) {
  constexpr Duration delay_max = std::chrono::minutes(1);
  const std::size_t dots = text.find("..");
  const auto low = read_duration(text.substr(0, dots), {}, delay_max);
  if (!low) return std::unexpected(low.error() + ", or two of them: 100us..500us");
  if (dots == std::string_view::npos) return std::pair(*low, *low);
  const auto high = read_duration(text.substr(dots + 2), {}, delay_max);
  if (!high) return std::unexpected(high.error());
  if (*low > *high) {
    return std::unexpected(found(text) + "the second is below the first; allowed: MIN..MAX");
  }
  return std::pair(*low, *high);
}

Read<std::size_t> read_count(std::string_view text, std::size_t low, std::size_t high) {
  std::size_t number = 0;
  if (read_whole(text, number) && number >= low && number <= high) return number;
  return std::unexpected(found(text) + "allowed: a whole number from " + std::to_string(low) +
                         " to " + std::to_string(high));
}

Read<std::int64_t> read_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  if (read_whole(text, number) && number >= low && number <= high) return number;
  return std::unexpected(found(text) + "allowed: a whole number from " + std::to_string(low) +
                         " to " + std::to_string(high));
}

Read<double> read_share(std::string_view text) {
  const bool is_percentage = text.ends_with('%');
  double number = 0;
  const bool is_number = read_whole(text.substr(0, text.size() - (is_percentage ? 1 : 0)), number);
  const double share = is_percentage ? number / 100 : number;
  if (is_number && share >= 0 && share <= 1) return share;
  return std::unexpected(found(text) + "allowed: a share from 0 to 1, or from 0% to 100%");
}

Read<double> read_amount(std::string_view text) {
  double number = 0;
  if (read_whole(text, number) && number >= 0 && number < 1e18) return number;
  return std::unexpected(found(text) + "allowed: a number that is not negative");
}

Read<std::size_t> read_choice(std::string_view text, std::span<const std::string_view> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return i;
  }
  const std::string_view meant = nearest(text, words);
  const std::string question = meant.empty() ? "" : "did you mean " + std::string(meant) + "? ";
  return std::unexpected(found(text) + question + "allowed: " + list_text(words));
}

std::string number_text(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return error == std::errc() ? std::string(buffer.data(), end) : "0";
}

std::string list_text(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace rollcall::lab
