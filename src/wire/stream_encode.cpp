// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <functional>
#include <span>
#include <variant>

#include "base/check.hpp"
#include "wire/envelope_codec.hpp"
#include "wire/layout.hpp"
#include "wire/record_codec.hpp"
#include "wire/settings_codec.hpp"
#include "wire/stream.hpp"

namespace rollcall::wire {
namespace {

/// The longest beginning of the records that takes no more bytes than the room.
std::span<const Update> fitting(std::span<const Update> records, std::size_t room) {
  std::size_t count = 0;
  for (const Update& record : records) {
    const std::size_t bytes = record_bytes(record);
    if (bytes > room) break;
    room -= bytes;
    ++count;
  }
  return records.first(count);
}

/// The longest beginning of a list of fixed-size entries that takes no more bytes than the room.
template <class Entry>
std::span<const Entry> fitting(std::span<const Entry> entries, std::size_t room,
                               std::size_t entry_bytes) {
  return entries.first(std::min(entries.size(), room / entry_bytes));
}

template <class Writer>
void put_kind(Writer& out, Kind kind) {
  out.u8(static_cast<std::uint8_t>(kind));
}

template <class Writer>
void put_name(Writer& out, std::string_view name) {
  ROLLCALL_CHECK(name.size() <= name_bytes_max);
  out.u8(static_cast<std::uint8_t>(name.size()));
  out.bytes(as_bytes(name));
}

template <class Writer>
void put_records(Writer& out, std::span<const Update> records) {
  out.u32(static_cast<std::uint32_t>(records.size()));
  for (const Update& record : records) write_record(out, record);
}

/// Whether settings follow, and they.
template <class Writer>
void put_settings(Writer& out, const std::optional<Settings>& settings) {
  out.u8(settings ? 1 : 0);
  if (settings) write_settings(out, *settings);
}

std::size_t settings_size(const std::optional<Settings>& settings) {
  return 1 + (settings ? settings_fixed_bytes + settings->by.size() : 0);
}

// One put() a message. It runs twice, over a FieldCounter and over a FieldWriter, so that the
// size cannot disagree with the bytes.

template <class Writer>
void put(Writer& out, const JoinRequest& request) {
  put_kind(out, Kind::join_request);
  out.life_id(request.looked_for);
  put_name(out, request.cluster_name);
  write_record(out, request.self);
}

template <class Writer>
void put(Writer& out, const JoinReply& reply) {
  put_kind(out, Kind::join_reply);
  out.u8(static_cast<std::uint8_t>(reply.status));
  put_name(out, reply.cluster_name);
  put_settings(out, reply.settings);
  const std::size_t head =
      1 + 1 + 1 + reply.cluster_name.size() + settings_size(reply.settings) + 4;
  put_records(out, fitting(reply.records, frame_bytes_max - head));
}

template <class Writer>
void put(Writer& out, const SyncOpen& open) {
  ROLLCALL_CHECK(std::has_single_bit(open.buckets.size()));
  ROLLCALL_CHECK(open.buckets.size() <= sync_buckets_max);
  put_kind(out, Kind::sync_open);
  put_settings(out, open.settings);
  out.u16(static_cast<std::uint16_t>(open.buckets.size()));
  for (const std::uint64_t digest : open.buckets) out.u64(digest);
}

template <class Writer>
void put(Writer& out, const SyncEntries& sync) {
  ROLLCALL_CHECK(sync.buckets.size() <= sync_buckets_max);
  ROLLCALL_CHECK(std::ranges::adjacent_find(sync.buckets, std::greater_equal()) ==
                 sync.buckets.end());
  ROLLCALL_CHECK(sync.buckets.empty() || sync.buckets.back() < sync_buckets_max);
  put_kind(out, Kind::sync_entries);
  put_settings(out, sync.settings);
  out.u16(static_cast<std::uint16_t>(sync.buckets.size()));
  for (const std::uint16_t bucket : sync.buckets) out.u16(bucket);
  const std::size_t head = 1 + settings_size(sync.settings) + 2 + 2 * sync.buckets.size() + 4;
  const auto entries =
      fitting(std::span<const SyncEntry>(sync.entries), frame_bytes_max - head, sync_entry_bytes);
  out.u32(static_cast<std::uint32_t>(entries.size()));
  for (const SyncEntry& entry : entries) {
    out.u64(entry.name_hash);
    out.u64(entry.record_hash);
  }
}

template <class Writer>
void put(Writer& out, const SyncRecords& sync) {
  put_kind(out, Kind::sync_records);
  const std::size_t head = 1 + 4 + 4;
  const auto wanted =
      fitting(std::span<const std::uint64_t>(sync.wanted), frame_bytes_max - head, 8);
  out.u32(static_cast<std::uint32_t>(wanted.size()));
  for (const std::uint64_t name_hash : wanted) out.u64(name_hash);
  put_records(out, fitting(sync.records, frame_bytes_max - head - 8 * wanted.size()));
}

template <class Writer>
void put(Writer& out, const StreamPing& ping) {
  put_kind(out, Kind::stream_ping);
  out.life_id(ping.target);
}

template <class Writer>
void put(Writer& out, const StreamAck& ack) {
  put_kind(out, Kind::stream_ack);
  out.u64(ack.digest);
}

template <class Writer>
void put(Writer& out, const Watch& watch) {
  put_kind(out, Kind::watch);
  out.life_id(watch.target);
}

template <class Writer>
void put(Writer& out, const WatchAck&) {
  put_kind(out, Kind::watch_ack);
}

template <class Writer>
void put(Writer& out, const Refused& refused) {
  const std::string_view detail = refused.detail.substr(0, refusal_detail_bytes_max);
  put_kind(out, Kind::refused);
  out.u8(static_cast<std::uint8_t>(refused.code));
  out.u8(static_cast<std::uint8_t>(detail.size()));
  for (const char c : detail) out.u8(static_cast<std::uint8_t>(is_printable(c) ? c : '?'));
}

template <class Writer>
void put(Writer& out, const AgreementHello& hello) {
  put_kind(out, Kind::agreement_hello);
  put_name(out, hello.name);
}

template <class Writer>
void put(Writer& out, const AgreementWelcome& welcome) {
  put_kind(out, Kind::agreement_welcome);
  put_name(out, welcome.name);
}

}  // namespace

void encode_frame(const Envelope& envelope, const StreamMessage& message, ByteVector& out) {
  FieldCounter body;
  std::visit([&body](const auto& alternative) { put(body, alternative); }, message);
  ROLLCALL_CHECK(body.count() <= frame_bytes_max);

  const std::size_t start = out.size();
  out.resize(start + frame_head_bytes + body.count());
  FieldWriter writer(out.data() + start);
  write_envelope(writer, envelope);
  writer.u32(static_cast<std::uint32_t>(body.count()));
  for (std::size_t i = 0; i < frame_reserved_bytes; ++i) writer.u8(0);
  std::visit([&writer](const auto& alternative) { put(writer, alternative); }, message);
  ROLLCALL_CHECK(writer.at() == out.data() + out.size());
}

}  // namespace rollcall::wire
