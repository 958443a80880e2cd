// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rollcall {
namespace {

struct Unit {
  std::string_view suffix;
  Duration size;
};

using namespace std::chrono_literals;
constexpr std::array<Unit, 6> units = {
    {{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}, {"ns", 1ns}}};
constexpr Duration longest = 10'000h;

constexpr std::size_t name_size_max = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Digits only, at least one.
std::optional<Duration::rep> parse_whole(std::string_view digits) {
  Duration::rep number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// Nothing, or a point and at least one digit: a number below 1.
std::optional<double> parse_fraction(std::string_view text) {
  if (text.empty()) return 0.0;
  if (text.size() == 1 || text.find('.', 1) != std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const bool is_whole_text = end == text.data() + text.size();
  // A fraction too small for a double is none.
  if (error == std::errc::result_out_of_range && is_whole_text) return 0.0;
  if (error != std::errc{} || !is_whole_text) return std::nullopt;
  return number;
}

/// The first byte of a character, and what may follow: the second byte has a range of its own,
/// which leaves out long forms, surrogates and what is beyond Unicode; further ones are 80 to BF.
struct Utf8Head {
  unsigned char first;
  unsigned char last;
  unsigned char second_low;
  unsigned char second_high;
  std::size_t size;
};
constexpr std::array<Utf8Head, 9> utf8_heads = {{{0x00, 0x7F, 0x80, 0xBF, 1},
                                                 {0xC2, 0xDF, 0x80, 0xBF, 2},
                                                 {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                                 {0xE1, 0xEC, 0x80, 0xBF, 3},
                                                 {0xED, 0xED, 0x80, 0x9F, 3},
                                                 {0xEE, 0xEF, 0x80, 0xBF, 3},
                                                 {0xF0, 0xF0, 0x90, 0xBF, 4},
                                                 {0xF1, 0xF3, 0x80, 0xBF, 4},
                                                 {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool is_between(char c, unsigned char low, unsigned char high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

/// The size of the character that the text begins with; 0 when it is none.
std::size_t utf8_size(std::string_view text) {
  const auto* const head = std::ranges::find_if(utf8_heads, [&](const Utf8Head& one) {
    return is_between(text.front(), one.first, one.last);
  });
  if (head == utf8_heads.end() || text.size() < head->size) return 0;
  if (head->size == 1) return 1;
  const bool is_whole = is_between(text[1], head->second_low, head->second_high) &&
                        std::ranges::all_of(text.substr(2, head->size - 2),
                                            [](char c) { return is_between(c, 0x80, 0xBF); });
  return is_whole ? head->size : 0;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  const std::size_t number_size = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto unit = std::ranges::find(units, text.substr(number_size), &Unit::suffix);
  if (unit == units.end()) return std::nullopt;
  const std::string_view number = text.substr(0, number_size);
  const std::size_t point = std::min(number.find('.'), number.size());
  const auto whole = parse_whole(number.substr(0, point));
  const auto fraction = parse_fraction(number.substr(point));
  if (!whole || !fraction || *whole > longest / unit->size) return std::nullopt;
  // The whole part exactly, for a double would lose nanoseconds after a hundred days.
  const Duration duration =
      unit->size * *whole +
      Duration(std::llround(*fraction * static_cast<double>(unit->size.count())));
  return duration <= longest ? std::optional(duration) : std::nullopt;
}

std::string duration_text(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  for (const Unit& unit : units) {
    // Hours and minutes only when exact and customary: "90s" reads better than "1.5m".
    if (duration % unit.size == Duration::zero()) {
      return std::to_string(duration / unit.size) + std::string(unit.suffix);
    }
  }
  return std::to_string(duration.count()) + "ns";
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_valid_name(std::string_view name) {
  if (name.empty() || name.size() > name_size_max || !is_letter_or_digit(name.front())) {
    return false;
  }
  return std::ranges::all_of(
      name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace rollcall
