// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <rapidcheck.h>

#include "base/address.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"
#include "wire/tags.hpp"

/// What the tests of this room share: messages of every kind drawn at random, and whole
/// datagrams written and read at once.
namespace rollcall::wire {

/// A message with the texts and bytes that its views point into.
template <class T>
struct Kept {
  T value;
  std::vector<std::shared_ptr<const std::string>> texts;

  std::string_view keep(std::string text) {
    texts.push_back(std::make_shared<const std::string>(std::move(text)));
    return *texts.back();
  }
  /// Takes over another's texts, and gives its value.
  template <class U>
  U adopt(Kept<U> other) {
    texts.insert(texts.end(), other.texts.begin(), other.texts.end());
    return std::move(other.value);
  }
};

inline std::string any_name() {
  static const std::string first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const auto size = *rc::gen::inRange<std::size_t>(1, name_bytes_max + 1);
  auto name = *rc::gen::container<std::string>(size, rc::gen::elementOf(first + "._-"));
  name[0] = *rc::gen::elementOf(first);
  return name;
}

inline LifeId any_life_id() {
  LifeId id{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
  if (id.is_nobody()) id.low = 1;
  return id;
}

inline Address any_address() {
  Address address;
  const auto ip =
      *rc::gen::container<std::vector<std::uint8_t>>(16, rc::gen::arbitrary<std::uint8_t>());
  std::ranges::copy(ip, address.ip.begin());
  if (*rc::gen::arbitrary<bool>()) {
    address = Address::v4(ip[0], ip[1], ip[2], ip[3], 0);
  }
  address.port = *rc::gen::inRange<std::uint16_t>(1, 65535);
  if (address.is_unspecified()) address.ip[15] = 1;
  return address;
}

inline Tags any_tags() {
  Tags tags;
  const auto count = *rc::gen::inRange<std::size_t>(0, 6);
  for (std::size_t i = 0; i < count; ++i) {
    const auto text = [](std::size_t least, std::size_t most) {
      return *rc::gen::container<std::string>(*rc::gen::inRange(least, most + 1),
                                              rc::gen::arbitrary<char>());
    };
    tags.emplace(text(1, 40), text(0, 100));
  }
  return tags;
}

inline Kept<Update> any_update() {
  Kept<Update> kept;
  Update& update = kept.value;
  update.name = kept.keep(any_name());
  update.life = {*rc::gen::arbitrary<std::uint64_t>(), any_life_id()};
  update.incarnation = *rc::gen::arbitrary<std::uint32_t>();
  update.state = *rc::gen::element(State::alive, State::suspect, State::failed, State::left);
  update.age = *rc::gen::element(Age::news, Age::history);
  update.unfit = update.state == State::failed && *rc::gen::arbitrary<bool>();
  update.address = any_address();
  if (*rc::gen::arbitrary<bool>()) update.witness = any_life_id();
  update.has_tags = *rc::gen::arbitrary<bool>();
  if (update.has_tags) {
    const ByteVector tags = encode_tags(any_tags()).value();
    update.tags = as_bytes(kept.keep(std::string(as_text(tags))));
  }
  return kept;
}

inline Kept<Heartbeats> any_heartbeats() {
  Kept<Heartbeats> kept;
  kept.value.own = *rc::gen::inRange<std::uint32_t>(0, heartbeat_count_mask);
  kept.value.is_cast = *rc::gen::arbitrary<bool>();
  ByteVector others;
  const auto count = *rc::gen::inRange<std::size_t>(0, 12);
  for (std::size_t i = 0; i < count; ++i) {
    append_heartbeat({heartbeat_key(any_life_id()), *rc::gen::arbitrary<std::uint32_t>()}, others);
  }
  kept.value.others = as_bytes(kept.keep(std::string(as_text(others))));
  return kept;
}

inline Kept<Settings> any_settings() {
  Kept<Settings> kept;
  kept.value.number = *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
  kept.value.origin = any_life_id();
  kept.value.by = kept.keep(any_name());
  SettingValues values{};
  for (std::uint64_t& value : values) value = *rc::gen::arbitrary<std::uint64_t>();
  ByteVector encoded;
  append_values(values, encoded);
  kept.value.values = as_bytes(kept.keep(std::string(as_text(encoded))));
  return kept;
}

/// Half of the time none.
template <class T>
std::optional<Settings> maybe_settings(Kept<T>& kept) {
  if (*rc::gen::arbitrary<bool>()) return std::nullopt;
  return kept.adopt(any_settings());
}

inline Kept<Message> any_message() {
  Kept<Message> kept;
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
      kept.value = Ping{*rc::gen::arbitrary<std::uint32_t>(), any_life_id(),
                        *rc::gen::arbitrary<std::uint64_t>()};
      break;
    case 1:
      kept.value = Ack{*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint64_t>(),
                       *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<std::uint8_t>()};
      break;
    case 2:
      kept.value = PingRequest{*rc::gen::arbitrary<std::uint32_t>(), any_life_id(), any_address(),
                               *rc::gen::arbitrary<std::uint16_t>()};
      break;
    case 3:
      kept.value = Report{*rc::gen::arbitrary<std::uint32_t>(),
                          *rc::gen::element(Finding::answered, Finding::silent, Finding::refused,
                                            Finding::other_life)};
      break;
    case 4:
      kept.value = kept.adopt(any_heartbeats());
      break;
    case 5:
      kept.value = kept.adopt(any_settings());
      break;
    case 6:
      kept.value = Seek{};
      break;
    case 7:
      kept.value = Here{};
      break;
    default:
      kept.value = kept.adopt(any_update());
  }
  return kept;
}

inline Envelope any_envelope() {
  return {.cluster = *rc::gen::arbitrary<std::uint32_t>(),
          .sender = any_life_id(),
          .health = *rc::gen::arbitrary<std::uint8_t>()};
}

inline bool add_message(DatagramWriter& writer, const Message& message) {
  return std::visit([&](const auto& alternative) { return writer.add(alternative); }, message);
}

/// A datagram of up to ten random messages, as many as fit, with what is in it.
struct SampleDatagram {
  Envelope envelope;
  std::vector<Kept<Message>> messages;
  ByteVector bytes;
};

inline SampleDatagram any_datagram() {
  SampleDatagram sample;
  sample.envelope = any_envelope();
  DatagramWriter writer(sample.envelope);
  const auto count = *rc::gen::inRange(0, 11);
  for (int i = 0; i < count; ++i) {
    auto message = any_message();
    if (!add_message(writer, message.value)) break;
    sample.messages.push_back(std::move(message));
  }
  sample.bytes.assign(writer.bytes().begin(), writer.bytes().end());
  return sample;
}

/// All that a reader gives for some bytes; the messages point into these.
struct Reading {
  std::optional<Envelope> envelope;
  std::vector<Message> messages;
  std::optional<DecodeError> error;
};

inline Reading read_all(Bytes datagram, std::uint32_t cluster) {
  Reading reading;
  auto reader = DatagramReader::create(datagram, cluster);
  if (!reader) {
    reading.error = reader.error();
    return reading;
  }
  reading.envelope = reader->envelope();
  while (!reader->at_end()) {
    auto message = reader->next();
    if (!message) {
      reading.error = message.error();
    } else {
      reading.messages.push_back(*message);
    }
  }
  return reading;
}

/// What was read, written again.
inline ByteVector write_again(const Reading& reading) {
  DatagramWriter writer(reading.envelope.value());
  for (const Message& message : reading.messages) RC_ASSERT(add_message(writer, message));
  return {writer.bytes().begin(), writer.bytes().end()};
}

// --- Streams -----------------------------------------------------------------------------------

inline std::vector<std::uint64_t> any_words(std::size_t size) {
  return *rc::gen::container<std::vector<std::uint64_t>>(size, rc::gen::arbitrary<std::uint64_t>());
}

template <class T>
std::vector<Update> any_records(Kept<T>& kept) {
  std::vector<Update> records;
  const auto count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < count; ++i) records.push_back(kept.adopt(any_update()));
  return records;
}

inline std::vector<std::uint16_t> any_buckets() {
  auto buckets = *rc::gen::container<std::vector<std::uint16_t>>(
      rc::gen::inRange<std::uint16_t>(0, sync_buckets_max));
  std::ranges::sort(buckets);
  buckets.erase(std::unique(buckets.begin(), buckets.end()), buckets.end());
  return buckets;
}

inline SyncEntries any_sync_entries(std::optional<Settings> settings) {
  SyncEntries sync;
  sync.settings = settings;
  sync.buckets = any_buckets();
  const auto count = *rc::gen::inRange(0, 20);
  for (int i = 0; i < count; ++i) {
    sync.entries.push_back(
        {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()});
  }
  return sync;
}

inline Kept<StreamMessage> any_stream_message() {
  Kept<StreamMessage> kept;
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
      kept.value = JoinRequest{kept.keep(any_name()), kept.adopt(any_update()),
                               *rc::gen::element(LifeId(), any_life_id())};
      break;
    case 1: {
      const auto status = *rc::gen::element(JoinStatus::welcome, JoinStatus::raise_boot,
                                            JoinStatus::name_in_use, JoinStatus::wrong_cluster);
      const std::string_view name = *rc::gen::arbitrary<bool>() ? kept.keep(any_name()) : "";
      kept.value = JoinReply{status, name, any_records(kept), maybe_settings(kept)};
      break;
    }
    case 2:
      kept.value =
          SyncOpen{any_words(std::size_t{1} << *rc::gen::inRange(0U, 10U)), maybe_settings(kept)};
      break;
    case 3:
      kept.value = any_sync_entries(maybe_settings(kept));
      break;
    case 4:
      kept.value = SyncRecords{any_words(*rc::gen::inRange<std::size_t>(0, 20)), any_records(kept)};
      break;
    case 5:
      kept.value = StreamPing{any_life_id()};
      break;
    case 6:
      kept.value = StreamAck{*rc::gen::arbitrary<std::uint64_t>()};
      break;
    case 7:
      kept.value = Watch{any_life_id()};
      break;
    case 8:
      kept.value = WatchAck{};
      break;
    case 9:
      kept.value = AgreementHello{kept.keep(any_name())};
      break;
    case 10:
      kept.value = AgreementWelcome{kept.keep(any_name())};
      break;
    default: {
      const auto code = *rc::gen::element(RefusalCode::wrong_cluster, RefusalCode::wrong_version,
                                          RefusalCode::malformed, RefusalCode::overloaded,
                                          RefusalCode::not_joined, RefusalCode::no_agreement);
      kept.value = Refused{
          code, kept.keep(*rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, 256),
                                                           rc::gen::inRange<char>(' ', '~')))};
    }
  }
  return kept;
}

inline ByteVector frame_of(const Envelope& envelope, const StreamMessage& message) {
  ByteVector frame;
  encode_frame(envelope, message, frame);
  return frame;
}

inline Bytes body_of(const ByteVector& frame) {
  return Bytes(frame).subspan(frame_head_bytes);
}

}  // namespace rollcall::wire
