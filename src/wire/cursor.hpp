// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/address.hpp"
#include "base/byte_order.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"

/// Fields at a moving place in bytes. Whoever uses these has made sure of the room before, once
/// for a whole run of fields: that is why they are fast, and why only the codecs use them.
/// (base/byte_cursor.hpp asks before each field.)
namespace rollcall::wire {

inline constexpr std::endian byte_order = std::endian::little;

/// Copies a few bytes (names, mostly below 32) without the call that memcpy makes when it does
/// not know the size: two copies of a fixed size, which overlap in the middle.
[[gnu::always_inline]] inline void copy_few(std::byte* to, const std::byte* from,
                                            std::size_t size) {
  const auto copy_ends = [&](auto word) {
    decltype(word) last;
    std::memcpy(&word, from, sizeof word);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &word, sizeof word);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  using Pair = std::array<std::uint64_t, 2>;
  if (size - sizeof(Pair) <= sizeof(Pair)) {  // 16 to 32
    copy_ends(Pair());
  } else if (size > sizeof(Pair)) {
    std::memcpy(to, from, size);
  } else if (size >= sizeof(std::uint64_t)) {
    copy_ends(std::uint64_t());
  } else if (size >= sizeof(std::uint32_t)) {
    copy_ends(std::uint32_t());
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

/// Writes numbers with their lowest byte first.
class FieldWriter {
 public:
  explicit FieldWriter(std::byte* at) : at_(at) {}

  void u8(std::uint8_t value) { *at_++ = std::byte{value}; }
  void u16(std::uint16_t value) { word(in_order<byte_order>(value)); }
  void u32(std::uint32_t value) { word(in_order<byte_order>(value)); }
  void u64(std::uint64_t value) { word(in_order<byte_order>(value)); }
  void life_id(const LifeId& id) {
    u64(id.high);
    u64(id.low);
  }
  [[gnu::always_inline]] void bytes(Bytes bytes) {
    copy_few(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

  template <std::size_t Size>
  void fixed(std::span<const std::byte, Size> bytes) {
    std::memcpy(at_, bytes.data(), Size);
    at_ += Size;
  }

  [[nodiscard]] const std::byte* at() const { return at_; }

 private:
  template <std::unsigned_integral Word>
  void word(Word value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }

  std::byte* at_;
};

/// Takes the place of a FieldWriter to learn how many bytes the same fields will need.
class FieldCounter {
 public:
  void u8(std::uint8_t) { count_ += 1; }
  void u16(std::uint16_t) { count_ += 2; }
  void u32(std::uint32_t) { count_ += 4; }
  void u64(std::uint64_t) { count_ += 8; }
  void life_id(const LifeId&) { count_ += 16; }
  void bytes(Bytes bytes) { count_ += bytes.size(); }

  template <std::size_t Size>
  void fixed(std::span<const std::byte, Size>) {
    count_ += Size;
  }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

/// An IP address, bytes in network order, as two words that fit registers.
struct IpWords {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  bool operator==(const IpWords&) const = default;
};

/// Puts an IP in its place with one store.
[[gnu::always_inline]] inline void store_ip(Address& address, const IpWords& ip) {
  using Both [[gnu::vector_size(16)]] = std::uint64_t;
  const Both both = {ip.first, ip.second};
  std::memcpy(address.ip.data(), &both, sizeof both);
}

/// Reads what FieldWriter wrote. left() must be asked before a run of fields is read.
class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] Bytes rest() const { return {at_, end_}; }

  void skip(std::size_t size) { at_ += size; }
  /// The next byte, which stays to be read.
  [[nodiscard]] std::uint8_t peek() const { return std::to_integer<std::uint8_t>(*at_); }

  std::uint8_t u8() { return std::to_integer<std::uint8_t>(*at_++); }
  std::uint16_t u16() { return in_order<byte_order>(word<std::uint16_t>()); }
  std::uint32_t u32() { return in_order<byte_order>(word<std::uint32_t>()); }
  std::uint64_t u64() { return in_order<byte_order>(word<std::uint64_t>()); }
  LifeId life_id() {
    const std::uint64_t high = u64();
    return {high, u64()};
  }
  IpWords ipv6() {
    const auto first = word<std::uint64_t>();
    return {first, word<std::uint64_t>()};
  }
  /// An IPv4 address in the place of the last four bytes, which must be zero.
  IpWords ipv4(IpWords prefix) {
    const std::uint64_t last = word<std::uint32_t>();
    prefix.second |= std::endian::native == std::endian::little ? last << 32U : last;
    return prefix;
  }
  Bytes bytes(std::size_t size) {
    at_ += size;
    return {at_ - size, size};
  }
  std::string_view text(std::size_t size) { return as_text(bytes(size)); }

 private:
  template <std::unsigned_integral Word>
  Word word() {
    Word value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace rollcall::wire
