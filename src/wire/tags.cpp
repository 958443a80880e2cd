// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/tags.hpp"

#include <limits>
#include <optional>
#include <string_view>

#include "wire/cursor.hpp"

namespace rollcall::wire {
namespace {

constexpr std::size_t key_bytes_max = std::numeric_limits<std::uint8_t>::max();
/// The lengths of one pair: key u8, value u16.
constexpr std::size_t pair_overhead_bytes = 1 + 2;

struct Pair {
  std::string_view key;
  std::string_view value;
};

/// Walks over encoded tags, pair by pair, and refuses whatever encode_tags() does not write.
class TagReader {
 public:
  explicit TagReader(Bytes bytes) : in_(bytes) {}

  [[nodiscard]] bool at_end() const { return in_.left() == 0; }

  std::expected<Pair, DecodeError> next() {
    const std::size_t key_size = in_.u8();
    if (key_size == 0) return std::unexpected(DecodeError::bad_field);
    if (in_.left() < key_size + 2) return std::unexpected(DecodeError::too_short);
    const std::string_view key = in_.text(key_size);
    const std::size_t value_size = in_.u16();
    if (in_.left() < value_size) return std::unexpected(DecodeError::too_short);
    if (key <= previous_key_) return std::unexpected(DecodeError::bad_field);
    previous_key_ = key;
    return Pair{key, in_.text(value_size)};
  }

 private:
  FieldReader in_;
  std::string_view previous_key_;  // empty before the first: any key is above it
};

/// The size of the encoding, or why there is none.
std::expected<std::size_t, DecodeError> encoded_bytes(const Tags& tags) {
  std::size_t size = 0;
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > key_bytes_max) return std::unexpected(DecodeError::bad_field);
    size += pair_overhead_bytes + key.size() + value.size();
    if (size > tags_bytes_max) return std::unexpected(DecodeError::too_long);
  }
  return size;
}

}  // namespace

std::expected<ByteVector, DecodeError> encode_tags(const Tags& tags) {
  const auto size = encoded_bytes(tags);
  if (!size) return std::unexpected(size.error());
  ByteVector bytes(*size);
  FieldWriter out(bytes.data());
  for (const auto& [key, value] : tags) {
    out.u8(static_cast<std::uint8_t>(key.size()));
    out.bytes(as_bytes(key));
    out.u16(static_cast<std::uint16_t>(value.size()));
    out.bytes(as_bytes(value));
  }
  return bytes;
}

std::expected<Tags, DecodeError> decode_tags(Bytes bytes) {
  if (bytes.size() > tags_bytes_max) return std::unexpected(DecodeError::too_long);
  Tags tags;
  for (TagReader in(bytes); !in.at_end();) {
    const auto pair = in.next();
    if (!pair) return std::unexpected(pair.error());
    tags.emplace_hint(tags.end(), pair->key, pair->value);
  }
  return tags;
}

bool are_valid_tags(Bytes bytes) {
  if (bytes.size() > tags_bytes_max) return false;
  for (TagReader in(bytes); !in.at_end();) {
    if (!in.next()) return false;
  }
  return true;
}

}  // namespace rollcall::wire
