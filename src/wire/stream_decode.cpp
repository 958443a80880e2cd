// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <functional>
#include <optional>

#include "base/text.hpp"
#include "wire/envelope_codec.hpp"
#include "wire/layout.hpp"
#include "wire/record_codec.hpp"
#include "wire/settings_codec.hpp"
#include "wire/stream.hpp"

namespace rollcall::wire {
namespace {

/// Reads fields of a body, each checked by itself. The first thing wrong is kept; from then on
/// every field reads as zero, so that a parser may go on to its end and ask once.
class BodyReader {
 public:
  explicit BodyReader(Bytes body) : in_(body) {}

  std::uint8_t u8() { return has(1) ? in_.u8() : std::uint8_t{0}; }
  std::uint16_t u16() { return has(2) ? in_.u16() : std::uint16_t{0}; }
  std::uint32_t u32() { return has(4) ? in_.u32() : 0; }
  std::uint64_t u64() { return has(8) ? in_.u64() : 0; }
  LifeId life_id() { return has(life_id_bytes) ? in_.life_id() : LifeId(); }
  std::string_view text(std::size_t size) { return has(size) ? in_.text(size) : ""; }

  /// How many items follow: what the sender claims, but refused at once when the bytes left
  /// cannot hold so many. Room may be reserved for the answer.
  std::size_t checked_count(std::size_t claimed, std::size_t item_bytes_min) {
    return has(claimed * item_bytes_min) ? claimed : 0;
  }

  void record(Update& update) {
    if (error_) return;
    const auto read = read_record<Update>(in_);
    if (!read) return fail(read.error());
    update = *read;
  }

  /// Whether settings follow, and they.
  void settings(std::optional<Settings>& settings) {
    const std::uint8_t follows = u8();
    require(follows <= 1);
    if (error_ || follows == 0) return;
    const auto read = read_settings(in_);
    if (!read) return fail(read.error());
    settings = *read;
  }

  template <class Enum>
  Enum one_of(Enum last) {
    const std::uint8_t value = u8();
    require(value <= static_cast<std::uint8_t>(last));
    return error_ ? last : static_cast<Enum>(value);
  }

  void require(bool holds) {
    if (!holds) fail(DecodeError::bad_field);
  }
  void fail(DecodeError error) {
    if (!error_) error_ = error;
  }
  [[nodiscard]] bool has_failed() const { return error_.has_value(); }

  /// What went wrong, bytes left over included.
  [[nodiscard]] std::optional<DecodeError> finish() {
    if (in_.left() > 0) fail(DecodeError::trailing);
    return error_;
  }

 private:
  bool has(std::size_t bytes) {
    if (in_.left() < bytes) fail(DecodeError::too_short);
    return !error_;
  }

  FieldReader in_;
  std::optional<DecodeError> error_;
};

/// A cluster's name obeys the rule for names, or is not told.
std::string_view get_cluster_name(BodyReader& in) {
  const std::size_t size = in.u8();
  if (size > name_bytes_max) in.fail(DecodeError::too_long);
  const std::string_view name = in.text(size);
  in.require(name.empty() || is_valid_name(name));
  return name;
}

std::string_view get_member_name(BodyReader& in) {
  const std::size_t size = in.u8();
  if (size > name_bytes_max) in.fail(DecodeError::too_long);
  const std::string_view name = in.text(size);
  in.require(is_valid_name(name));
  return name;
}

void get_records(BodyReader& in, std::vector<Update>& records) {
  const std::size_t count = in.checked_count(in.u32(), record_bytes_min);
  records.reserve(count);
  for (std::size_t i = 0; i < count && !in.has_failed(); ++i) in.record(records.emplace_back());
}

void get(BodyReader& in, JoinRequest& request) {
  request.looked_for = in.life_id();
  request.cluster_name = get_cluster_name(in);
  in.record(request.self);
}

void get(BodyReader& in, JoinReply& reply) {
  reply.status = in.one_of(JoinStatus::wrong_cluster);
  reply.cluster_name = get_cluster_name(in);
  in.settings(reply.settings);
  get_records(in, reply.records);
}

void get(BodyReader& in, SyncOpen& open) {
  in.settings(open.settings);
  const std::size_t claimed = in.u16();
  if (claimed > sync_buckets_max) in.fail(DecodeError::too_long);
  in.require(std::has_single_bit(claimed));
  open.buckets.resize(in.checked_count(claimed, 8));
  for (std::uint64_t& digest : open.buckets) digest = in.u64();
}

void get(BodyReader& in, SyncEntries& sync) {
  in.settings(sync.settings);
  const std::size_t buckets = in.u16();
  if (buckets > sync_buckets_max) in.fail(DecodeError::too_long);
  sync.buckets.resize(in.checked_count(buckets, 2));
  for (std::uint16_t& bucket : sync.buckets) bucket = in.u16();
  in.require(std::ranges::adjacent_find(sync.buckets, std::greater_equal()) == sync.buckets.end());
  in.require(sync.buckets.empty() || sync.buckets.back() < sync_buckets_max);
  sync.entries.resize(in.checked_count(in.u32(), sync_entry_bytes));
  for (SyncEntry& entry : sync.entries) {
    entry.name_hash = in.u64();
    entry.record_hash = in.u64();
  }
}

void get(BodyReader& in, SyncRecords& sync) {
  sync.wanted.resize(in.checked_count(in.u32(), 8));
  for (std::uint64_t& name_hash : sync.wanted) name_hash = in.u64();
  get_records(in, sync.records);
}

void get(BodyReader& in, StreamPing& ping) {
  ping.target = in.life_id();
}
void get(BodyReader& in, StreamAck& ack) {
  ack.digest = in.u64();
}
void get(BodyReader& in, Watch& watch) {
  watch.target = in.life_id();
}
void get(BodyReader&, WatchAck&) {}

void get(BodyReader& in, Refused& refused) {
  refused.code = in.one_of(RefusalCode::no_agreement);
  refused.detail = in.text(in.u8());
  in.require(std::ranges::all_of(refused.detail, is_printable));
}

void get(BodyReader& in, AgreementHello& hello) {
  hello.name = get_member_name(in);
}
void get(BodyReader& in, AgreementWelcome& welcome) {
  welcome.name = get_member_name(in);
}

template <class Alternative>
std::expected<StreamMessage, DecodeError> read(BodyReader& in) {
  std::expected<StreamMessage, DecodeError> decoded(std::in_place, std::in_place_type<Alternative>);
  get(in, *std::get_if<Alternative>(&*decoded));
  if (const auto error = in.finish()) decoded = std::unexpected(*error);
  return decoded;
}

}  // namespace

std::expected<FrameHead, DecodeError> decode_frame_head(Bytes head) {
  FieldReader in(head);
  const auto envelope = read_envelope(in);
  if (!envelope) return std::unexpected(envelope.error());
  if (head.size() < frame_head_bytes) return std::unexpected(DecodeError::too_short);
  const std::uint32_t body_bytes = in.u32();
  for (std::size_t i = 0; i < frame_reserved_bytes; ++i) {
    if (in.u8() != 0) return std::unexpected(DecodeError::unknown_flag);
  }
  if (body_bytes > frame_bytes_max) return std::unexpected(DecodeError::too_long);
  return FrameHead{*envelope, body_bytes};
}

std::expected<StreamMessage, DecodeError> decode_frame_body(Bytes body) {
  if (body.size() > frame_bytes_max) return std::unexpected(DecodeError::too_long);
  if (body.empty()) return std::unexpected(DecodeError::too_short);
  BodyReader in(body);
  switch (static_cast<Kind>(in.u8())) {
    case Kind::join_request:
      return read<JoinRequest>(in);
    case Kind::join_reply:
      return read<JoinReply>(in);
    case Kind::sync_open:
      return read<SyncOpen>(in);
    case Kind::sync_entries:
      return read<SyncEntries>(in);
    case Kind::sync_records:
      return read<SyncRecords>(in);
    case Kind::stream_ping:
      return read<StreamPing>(in);
    case Kind::stream_ack:
      return read<StreamAck>(in);
    case Kind::watch:
      return read<Watch>(in);
    case Kind::watch_ack:
      return read<WatchAck>(in);
    case Kind::refused:
      return read<Refused>(in);
    case Kind::agreement_hello:
      return read<AgreementHello>(in);
    case Kind::agreement_welcome:
      return read<AgreementWelcome>(in);
    default:
      return std::unexpected(DecodeError::unknown_kind);
  }
}

}  // namespace rollcall::wire
