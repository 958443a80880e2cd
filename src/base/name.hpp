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
  const Verdicts digits_and_marks = are_between<'-', '9'>(c) & ~(c == '/');  // "-./0123456789"
  return are_between<'a', 'z'>(c | case_bit) | digits_and_marks | (c == '_');
}

template <class Word>
[[gnu::always_inline]] inline Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// One to sixteen characters: all of them at least once, and nothing else.
[[gnu::always_inline]] inline Block load_short(const char* begin, std::size_t size) {
  const char* const end = begin + size;
  if (size >= 8) {
    const Halves ends = {load<std::uint64_t>(begin), load<std::uint64_t>(end - 8)};
    return std::bit_cast<Block>(ends);
  }
  std::uint64_t ends = 0;
  if (size >= 4) {
    ends = load<std::uint32_t>(begin) | std::uint64_t{load<std::uint32_t>(end - 4)} << 32U;
  } else {
    const std::uint64_t first = load<std::uint8_t>(begin);
    const std::uint64_t middle = load<std::uint8_t>(begin + size / 2);
    const std::uint64_t last = load<std::uint8_t>(end - 1);
    ends = first | middle << 8U | last << 16U;  // three bytes, repeated to fill eight
    ends |= ends << 24U | ends << 48U;
  }
  return std::bit_cast<Block>(Halves{ends, ends});
}

[[gnu::always_inline]] inline bool are_all_true(Verdicts verdicts) {
  const Halves halves = std::bit_cast<Halves>(verdicts);
  return (halves[0] & halves[1]) == ~std::uint64_t{0};
}

/// is_name_char() of all; at least sixteen. The last block reaches back over the one before it
/// rather than beyond the end.
[[gnu::always_inline]] inline bool are_name_chars(const char* begin, const char* end) {
  const char* const last = end - sizeof(Block);
  if (!are_all_true(judge(load<Block>(last)))) [[unlikely]] return false;
  for (const char* at = begin; at < last; at += sizeof(Block)) [[unlikely]] {
    if (!are_all_true(judge(load<Block>(at)))) return false;
  }
  return true;
}

/// The first character has a rule of its own, so only the others are left for the blocks.
[[gnu::always_inline]] inline bool is_valid(std::string_view name) {
  if (name.size() > name_size_max) [[unlikely]] return false;
  const char* const begin = name.data();
  if (name.size() > sizeof(Block)) [[likely]] {
    return is_letter_or_digit(*begin) && are_name_chars(begin + 1, begin + name.size());
  }
  return !name.empty() && is_letter_or_digit(*begin) &&
         are_all_true(judge(load_short(begin, name.size())));
}

}  // namespace rollcall::name_check
