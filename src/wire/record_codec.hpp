// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/check.hpp"
#include "base/name.hpp"
#include "wire/cursor.hpp"
#include "wire/layout.hpp"
#include "wire/messages.hpp"
#include "wire/tags.hpp"

/// A member's record as it stands in datagrams (after a kind byte) and in frames (without).
/// One value has one encoding, so that what was read can be passed on byte for byte.
///
/// The functions here are forced inline: records are nearly all that a member reads and writes,
/// and a record that is put together in registers costs half of one put together in memory.
///
/// Source: PROTOCOL.md, "Records".
namespace rollcall::wire {

enum class Family : std::uint8_t { ipv4, ipv6 };

inline Family family_of(const Address& address) {
  return address.is_v4() ? Family::ipv4 : Family::ipv6;
}
constexpr std::size_t ip_bytes(Family family) {
  return family == Family::ipv4 ? ipv4_bytes : ipv6_bytes;
}

inline constexpr auto ipv4_none = std::bit_cast<IpWords>(Address::v4(0, 0, 0, 0, 0).ip);

/// The first half of the second word of an address.
constexpr std::uint32_t ip_prefix(const IpWords& ip) {
  return std::bit_cast<std::array<std::uint32_t, 2>>(ip.second)[0];
}

template <class Writer>
[[gnu::always_inline]] inline void write_ip(Writer& out, const Address& address, Family family) {
  const std::span<const std::byte, ipv6_bytes> ip = std::as_bytes(std::span(address.ip));
  if (family == Family::ipv4) {
    out.fixed(ip.last<ipv4_bytes>());
  } else {
    out.fixed(ip);
  }
}

/// Reads an IP whose bytes are known to be there.
[[gnu::always_inline]] inline IpWords read_ip(FieldReader& in, Family family) {
  return family == Family::ipv4 ? in.ipv4(ipv4_none) : in.ipv6();
}

/// Whether it may stand in that form: an IPv4 address in the long form would be a second
/// encoding, and to an unspecified one nobody can send.
[[gnu::always_inline]] inline bool is_valid_ip(const IpWords& ip, Family family) {
  const bool is_v4 = (ip.first | (ip_prefix(ip) ^ ip_prefix(ipv4_none))) == 0;
  return is_v4 == (family == Family::ipv4) && ip != ipv4_none && ip != IpWords();
}

/// Which of its optional parts a record has.
struct Shape {
  Family family = Family::ipv4;
  bool has_witness = false;
  bool has_tags = false;

  [[nodiscard]] constexpr bool is_plain() const {
    return family == Family::ipv4 && !has_witness && !has_tags;
  }
};

/// The shape of most records. Where it is asked for by this name, the compiler leaves the
/// questions after optional parts out.
inline constexpr Shape plain_shape{};

[[gnu::always_inline]] inline Shape shape_of(const Update& update) {
  return {family_of(update.address), !update.witness.is_nobody(), update.has_tags};
}

/// shape_of(update).is_plain(), in one question.
[[gnu::always_inline]] inline bool is_plain(const Update& update) {
  const IpWords ip = std::bit_cast<IpWords>(update.address.ip);
  const std::uint64_t more = ip.first | (ip_prefix(ip) ^ ip_prefix(ipv4_none)) |
                             update.witness.high | update.witness.low |
                             std::uint64_t{update.has_tags};
  return more == 0;
}

/// The bytes that a record of that shape takes.
[[gnu::always_inline]] inline std::size_t record_bytes(const Update& update, Shape shape) {
  return record_fixed_bytes + ip_bytes(shape.family) + (shape.has_witness ? life_id_bytes : 0) +
         update.name.size() + (shape.has_tags ? 2 + update.tags.size() : 0);
}
inline std::size_t record_bytes(const Update& update) {
  return record_bytes(update, shape_of(update));
}

[[gnu::always_inline]] inline std::uint8_t record_flags(const Update& update, Shape shape) {
  unsigned flags = static_cast<unsigned>(update.state);
  flags |= static_cast<unsigned>(update.age) * record_history;
  if (shape.family == Family::ipv6) flags |= record_ipv6;
  if (shape.has_tags) flags |= record_tags;
  if (shape.has_witness) flags |= record_witness;
  return static_cast<std::uint8_t>(flags);
}

/// Writes a record of that shape. Names and tags above their limits are our own mistake.
template <class Writer>
[[gnu::always_inline]] inline void write_record(Writer& out, const Update& update, Shape shape) {
  ROLLCALL_CHECK(update.name.size() <= name_bytes_max);
  ROLLCALL_CHECK(!shape.has_tags || update.tags.size() <= tags_bytes_max);
  const std::string_view name = update.name;
  out.u8(record_flags(update, shape));
  out.u8(static_cast<std::uint8_t>(name.size()));
  out.u16(update.address.port);
  out.u32(update.incarnation);
  const Life life = update.life;
  out.u64(life.boot);
  out.life_id(life.id);
  write_ip(out, update.address, shape.family);
  if (shape.has_witness) out.life_id(update.witness);
  out.bytes(as_bytes(name));
  if (!shape.has_tags) return;
  out.u16(static_cast<std::uint16_t>(update.tags.size()));
  out.bytes(update.tags);
}
template <class Writer>
void write_record(Writer& out, const Update& update) {
  write_record(out, update, shape_of(update));
}

/// Reads the length and the bytes of tags. They stay encoded, but they are known to be valid.
[[gnu::always_inline]] inline std::expected<Bytes, DecodeError> read_tags(FieldReader& in) {
  if (in.left() < 2) return std::unexpected(DecodeError::too_short);
  const std::size_t size = in.u16();
  if (size > tags_bytes_max) return std::unexpected(DecodeError::too_long);
  if (in.left() < size) return std::unexpected(DecodeError::too_short);
  const Bytes tags = in.bytes(size);
  if (!are_valid_tags(tags)) return std::unexpected(DecodeError::bad_field);
  return tags;
}

constexpr Shape shape_of(std::uint8_t flags) {
  return {(flags & record_ipv6) != 0 ? Family::ipv6 : Family::ipv4,
          (flags & record_witness) != 0, (flags & record_tags) != 0};
}

constexpr bool is_plain(std::uint8_t flags) {
  return (flags & ~(record_state_mask | record_history)) == 0;
}

/// The fields of a record that was read and judged, each in a register where there is one.
struct RecordFields {
  const char* name_begin = nullptr;
  std::size_t name_size = 0;
  std::uint64_t boot = 0;
  LifeId id;
  std::uint32_t incarnation = 0;
  std::uint8_t flags = 0;
  IpWords ip;
  std::uint16_t port = 0;
  LifeId witness;
  bool has_tags = false;
  Bytes tags;
};

inline Update& update_in(Update& update) { return update; }
inline Update& update_in(Message& message) { return *std::get_if<Update>(&message); }

/// Makes the value in its place, word by word: clearing an Update first, or putting together
/// its parts elsewhere and copying them, would cost more than all of the reading.
template <class Value, class... Tag>
[[gnu::always_inline]] inline std::expected<Value, DecodeError> make_record(
    const RecordFields& fields, Tag... tag) {
  std::expected<Value, DecodeError> made(
      std::in_place, tag..., std::string_view(), Life(), fields.incarnation,
      static_cast<State>(fields.flags & record_state_mask),
      static_cast<Age>((fields.flags & record_history) / record_history), Address(), LifeId(),
      fields.has_tags, fields.tags);
  Update& update = update_in(*made);
  update.name = std::string_view(fields.name_begin, fields.name_size);
  update.life.boot = fields.boot;
  update.life.id.high = fields.id.high;
  update.life.id.low = fields.id.low;
  std::memcpy(update.address.ip.data(), &fields.ip.first, 8);
  std::memcpy(update.address.ip.data() + 8, &fields.ip.second, 8);
  update.address.port = fields.port;
  update.witness.high = fields.witness.high;
  update.witness.low = fields.witness.low;
  return made;
}

/// Reads and judges a record of that shape.
template <class Value, class... Tag>
[[gnu::always_inline]] inline std::expected<Value, DecodeError> read_shaped_record(
    FieldReader& in, Shape shape, Tag... tag) {
  const FieldReader start = in;
  const std::uint8_t flags = in.u8();
  const std::size_t name_size = in.u8();
  const std::size_t ip_size = ip_bytes(shape.family);
  const std::size_t witness_size = shape.has_witness ? life_id_bytes : 0;
  if ((flags & ~record_flags_known) != 0) [[unlikely]] {
    return std::unexpected(DecodeError::unknown_flag);
  }
  if (name_size > name_bytes_max) [[unlikely]] return std::unexpected(DecodeError::too_long);
  if (start.left() < record_fixed_bytes + ip_size + witness_size + name_size) [[unlikely]] {
    return std::unexpected(DecodeError::too_short);
  }
  FieldReader tail = start;
  tail.skip(record_fixed_bytes + ip_size + witness_size);
  const std::string_view name = tail.text(name_size);
  if (!name_check::is_valid(name)) [[unlikely]] return std::unexpected(DecodeError::bad_field);

  const std::uint16_t port = in.u16();
  const std::uint32_t incarnation = in.u32();
  const std::uint64_t boot = in.u64();
  const LifeId id = in.life_id();
  const IpWords ip = read_ip(in, shape.family);
  const LifeId witness = shape.has_witness ? in.life_id() : LifeId();
  in = tail;
  if (id.is_nobody() || shape.has_witness == witness.is_nobody() || port == 0 ||
      !is_valid_ip(ip, shape.family)) [[unlikely]] {
    return std::unexpected(DecodeError::bad_field);
  }
  Bytes tags;
  if (shape.has_tags) {
    const auto read = read_tags(in);
    if (!read) return std::unexpected(read.error());
    tags = *read;
  }
  return make_record<Value>(RecordFields{.name_begin = name.data(),
                                         .name_size = name.size(),
                                         .boot = boot,
                                         .id = id,
                                         .incarnation = incarnation,
                                         .flags = flags,
                                         .ip = ip,
                                         .port = port,
                                         .witness = witness,
                                         .has_tags = shape.has_tags,
                                         .tags = tags},
                            tag...);
}

/// Reads one record of any shape, as the alternative of Value that the tag names, if any.
template <class Value, class... Tag>
std::expected<Value, DecodeError> read_record(FieldReader& in, Tag... tag) {
  if (in.left() < record_fixed_bytes) return std::unexpected(DecodeError::too_short);
  return read_shaped_record<Value>(in, shape_of(in.peek()), tag...);
}

}  // namespace rollcall::wire
