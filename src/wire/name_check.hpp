// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "wire/messages.hpp"

/// The rule for names (base/text.hpp, is_valid_name) in the form that the decoder of records
/// needs: every record that arrives carries a name, so sixteen characters are judged at a time.
namespace rollcall::wire::name_check {

using Block [[gnu::vector_size(16)]] = std::uint8_t;
using Signed [[gnu::vector_size(16)]] = std::int8_t;
/// Sixteen verdicts, all bits of a byte set for yes. Not a vector of bytes, so that the compiler
/// takes the logic below as it stands.
using Verdicts [[gnu::vector_size(16)]] = std::uint64_t;

template <class Vector>
[[gnu::always_inline]] inline Vector load(const void* at) {
  Vector vector;
  std::memcpy(&vector, at, sizeof vector);
  return vector;
}

/// Which characters lie from first to last. Shifted so that last is the greatest signed number,
/// the range is whatever is greater than the number before its first: one addition, one
/// comparison, which is all that the oldest vector units have.
template <char first, char last>
[[gnu::always_inline]] inline Verdicts are_between(Block c) {
  constexpr auto shift = static_cast<std::uint8_t>(127 - last);
  constexpr auto before = static_cast<std::int8_t>(127 - (last - first) - 1);
  return std::bit_cast<Verdicts>(std::bit_cast<Signed>(c + shift) > before);
}
[[gnu::always_inline]] inline Verdicts are_equal(Block c, char to) {
  return std::bit_cast<Verdicts>(c == static_cast<std::uint8_t>(to));
}

/// Which characters are letters, digits, '.', '_' or '-'.
[[gnu::always_inline]] inline Verdicts judge(Block c) {
  constexpr std::uint8_t case_bit = 'a' - 'A';
  // '/' lies between the marks and the digits, so taking it out is one operation.
  const Verdicts digits_and_marks = are_between<'-', '9'>(c) ^ are_equal(c, '/');
  return are_between<'a', 'z'>(c | case_bit) | digits_and_marks | are_equal(c, '_');
}

[[gnu::always_inline]] inline bool are_all_true(Verdicts verdicts) {
#ifdef __SSE2__
  using Chars [[gnu::vector_size(16)]] = char;
  return __builtin_ia32_pmovmskb128(std::bit_cast<Chars>(verdicts)) == 0xFFFF;
#else
  return (verdicts[0] & verdicts[1]) == ~std::uint64_t{0};
#endif
}

/// True for those of the sixteen characters before the end of a name that are not the name's.
[[gnu::always_inline]] inline Verdicts are_before_name(std::size_t name_size) {
  static constexpr std::array<std::int8_t, 32> mask = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                       -1, -1, -1, -1, -1, -1, -1, -1};
  return load<Verdicts>(mask.data() + std::min(name_size, sizeof(Block)));
}

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// is_valid_name(), for a name of at most name_bytes_max bytes before whose end sixteen bytes can
/// be read. (A record has more than that before its name.)
[[gnu::always_inline]] inline bool is_valid(const char* begin, std::size_t size) {
  if (size == 0 || !is_letter_or_digit(*begin)) [[unlikely]]
    return false;
  const char* const last = begin + size - sizeof(Block);
  Verdicts verdicts = judge(load<Block>(last)) | are_before_name(size);
  // What the last block leaves, but for the first character, which has passed already.
  for (const char* at = begin + 1; at < last; at += sizeof(Block)) [[unlikely]] {
    verdicts &= judge(load<Block>(at));
  }
  return are_all_true(verdicts);
}

}  // namespace rollcall::wire::name_check
