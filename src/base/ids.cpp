// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <charconv>
#include <system_error>

namespace rollcall {

std::string to_text(const LifeId& id) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = digits[(id.high >> (4 * i)) & 0xFU];
    text[31 - i] = digits[(id.low >> (4 * i)) & 0xFU];
  }
  return text;
}

std::optional<LifeId> parse_life_id(std::string_view text) {
  constexpr std::size_t word_digits = 16;
  LifeId id;
  const auto read = [](std::string_view digits, std::uint64_t& word) {
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, word, 16);
    return error == std::errc() && at == end;
  };
  const bool is_id = text.size() == 2 * word_digits && read(text.substr(0, word_digits), id.high) &&
                     read(text.substr(word_digits), id.low) && to_text(id) == text;
  return is_id ? std::optional(id) : std::nullopt;
}

}  // namespace rollcall
