// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/byte_order.hpp"
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/ids.hpp"

/// Fields one after the other, each asked for on its own: for what is written to logs, snapshots
/// and streams. (Datagrams, where a field costs, have wire/cursor.hpp.) Every format names its
/// order of bytes once: `using Reader = ByteReader<std::endian::big>`.
namespace rollcall {

/// Appends fields to bytes.
template <std::endian order>
class ByteWriter {
 public:
  /// `out` outlives the writer.
  explicit ByteWriter(ByteVector& out) : out_(&out) {}

  template <std::unsigned_integral Word>
  void word(Word value) {
    bytes(std::bit_cast<std::array<std::byte, sizeof value>>(in_order<order>(value)));
  }
  template <class Enum>
  void choice(Enum value) {
    word(static_cast<std::uint8_t>(value));
  }
  void flag(bool value) { choice(value); }
  void life_id(const LifeId& id) {
    word(id.high);
    word(id.low);
  }
  void life(const Life& life) {
    word(life.boot);
    life_id(life.id);
  }
  template <std::unsigned_integral Size = std::uint32_t>
  void count(std::size_t count) {
    ROLLCALL_CHECK(count <= std::numeric_limits<Size>::max());
    word(static_cast<Size>(count));
  }
  /// A 16-bit size, then the bytes.
  void text(std::string_view text, std::size_t size_max = UINT16_MAX) {
    ROLLCALL_CHECK(text.size() <= size_max);
    count<std::uint16_t>(text.size());
    bytes(as_bytes(text));
  }
  void bytes(Bytes bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }

  [[nodiscard]] ByteVector& out() const { return *out_; }

 private:
  ByteVector* out_;
};

/// Why the rest is not read.
enum class ByteTrouble : std::uint8_t {
  none,
  cut_short,  // a field goes on beyond the end
  refused     // a field has a value that it may not have
};

/// Reads what a ByteWriter wrote, from bytes that anybody may have written.
///
/// Errors: the first trouble is kept, and from then on there is nothing left: every field reads as
///         zero or empty. So a decoder reads everything and asks once.
/// Limits: reads nothing beyond the bytes; a count is believed only up to what the rest can hold.
template <std::endian order>
class ByteReader {
 public:
  /// What is read as Bytes or text points into `bytes`.
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  template <std::unsigned_integral Word>
  Word word() {
    Word value = 0;
    const Bytes raw = bytes(sizeof value);
    if (!raw.empty()) std::memcpy(&value, raw.data(), sizeof value);
    return in_order<order>(value);
  }
  /// An enumerator from zero to `last`.
  template <class Enum>
  Enum choice(Enum last) {
    return choice(Enum{}, last);
  }
  /// Likewise from `first`, which also stands for none.
  template <class Enum>
  Enum choice(Enum first, Enum last) {
    const auto value = word<std::uint8_t>();
    require(value >= static_cast<std::uint8_t>(first) && value <= static_cast<std::uint8_t>(last));
    return is_good() ? static_cast<Enum>(value) : first;
  }
  bool flag() { return choice(true); }
  LifeId life_id() {
    const auto high = word<std::uint64_t>();
    return {.high = high, .low = word<std::uint64_t>()};
  }
  Life life() {
    const auto boot = word<std::uint64_t>();
    return {.boot = boot, .id = life_id()};
  }
  /// How many records of at least `record_bytes_min` bytes follow.
  template <std::unsigned_integral Size = std::uint32_t>
  std::size_t count(std::size_t count_max, std::size_t record_bytes_min) {
    const std::size_t count = word<Size>();
    require(count <= count_max);
    if (count * record_bytes_min > rest_.size()) stop(ByteTrouble::cut_short);
    return is_good() ? count : 0;
  }
  std::string_view text(std::size_t size_max) {
    const std::size_t size = word<std::uint16_t>();
    require(size <= size_max);
    return as_text(bytes(size));
  }
  Bytes bytes(std::size_t size) {
    if (size > rest_.size()) stop(ByteTrouble::cut_short);
    if (!is_good()) return {};
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  /// All that is left.
  Bytes rest() { return std::exchange(rest_, {}); }

  /// What was read is not allowed.
  void refuse() { stop(ByteTrouble::refused); }
  void require(bool holds) {
    if (!holds) refuse();
  }

  [[nodiscard]] bool is_good() const { return trouble_ == ByteTrouble::none; }
  [[nodiscard]] ByteTrouble trouble() const { return trouble_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  /// Nothing was wrong, and nothing is left.
  [[nodiscard]] bool is_whole() const { return is_good() && rest_.empty(); }

 private:
  void stop(ByteTrouble trouble) {
    if (is_good()) trouble_ = trouble;
    rest_ = {};
  }

  Bytes rest_;
  ByteTrouble trouble_ = ByteTrouble::none;
};

}  // namespace rollcall
