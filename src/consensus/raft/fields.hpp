// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "consensus/raft/codec.hpp"
#include "consensus/raft/config.hpp"
#include "consensus/raft/types.hpp"

/// The fields of messages, and of the frames around them; only the codecs use them.
namespace rollcall::consensus::raft {

/// Terms, indexes and sizes end here, so that adding to one never wraps, and a disk that knows only
/// signed numbers can keep it.
inline constexpr std::uint64_t number_max = std::uint64_t{1} << 62U;

class Writer : public ByteWriter<std::endian::little> {
 public:
  using ByteWriter::ByteWriter;

  void term(Term term) { word(number(term)); }
  void index(Index index) { word(number(index)); }
  void position(const Position& position) {
    index(position.index);
    term(position.term);
  }
  void voter(VoterId voter) { word(number(voter)); }
  /// A 32-bit size, then the bytes.
  void payload(Bytes payload) {
    ROLLCALL_CHECK(payload.size() <= Config::payload_bytes_max);
    count(payload.size());
    bytes(payload);
  }
};

class Reader : public ByteReader<std::endian::little> {
 public:
  using ByteReader::ByteReader;

  std::uint64_t number() {
    const auto value = word<std::uint64_t>();
    require(value <= number_max);
    return value;
  }
  Term term() { return Term{number()}; }
  Index index() { return Index{number()}; }
  Position position() {
    const Index at = index();
    return {.term = term(), .index = at};
  }
  VoterId voter() {
    const auto value = word<std::uint64_t>();
    require(value != 0);
    return VoterId{value};
  }
  ByteVector payload() {
    const std::size_t size = word<std::uint32_t>();
    if (size > Config::payload_bytes_max) fail(DecodeError::too_large);
    const Bytes taken = bytes(size);
    return {taken.begin(), taken.end()};
  }

  /// Likewise refuse(), for a reason of its own.
  void fail(DecodeError error) {
    if (is_good()) error_ = error;
    refuse();
  }
  /// What was wrong first, once something was.
  [[nodiscard]] DecodeError error() const {
    return trouble() == ByteTrouble::cut_short ? DecodeError::too_short : error_;
  }

 private:
  DecodeError error_ = DecodeError::bad_value;
};

}  // namespace rollcall::consensus::raft
