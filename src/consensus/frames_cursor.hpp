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
#include "base/ids.hpp"
#include "base/text.hpp"
#include "consensus/frames.hpp"
#include "consensus/raft/config.hpp"

/// The fields of frames; only frames.cpp uses them.
namespace rollcall::consensus {

/// As in messages of the replicated log: adding to an index or a size never wraps.
inline constexpr std::uint64_t frame_number_max = std::uint64_t{1} << 62U;
inline constexpr std::size_t frame_payload_bytes_max = raft::Config::payload_bytes_max;

/// Appends fields, lowest byte first.
class FrameWriter {
 public:
  explicit FrameWriter(ByteVector& out) : out_(out) {}

  template <std::unsigned_integral Word>
  void word(Word value) {
    std::array<std::byte, sizeof(Word)> raw{};
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      raw[i] = static_cast<std::byte>((std::uint64_t{value} >> (8 * i)) & 0xFFU);
    }
    bytes(raw);
  }
  template <class Enum>
  void choice(Enum value) {
    word(static_cast<std::uint8_t>(value));
  }
  void flag(bool value) { word(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void id(const LifeId& id) {
    word(id.high);
    word(id.low);
  }
  void position(const raft::Position& position) {
    word(raft::number(position.index));
    word(raft::number(position.term));
  }
  void text(std::string_view text) {
    ROLLCALL_CHECK(text.size() <= frame_text_bytes_max);
    word(static_cast<std::uint16_t>(text.size()));
    bytes(as_bytes(text));
  }
  void payload(Bytes payload) {
    ROLLCALL_CHECK(payload.size() <= frame_payload_bytes_max);
    word(static_cast<std::uint32_t>(payload.size()));
    bytes(payload);
  }
  void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  [[nodiscard]] ByteVector& out() { return out_; }

 private:
  ByteVector& out_;
};

/// What is not there reads as zero, so that a decoder reads everything and asks once.
class FrameReader {
 public:
  explicit FrameReader(Bytes bytes) : rest_(bytes) {}

  template <std::unsigned_integral Word>
  Word word() {
    const Bytes raw = bytes(sizeof(Word));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value |= std::to_integer<std::uint64_t>(raw[i]) << (8 * i);
    }
    return static_cast<Word>(value);
  }
  std::uint64_t number() {
    const auto value = word<std::uint64_t>();
    require(value <= frame_number_max);
    return value;
  }
  raft::Index index() { return raft::Index{number()}; }
  raft::Term term() { return raft::Term{number()}; }
  raft::Position position() {
    const raft::Index at = index();
    return {.term = term(), .index = at};
  }
  raft::VoterId voter() {
    const auto value = word<std::uint64_t>();
    require(value != 0);
    return raft::VoterId{value};
  }
  /// An enumerator from zero to `last`.
  template <class Enum>
  Enum choice(Enum last) {
    const auto value = word<std::uint8_t>();
    require(value <= static_cast<std::uint8_t>(last));
    return is_good_ ? static_cast<Enum>(value) : Enum{};
  }
  bool flag() {
    const auto value = word<std::uint8_t>();
    require(value <= 1);
    return value == 1;
  }
  LifeId id() {
    const auto high = word<std::uint64_t>();
    return {.high = high, .low = word<std::uint64_t>()};
  }
  std::string text() {
    const std::size_t size = word<std::uint16_t>();
    require(size <= frame_text_bytes_max);
    return std::string(as_text(bytes(size)));
  }
  /// A member's; whoever shows it can be sure that it is one.
  std::string name() {
    std::string name = text();
    require(is_valid_name(name));
    return name;
  }
  ByteVector payload() {
    const std::size_t size = word<std::uint32_t>();
    require(size <= frame_payload_bytes_max);
    const Bytes taken = bytes(size);
    return {taken.begin(), taken.end()};
  }
  /// How many records of at least `record_bytes_min` bytes follow.
  std::size_t count(std::size_t count_max, std::size_t record_bytes_min) {
    const std::size_t count = word<std::uint16_t>();
    require(count <= count_max && count * record_bytes_min <= rest_.size());
    return is_good_ ? count : 0;
  }
  Bytes bytes(std::size_t size) {
    require(size <= rest_.size());
    if (!is_good_) return {};
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  Bytes rest() { return std::exchange(rest_, {}); }
  void require(bool holds) {
    if (!holds) is_good_ = false;
  }
  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  Bytes rest_;
  bool is_good_ = true;
};

}  // namespace rollcall::consensus
