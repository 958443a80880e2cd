// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "wire/messages.hpp"

namespace rollcall::wire {

/// A member's free key-value pairs, in the order of their keys.
using Tags = std::map<std::string, std::string, std::less<>>;

/// Canonical: equal tags have equal bytes. Refused (too_long): above tags_bytes_max; (bad_field):
/// an empty key, a key above 255 bytes.
std::expected<ByteVector, DecodeError> encode_tags(const Tags& tags);

/// Refused: anything that encode_tags() would not have written.
std::expected<Tags, DecodeError> decode_tags(Bytes bytes);

/// Whether decode_tags() would accept the bytes, without building the map.
bool are_valid_tags(Bytes bytes);

}  // namespace rollcall::wire
