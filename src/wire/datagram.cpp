// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/datagram.hpp"

#include <algorithm>

#include "wire/envelope_codec.hpp"
#include "wire/layout.hpp"
#include "wire/record_codec.hpp"
#include "wire/settings_codec.hpp"

namespace rollcall::wire {
namespace {

using Decoded = std::expected<Message, DecodeError>;

[[gnu::always_inline]] inline Decoded read_ping(FieldReader& in) {
  if (in.left() < ping_bytes - 1) return std::unexpected(DecodeError::too_short);
  Ping ping;
  ping.sequence = in.u32();
  ping.target = in.life_id();
  ping.digest = in.u64();
  return ping;
}

Decoded read_ack(FieldReader& in) {
  if (in.left() < ack_bytes - 1) return std::unexpected(DecodeError::too_short);
  Ack ack;
  ack.sequence = in.u32();
  ack.digest = in.u64();
  const std::uint8_t flags = in.u8();
  if ((flags & ~ack_stranger) != 0) return std::unexpected(DecodeError::unknown_flag);
  ack.stranger = flags != 0;
  ack.lost = in.u8();
  return ack;
}

Decoded read_ping_request(FieldReader& in) {
  if (in.left() < ping_request_fixed_bytes - 1) return std::unexpected(DecodeError::too_short);
  PingRequest request;
  request.sequence = in.u32();
  request.target = in.life_id();
  request.patience_ms = in.u16();
  request.address.port = in.u16();
  const std::uint8_t flags = in.u8();
  if ((flags & ~request_ipv6) != 0) return std::unexpected(DecodeError::unknown_flag);
  const Family family = flags != 0 ? Family::ipv6 : Family::ipv4;
  if (in.left() < ip_bytes(family)) return std::unexpected(DecodeError::too_short);
  const IpWords ip = read_ip(in, family);
  if (request.address.port == 0 || !is_valid_ip(ip, family)) {
    return std::unexpected(DecodeError::bad_field);
  }
  request.address.ip = std::bit_cast<std::array<std::uint8_t, ipv6_bytes>>(ip);
  return request;
}

Decoded read_report(FieldReader& in) {
  if (in.left() < report_bytes - 1) return std::unexpected(DecodeError::too_short);
  Report report;
  report.sequence = in.u32();
  const std::uint8_t finding = in.u8();
  if (finding > static_cast<std::uint8_t>(Finding::other_life)) {
    return std::unexpected(DecodeError::bad_field);
  }
  report.finding = static_cast<Finding>(finding);
  return report;
}

Decoded read_heartbeats(FieldReader& in) {
  if (in.left() < heartbeats_fixed_bytes - 1) return std::unexpected(DecodeError::too_short);
  Heartbeats heartbeats;
  heartbeats.own = in.u32();
  const std::uint8_t flags = in.u8();
  if ((flags & ~heartbeats_cast) != 0) return std::unexpected(DecodeError::unknown_flag);
  heartbeats.is_cast = flags != 0;
  const std::size_t count = in.u8();
  if (heartbeats.own > heartbeat_count_mask) return std::unexpected(DecodeError::bad_field);
  if (count > heartbeats_max) return std::unexpected(DecodeError::too_long);
  if (in.left() < count * heartbeat_bytes) return std::unexpected(DecodeError::too_short);
  heartbeats.others = in.bytes(count * heartbeat_bytes);
  return heartbeats;
}

Decoded read_settings_message(FieldReader& in) {
  const auto settings = read_settings(in);
  if (!settings) return std::unexpected(settings.error());
  return *settings;
}

Decoded read_message(FieldReader& in) {
  if (in.left() == 0) return std::unexpected(DecodeError::too_short);
  switch (static_cast<Kind>(in.u8())) {
    case Kind::ping:
      return read_ping(in);
    case Kind::ack:
      return read_ack(in);
    case Kind::ping_request:
      return read_ping_request(in);
    case Kind::report:
      return read_report(in);
    case Kind::update:
      return read_record<Message>(in, std::in_place_type<Update>);
    case Kind::heartbeats:
      return read_heartbeats(in);
    case Kind::settings:
      return read_settings_message(in);
    case Kind::seek:
      return Seek{};
    case Kind::here:
      return Here{};
    default:
      return std::unexpected(DecodeError::unknown_kind);
  }
}

[[gnu::always_inline]] inline bool begins_with_plain_update(FieldReader in) {
  if (in.left() <= record_fixed_bytes) [[unlikely]]
    return false;
  if (static_cast<Kind>(in.u8()) != Kind::update) [[unlikely]]
    return false;
  return is_plain(in.peek());
}

[[gnu::always_inline]] inline bool begins_with_ping(FieldReader in) {
  return in.left() >= ping_bytes && static_cast<Kind>(in.u8()) == Kind::ping;
}

}  // namespace

void DatagramWriter::begin(const Envelope& envelope) {
  FieldWriter out(buffer_.data());
  write_envelope(out, envelope);
  size_ = envelope_bytes;
}

bool DatagramWriter::empty() const {
  return size_ == envelope_bytes;
}

[[gnu::always_inline]] inline std::byte* DatagramWriter::take(std::size_t bytes) {
  if (bytes > buffer_.size() - size_) return nullptr;
  std::byte* const at = buffer_.data() + size_;
  size_ += bytes;
  return at;
}

template <class Shape>
[[gnu::always_inline]] inline bool DatagramWriter::add_shaped(const Update& update, Shape shape) {
  std::byte* const at = take(1 + record_bytes(update, shape));
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::update));
  write_record(out, update, shape);
  return true;
}

bool DatagramWriter::add(const Ping& ping) {
  std::byte* const at = take(ping_bytes);
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::ping));
  out.u32(ping.sequence);
  out.life_id(ping.target);
  out.u64(ping.digest);
  return true;
}

bool DatagramWriter::add(const Ack& ack) {
  std::byte* const at = take(ack_bytes);
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::ack));
  out.u32(ack.sequence);
  out.u64(ack.digest);
  out.u8(ack.stranger ? ack_stranger : 0);
  out.u8(ack.lost);
  return true;
}

bool DatagramWriter::add(const PingRequest& request) {
  const Family family = family_of(request.address);
  std::byte* const at = take(ping_request_fixed_bytes + ip_bytes(family));
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::ping_request));
  out.u32(request.sequence);
  out.life_id(request.target);
  out.u16(request.patience_ms);
  out.u16(request.address.port);
  out.u8(family == Family::ipv6 ? request_ipv6 : 0);
  write_ip(out, request.address, family);
  return true;
}

bool DatagramWriter::add(const Report& report) {
  std::byte* const at = take(report_bytes);
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::report));
  out.u32(report.sequence);
  out.u8(static_cast<std::uint8_t>(report.finding));
  return true;
}

bool DatagramWriter::add(const Update& update) {
  if (is_plain(update)) return add_shaped(update, plain_shape);
  return add_uncommon(update);
}

[[gnu::noinline]] bool DatagramWriter::add_uncommon(const Update& update) {
  return add_shaped(update, shape_of(update));
}

std::size_t DatagramWriter::heartbeats_room() const {
  const std::size_t left = buffer_.size() - size_;
  if (left <= heartbeats_fixed_bytes) return 0;
  return std::min(heartbeats_max, (left - heartbeats_fixed_bytes) / heartbeat_bytes);
}

bool DatagramWriter::add(const Heartbeats& heartbeats) {
  ROLLCALL_CHECK(heartbeats.count() <= heartbeats_max);
  ROLLCALL_CHECK(heartbeats.own <= heartbeat_count_mask);
  std::byte* const at = take(heartbeats_fixed_bytes + heartbeats.others.size());
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::heartbeats));
  out.u32(heartbeats.own);
  out.u8(heartbeats.is_cast ? heartbeats_cast : 0);
  out.u8(static_cast<std::uint8_t>(heartbeats.count()));
  out.bytes(heartbeats.others);
  return true;
}

bool DatagramWriter::add(const Settings& settings) {
  std::byte* const at = take(1 + settings_fixed_bytes + settings.by.size());
  if (at == nullptr) return false;
  FieldWriter out(at);
  out.u8(static_cast<std::uint8_t>(Kind::settings));
  write_settings(out, settings);
  return true;
}

bool DatagramWriter::add(const Seek&) {
  std::byte* const at = take(1);
  if (at == nullptr) return false;
  FieldWriter(at).u8(static_cast<std::uint8_t>(Kind::seek));
  return true;
}

bool DatagramWriter::add(const Here&) {
  std::byte* const at = take(1);
  if (at == nullptr) return false;
  FieldWriter(at).u8(static_cast<std::uint8_t>(Kind::here));
  return true;
}

std::expected<DatagramReader, DecodeError> DatagramReader::create(Bytes datagram,
                                                                  std::uint32_t cluster) {
  FieldReader in(datagram);
  const auto envelope = read_envelope(in);
  if (!envelope) return std::unexpected(envelope.error());
  if (envelope->cluster != cluster) return std::unexpected(DecodeError::wrong_cluster);
  if (datagram.size() > datagram_bytes_max) return std::unexpected(DecodeError::too_long);
  return DatagramReader(*envelope, in.rest());
}

/// Reads with the function given; after a refusal nothing is left to read.
template <class Read>
[[gnu::always_inline]] inline Decoded DatagramReader::advance(Read read) {
  FieldReader in({at_, end_});
  Decoded message = read(in);
  at_ = message ? in.rest().data() : end_;
  return message;
}

/// Nearly all messages are plain updates, and nearly all datagrams begin with a ping or an ack;
/// the first two have paths of their own, without a call.
std::expected<Message, DecodeError> DatagramReader::next() {
  const FieldReader in({at_, end_});
  if (begins_with_plain_update(in)) [[likely]] {
    return advance([](FieldReader& from) {
      from.skip(1);
      return read_shaped_record<Message>(from, plain_shape, std::in_place_type<Update>);
    });
  }
  if (begins_with_ping(in)) {
    return advance([](FieldReader& from) {
      from.skip(1);
      return read_ping(from);
    });
  }
  return next_of_any_kind();
}

[[gnu::noinline]] Decoded DatagramReader::next_of_any_kind() {
  return advance(read_message);
}

std::uint32_t cluster_hash(std::string_view cluster_name) {
  return static_cast<std::uint32_t>(hash_bytes(cluster_name));
}

}  // namespace rollcall::wire
