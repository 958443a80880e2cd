// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// The rule for names (base/text.hpp: is_valid_name), as the decoders need it: every record that
/// arrives carries a name, so sixteen characters are judged at a time, without a call.
namespace rollcall::name_check {

inline constexpr std::size_t name_size_max = 128;

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
constexpr bool is_name_char(char c) {
  return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

using Block [[gnu::vector_size(16)]] = std::uint8_t;
using Verdicts [[gnu::vector_size(16)]] = std::int8_t;  // -1 for yes, 0 for no
using Halves [[gnu::vector_size(16)]] = std::uint64_t;

/// Which characters lie from first to last. Shifted so that last is the greatest signed number,
/// the range is whatever is greater than the number before its first: one addition, one
/// comparison, which is all that the oldest vector units have.
template <char first, char last>
[[gnu::always_inline]] inline Verdicts are_between(Block c) {
  constexpr auto shift = static_cast<std::uint8_t>(127 - last);
  constexpr auto before = static_cast<std::int8_t>(127 - (last - first) - 1);
  return std::bit_cast<Verdicts>(c + shift) > before;
}

/// is_name_char() of each of sixteen.
[[gnu::always_inline]] inline Verdicts judge(Block c) {
  constexpr std::uint8_t case_bit = 'a' - 'A';
  return are_between<'a', 'z'>(c | case_bit) | are_between<'0', '9'>(c) |
         are_between<'-', '.'>(c) | (c == '_');
}

template <class Word>
[[gnu::always_inline]] inline Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// is_name_char() of all; at least one. Loads overlap in the middle rather than reach beyond
/// the ends.
[[gnu::always_inline]] inline bool are_name_chars(const char* begin, std::size_t size) {
  const char* const end = begin + size;
  Verdicts verdicts{};
  if (size >= sizeof(Block)) {
    verdicts = judge(load<Block>(end - sizeof(Block)));
    for (const char* at = begin; at < end - sizeof(Block); at += sizeof(Block)) {
      verdicts &= judge(load<Block>(at));
    }
  } else if (size >= 8) {
    const Halves ends = {load<std::uint64_t>(begin), load<std::uint64_t>(end - 8)};
    verdicts = judge(std::bit_cast<Block>(ends));
  } else if (size >= 4) {
    const std::uint64_t ends =
        load<std::uint32_t>(begin) | std::uint64_t{load<std::uint32_t>(end - 4)} << 32U;
    verdicts = judge(std::bit_cast<Block>(Halves{ends, ends}));
  } else {
    return is_name_char(begin[0]) && is_name_char(begin[size / 2]) && is_name_char(end[-1]);
  }
  const Halves halves = std::bit_cast<Halves>(verdicts);
  return (halves[0] & halves[1]) == ~std::uint64_t{0};
}

[[gnu::always_inline]] inline bool is_valid(std::string_view name) {
  return !name.empty() && name.size() <= name_size_max && is_letter_or_digit(name.front()) &&
         are_name_chars(name.data(), name.size());
}

}  // namespace rollcall::name_check
