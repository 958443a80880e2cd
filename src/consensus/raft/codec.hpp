// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.hpp"
#include "consensus/raft/config.hpp"
#include "consensus/raft/messages.hpp"

/// The bytes of a Message, as PROTOCOL.md has them under "The replicated log". They do not say
/// where they end: the frame around them does.
namespace rollcall::consensus::raft {

/// The longest message there is: one append whose only entry is as large as can be, or one piece of
/// a snapshot. What is before the payload fits into the rest.
inline constexpr std::size_t message_head_bytes_max = 1024;
inline constexpr std::size_t message_bytes_max = Config::payload_bytes_max + message_head_bytes_max;

enum class DecodeError : std::uint8_t {
  too_short,     // ends within a field
  too_long,      // goes on after the last field, or is above message_bytes_max
  unknown_kind,  // no such message
  bad_value,     // a number that its field may not have, or a membership that is none
  too_many,      // entries above Config::entries_max
  too_large      // a payload above Config::payload_bytes_max
};
std::string_view to_text(DecodeError error);

/// Appends the message to `out`.
///
/// Limits: the entries of an append follow Append::previous one after the other, and all is within
///         the limits of Config (checked): no replica has anything else to say.
void encode(const Message& message, ByteVector& out);

/// Total: any bytes are a message or an error, and encode() gives a message's very bytes back.
///
/// Limits: takes memory in proportion to the bytes given, whatever they claim.
[[nodiscard]] std::expected<Message, DecodeError> decode_message(Bytes bytes);

}  // namespace rollcall::consensus::raft
