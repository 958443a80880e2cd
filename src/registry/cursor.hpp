// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace rollcall::registry {

/// Appends big-endian numbers and counted text.
class Writer {
 public:
  template <std::unsigned_integral Word>
  void word(Word value) {
    std::array<std::byte, sizeof(Word)> raw{};
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      raw[i] = static_cast<std::byte>(value >> (8 * (sizeof(Word) - 1 - i)));
    }
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  /// A 16-bit size, then the bytes.
  void text(std::string_view text) {
    ROLLCALL_CHECK(text.size() <= UINT16_MAX);
    word(static_cast<std::uint16_t>(text.size()));
    const Bytes raw = as_bytes(text);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void count(std::size_t count) {
    ROLLCALL_CHECK(count <= UINT32_MAX);
    word(static_cast<std::uint32_t>(count));
  }

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] ByteVector take() { return std::move(bytes_); }
  void reserve(std::size_t size) { bytes_.reserve(size); }

 private:
  ByteVector bytes_;
};

/// Reads what Writer wrote, from bytes that anybody may have written.
///
/// Errors: whatever is not there reads as zero or empty, and is_good() is false from then on; so a
///         decoder reads everything and asks once.
/// Limits: reads nothing beyond the bytes; a count is believed only up to what the rest can hold.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  template <std::unsigned_integral Word>
  Word word() {
    if (rest_.size() < sizeof(Word)) return fail<Word>();
    Word value = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      if constexpr (sizeof(Word) > 1) value = static_cast<Word>(value << 8U);
      value = static_cast<Word>(value | std::to_integer<Word>(rest_[i]));
    }
    rest_ = rest_.subspan(sizeof(Word));
    return value;
  }
  std::string_view text(std::size_t size_max) {
    const std::size_t size = word<std::uint16_t>();
    if (size > size_max || size > rest_.size()) return fail<std::string_view>();
    const std::string_view text = as_text(rest_.first(size));
    rest_ = rest_.subspan(size);
    return text;
  }
  /// How many records of at least `record_bytes_min` bytes follow.
  std::size_t count(std::size_t count_max, std::size_t record_bytes_min) {
    const std::size_t count = word<std::uint32_t>();
    if (count > count_max || count * record_bytes_min > rest_.size()) return fail<std::size_t>();
    return count;
  }
  /// An enumerator from zero to `last`.
  template <class Enum>
  Enum one_of(Enum last) {
    const auto value = word<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) return fail<Enum>();
    return static_cast<Enum>(value);
  }
  /// What was read is not allowed.
  void refuse() { is_good_ = false; }
  void require(bool holds) {
    if (!holds) refuse();
  }

  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  template <class T>
  T fail() {
    is_good_ = false;
    rest_ = {};
    return T{};
  }

  Bytes rest_;
  bool is_good_ = true;
};

}  // namespace rollcall::registry
