// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/check.hpp"
#include "wire/cursor.hpp"
#include "wire/layout.hpp"
#include "wire/messages.hpp"
#include "wire/name_check.hpp"
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
  bool is_unfit = false;

  [[nodiscard]] constexpr bool is_plain() const {
    return family == Family::ipv4 && !has_witness && !has_tags && !is_unfit;
  }
};

/// The shape of most records. Where it is asked for by this name, the compiler leaves the
/// questions after optional parts out.
inline constexpr Shape plain_shape{};

[[gnu::always_inline]] inline Shape shape_of(const Update& update) {
  return {family_of(update.address), !update.witness.is_nobody(), update.has_tags, update.unfit};
}

/// shape_of(update).is_plain(), in one question.
[[gnu::always_inline]] inline bool is_plain(const Update& update) {
  const IpWords ip = std::bit_cast<IpWords>(update.address.ip);
  const std::uint64_t more = ip.first | (ip_prefix(ip) ^ ip_prefix(ipv4_none)) |
                             update.witness.high | update.witness.low |
                             std::uint64_t{update.has_tags} | std::uint64_t{update.unfit};
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
  if (shape.is_unfit) flags |= record_unfit;
  return static_cast<std::uint8_t>(flags);
}

/// Writes a record of that shape. Names and tags above their limits are our own mistake.
template <class Writer>
[[gnu::always_inline]] inline void write_record(Writer& out, const Update& update, Shape shape) {
  ROLLCALL_CHECK(update.name.size() <= name_bytes_max);
  ROLLCALL_CHECK(!shape.has_tags || update.tags.size() <= tags_bytes_max);
  const std::string_view name = update.name;
  // Flags, name length, port and incarnation in one word, because stores are what costs.
  out.u64(record_flags(update, shape) | std::uint64_t{name.size()} << 8U |
          std::uint64_t{update.address.port} << 16U | std::uint64_t{update.incarnation} << 32U);
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
  return {(flags & record_ipv6) != 0 ? Family::ipv6 : Family::ipv4, (flags & record_witness) != 0,
          (flags & record_tags) != 0, (flags & record_unfit) != 0};
}

constexpr bool is_plain(std::uint8_t flags) {
  return (flags & ~(record_state_mask | record_history)) == 0;
}

inline Update& update_in(Update& update) {
  return update;
}
inline Update& update_in(Message& message) {
  return *std::get_if<Update>(&message);
}

/// What the fixed part of a record is not enough to say.
struct RecordRest {
  std::uint8_t flags = 0;
  std::string_view name;
  Bytes tags;
};

/// Reads the fields between the name's length and the name straight into the value. (Clearing an
/// Update first, or putting its parts together elsewhere and copying them, costs more than all
/// of the reading.) Judges them last; a bad one replaces the value.
template <class Value, class... Tag>
[[gnu::always_inline]] inline std::expected<Value, DecodeError> make_record(FieldReader in,
                                                                            Shape shape,
                                                                            const RecordRest& rest,
                                                                            Tag... tag) {
  const std::uint16_t port = in.u16();
  const std::uint32_t incarnation = in.u32();
  std::expected<Value, DecodeError> made(
      std::in_place, tag..., std::string_view(), Life(), incarnation,
      static_cast<State>(rest.flags & record_state_mask),
      static_cast<Age>((rest.flags & record_history) / record_history), shape.is_unfit, Address(),
      LifeId(), shape.has_tags, rest.tags);
  Update& update = update_in(*made);
  // Made anew from its parts, because g++ 12 copies a whole one through memory and stalls.
  update.name = std::string_view(rest.name.data(), rest.name.size());
  const std::uint64_t boot = in.u64();
  const LifeId id = in.life_id();
  update.life.boot = boot;
  update.life.id.high = id.high;
  update.life.id.low = id.low;
  const IpWords ip = read_ip(in, shape.family);
  store_ip(update.address, ip);
  update.address.port = port;
  if (shape.has_witness) update.witness = in.life_id();
  if (id.is_nobody() || shape.has_witness == update.witness.is_nobody() || port == 0 ||
      !is_valid_ip(ip, shape.family) || (shape.is_unfit && update.state != State::failed))
      [[unlikely]] {
    made = std::unexpected(DecodeError::bad_field);
  }
  return made;
}

/// Reads a record of that shape.
template <class Value, class... Tag>
[[gnu::always_inline]] inline std::expected<Value, DecodeError> read_shaped_record(FieldReader& in,
                                                                                   Shape shape,
                                                                                   Tag... tag) {
  FieldReader fixed = in;
  const std::uint8_t flags = fixed.u8();
  const std::size_t name_size = fixed.u8();
  const std::size_t before_name =
      record_fixed_bytes + ip_bytes(shape.family) + (shape.has_witness ? life_id_bytes : 0);
  if ((flags & ~record_flags_known) != 0) [[unlikely]] {
    return std::unexpected(DecodeError::unknown_flag);
  }
  if (name_size > name_bytes_max) [[unlikely]]
    return std::unexpected(DecodeError::too_long);
  if (in.left() < before_name + name_size) [[unlikely]] {
    return std::unexpected(DecodeError::too_short);
  }
  in.skip(before_name);
  const std::string_view name = in.text(name_size);
  if (!name_check::is_valid(name.data(), name.size())) [[unlikely]] {
    return std::unexpected(DecodeError::bad_field);
  }
  Bytes tags;
  if (shape.has_tags) {
    const auto read = read_tags(in);
    if (!read) return std::unexpected(read.error());
    tags = *read;
  }
  return make_record<Value>(fixed, shape, RecordRest{flags, name, tags}, tag...);
}

/// Reads one record of any shape, as the alternative of Value that the tag names, if any.
template <class Value, class... Tag>
std::expected<Value, DecodeError> read_record(FieldReader& in, Tag... tag) {
  if (in.left() < record_fixed_bytes) return std::unexpected(DecodeError::too_short);
  return read_shaped_record<Value>(in, shape_of(in.peek()), tag...);
}

}  // namespace rollcall::wire
