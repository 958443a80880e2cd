// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/messages.hpp"
#include "wire/stream.hpp"

/// The numbers of wire version 1. Only wire/ includes this.
///
/// Source: PROTOCOL.md, "Datagrams", "Streams" and "Limits".
namespace rollcall::wire {

inline constexpr std::uint8_t magic_first = 'R';
inline constexpr std::uint8_t magic_second = 'C';
/// Magic, version, flags, cluster, key id, sender, health.
inline constexpr std::size_t envelope_bytes = 2 + 1 + 1 + 4 + 4 + 16 + 1;
/// Zero bytes between the length and the body of a frame, for a later version.
inline constexpr std::size_t frame_reserved_bytes = 3;
static_assert(frame_head_bytes == envelope_bytes + 4 + frame_reserved_bytes);

/// What a later version adds to a sealed datagram: a nonce after the envelope, a tag at the end.
inline constexpr std::size_t seal_nonce_bytes = 24;
inline constexpr std::size_t seal_tag_bytes = 16;
inline constexpr std::size_t ethernet_payload_bytes = 1500;
inline constexpr std::size_t ipv6_udp_header_bytes = 40 + 8;
static_assert(datagram_bytes_max + seal_nonce_bytes + seal_tag_bytes + ipv6_udp_header_bytes <=
              ethernet_payload_bytes);

enum class Kind : std::uint8_t {
  ping = 1,
  ack = 2,
  ping_request = 3,
  report = 4,
  update = 5,
  heartbeats = 6,
  settings = 7,
  seek = 8,
  here = 9,

  join_request = 16,
  join_reply = 17,
  sync_open = 18,
  sync_entries = 19,
  sync_records = 20,
  stream_ping = 21,
  stream_ack = 22,
  watch = 23,
  watch_ack = 24,
  refused = 25,
  agreement_hello = 26,
  agreement_welcome = 27
};

inline constexpr std::uint8_t envelope_sealed = 0x01;

inline constexpr std::uint8_t ack_stranger = 0x01;
inline constexpr std::uint8_t request_ipv6 = 0x01;
inline constexpr std::uint8_t heartbeats_cast = 0x01;

inline constexpr std::uint8_t record_state_mask = 0x03;
inline constexpr std::uint8_t record_history = 0x04;
inline constexpr std::uint8_t record_ipv6 = 0x08;
inline constexpr std::uint8_t record_tags = 0x10;
inline constexpr std::uint8_t record_witness = 0x20;
inline constexpr std::uint8_t record_unfit = 0x40;
inline constexpr std::uint8_t record_flags_known = 0x7F;

// Sizes of the messages of a datagram, kind byte included, up to their first optional field.
inline constexpr std::size_t ping_bytes = 1 + 4 + 16 + 8;
inline constexpr std::size_t ack_bytes = 1 + 4 + 8 + 1 + 1;
inline constexpr std::size_t ping_request_fixed_bytes = 1 + 4 + 16 + 2 + 2 + 1;
inline constexpr std::size_t report_bytes = 1 + 4 + 1;
/// Own counter, flags, number of others.
inline constexpr std::size_t heartbeats_fixed_bytes = 1 + 4 + 1 + 1;
inline constexpr unsigned heartbeat_count_bits = 24;
/// The values of settings.
inline constexpr std::size_t settings_bytes = settings_count * 8;
/// Number, origin, the length of the name, the values; the name comes between.
inline constexpr std::size_t settings_fixed_bytes = 8 + 16 + 1 + settings_bytes;
/// Flags, name length, port, incarnation, boot counter, life id: what every record begins with.
inline constexpr std::size_t record_fixed_bytes = 1 + 1 + 2 + 4 + 8 + 16;

/// Two hashes: of the name, of the record.
inline constexpr std::size_t sync_entry_bytes = 8 + 8;

inline constexpr std::size_t ipv4_bytes = 4;
inline constexpr std::size_t ipv6_bytes = 16;
inline constexpr std::size_t life_id_bytes = 16;

/// The shortest record: an IPv4 address and a name of one letter.
inline constexpr std::size_t record_bytes_min = record_fixed_bytes + ipv4_bytes + 1;
inline constexpr std::size_t record_bytes_max =
    record_fixed_bytes + ipv6_bytes + life_id_bytes + name_bytes_max + 2 + tags_bytes_max;
static_assert(envelope_bytes + 1 + record_bytes_max <= datagram_bytes_max);

/// What the text of a refusal consists of: it goes into another machine's log.
constexpr bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

}  // namespace rollcall::wire
