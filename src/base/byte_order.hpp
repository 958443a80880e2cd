// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>

namespace rollcall {

/// A number of this machine as it stands in bytes of that order, and the other way about.
template <std::endian order, std::unsigned_integral Word>
constexpr Word in_order(Word word) {
  if constexpr (order != std::endian::native) return std::byteswap(word);
  return word;
}

}  // namespace rollcall
