// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/stream.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/datagram.hpp"
#include "wire/layout.hpp"
#include "wire/test_messages.hpp"

namespace rollcall::wire {
namespace {

constexpr Envelope envelope = {.cluster = 0xC1C1C1C1, .sender = {1, 2}, .health = 3};

Update record_of(std::string_view name) {
  return {.name = name,
          .life = {.boot = 4, .id = {5, 6}},
          .incarnation = 7,
          .address = Address::v4(10, 0, 0, 1, 7420)};
}

std::optional<DecodeError> refusal_of(Bytes body) {
  const auto message = decode_frame_body(body);
  return message ? std::nullopt : std::optional(message.error());
}

std::optional<DecodeError> head_refusal_of(Bytes head) {
  const auto read = decode_frame_head(head);
  return read ? std::nullopt : std::optional(read.error());
}

/// The body of a message in which some bytes were replaced.
ByteVector body_with(const StreamMessage& message, std::size_t at, std::vector<unsigned> values) {
  const ByteVector frame = frame_of(envelope, message);
  ByteVector body(body_of(frame).begin(), body_of(frame).end());
  for (const unsigned value : values) body.at(at++) = std::byte(value);
  return body;
}

// --- Round trips -------------------------------------------------------------------------------

RC_GTEST_PROP(StreamTest, ReadsWhatWasWritten, ()) {
  const auto message = any_stream_message();
  const Envelope sender = any_envelope();

  const ByteVector frame = frame_of(sender, message.value);

  const auto head = decode_frame_head(Bytes(frame).first(frame_head_bytes));
  RC_ASSERT(head.has_value());
  RC_ASSERT(head->envelope == sender);
  RC_ASSERT(head->body_bytes == frame.size() - frame_head_bytes);
  const auto read = decode_frame_body(body_of(frame));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == message.value);
}

RC_GTEST_PROP(StreamTest, RefusesEveryBodyThatWasCutOrLengthened, ()) {
  const auto message = any_stream_message();
  const ByteVector frame = frame_of(envelope, message.value);
  const Bytes body = body_of(frame);

  for (std::size_t size = 0; size < body.size(); ++size) {
    const ByteVector cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    RC_ASSERT(refusal_of(cut).has_value());
  }
  ByteVector longer(body.begin(), body.end());
  longer.push_back(std::byte{0});
  RC_ASSERT(refusal_of(longer) == DecodeError::trailing);
}

RC_GTEST_PROP(StreamTest, RefusesAFlippedBitOrReadsItAsAnotherMessage, ()) {
  const auto message = any_stream_message();
  const ByteVector frame = frame_of(envelope, message.value);

  for (std::size_t bit = 8 * frame_head_bytes; bit < 8 * frame.size(); ++bit) {
    ByteVector flipped = frame;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto read = decode_frame_body(body_of(flipped));
    if (read) RC_ASSERT(frame_of(envelope, *read) == flipped);
  }
}

RC_GTEST_PROP(StreamTest, AnswersEveryByteString, (std::vector<std::uint8_t> noise)) {
  const auto kind = *rc::gen::inRange<std::uint8_t>(16, 26);
  noise.insert(noise.begin(), kind);
  const Bytes body = std::as_bytes(std::span(noise));

  if (const auto read = decode_frame_body(body)) {
    const ByteVector frame = frame_of(envelope, *read);
    RC_ASSERT(std::ranges::equal(body_of(frame), body));
  }
}

TEST(StreamTest, AppendsFramesToWhatIsThere) {
  ByteVector out;
  encode_frame(envelope, StreamAck{7}, out);
  const std::size_t first = out.size();

  encode_frame(envelope, Watch{{8, 9}}, out);

  EXPECT_EQ(decode_frame_body(Bytes(out).subspan(frame_head_bytes, first - frame_head_bytes)),
            StreamMessage(StreamAck{7}));
  EXPECT_EQ(decode_frame_body(Bytes(out).subspan(first + frame_head_bytes)),
            StreamMessage(Watch{{8, 9}}));
}

// --- The head ----------------------------------------------------------------------------------

TEST(FrameHeadTest, CallsWhatIsWrongWithAHeadByItsName) {
  const ByteVector frame = frame_of(envelope, WatchAck{});
  const ByteVector good(frame.begin(), frame.begin() + frame_head_bytes);
  const auto with = [&](std::size_t at, unsigned value) {
    ByteVector head = good;
    head.at(at) = std::byte(value);
    return head_refusal_of(head);
  };

  EXPECT_EQ(head_refusal_of(good), std::nullopt);
  EXPECT_EQ(head_refusal_of(as_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            DecodeError::not_rollcall);
  EXPECT_EQ(with(2, 9), DecodeError::wrong_version);
  EXPECT_EQ(with(3, 1), DecodeError::sealed);
  EXPECT_EQ(with(3, 4), DecodeError::unknown_flag);
  EXPECT_EQ(with(8, 4), DecodeError::bad_field);
  EXPECT_EQ(with(4, 0), std::nullopt) << "the cluster is the caller's to compare";
  EXPECT_EQ(with(32, 3), DecodeError::too_long) << "a body of 48 MiB";
  for (std::size_t at = frame_head_bytes - frame_reserved_bytes; at < frame_head_bytes; ++at) {
    EXPECT_EQ(with(at, 1), DecodeError::unknown_flag) << at;
  }
  for (std::size_t size = 0; size < frame_head_bytes; ++size) {
    EXPECT_EQ(head_refusal_of(Bytes(good).first(size)), DecodeError::too_short) << size;
  }
}

TEST(FrameHeadTest, AcceptsTheLongestBodyAndNoLonger) {
  ByteVector head = frame_of(envelope, WatchAck{});
  const auto with_body = [&](std::uint32_t bytes) {
    for (std::size_t i = 0; i < 4; ++i) {
      head[envelope_bytes + i] = std::byte((bytes >> (8 * i)) & 0xFFU);
    }
    return head_refusal_of(head);
  };

  EXPECT_EQ(with_body(frame_bytes_max), std::nullopt);
  EXPECT_EQ(with_body(frame_bytes_max + 1), DecodeError::too_long);
}

// --- Bodies ------------------------------------------------------------------------------------

TEST(FrameBodyTest, RefusesKindsThatBelongToDatagramsOrToNothing) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    if (kind >= 16 && kind <= 27) continue;
    const ByteVector body = {std::byte(kind)};
    EXPECT_EQ(refusal_of(body), DecodeError::unknown_kind) << kind;
  }
  EXPECT_EQ(refusal_of({}), DecodeError::too_short);
}

TEST(FrameBodyTest, RefusesValuesThatAreNone) {
  EXPECT_EQ(refusal_of(body_with(JoinReply{}, 1, {4})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(Refused{}, 1, {6})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(Refused{.detail = "no"}, 3, {'\n'})), DecodeError::bad_field);
}

TEST(FrameBodyTest, RefusesClusterNamesThatBreakTheRule) {
  const JoinRequest request{.cluster_name = "default", .self = record_of("db1")};
  constexpr std::size_t size_at = 17;

  EXPECT_EQ(refusal_of(body_with(request, size_at, {7, 'd'})), std::nullopt);
  EXPECT_EQ(refusal_of(body_with(request, size_at, {7, ' '})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(request, size_at, {129})), DecodeError::too_long);
  EXPECT_EQ(refusal_of(body_with(request, size_at, {255})), DecodeError::too_long);
}

TEST(FrameBodyTest, RefusesMemberNamesThatBreakTheRule) {
  const AgreementHello hello{"db1"};

  EXPECT_EQ(refusal_of(body_with(hello, 1, {3, 'd'})), std::nullopt);
  EXPECT_EQ(refusal_of(body_with(hello, 1, {3, ' '})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(hello, 1, {0})), DecodeError::bad_field) << "a name is a must";
  EXPECT_EQ(refusal_of(body_with(hello, 1, {2})), DecodeError::trailing);
  EXPECT_EQ(refusal_of(body_with(hello, 1, {4})), DecodeError::too_short);
  EXPECT_EQ(refusal_of(body_with(AgreementWelcome{"db1"}, 1, {129})), DecodeError::too_long);
}

TEST(FrameBodyTest, RefusesCountsThatTheBytesCannotHold) {
  // Memory for what is claimed here would be gigabytes.
  const SyncRecords records{.wanted = {1}, .records = {record_of("db1")}};
  const SyncEntries entries{.buckets = {1}, .entries = {{1, 2}}};

  EXPECT_EQ(refusal_of(body_with(records, 1, {0xFF, 0xFF, 0xFF, 0xFF})), DecodeError::too_short);
  EXPECT_EQ(refusal_of(body_with(records, 13, {0xFF, 0xFF, 0xFF, 0xFF})), DecodeError::too_short);
  EXPECT_EQ(refusal_of(body_with(entries, 6, {0xFF, 0xFF, 0xFF, 0xFF})), DecodeError::too_short);
  EXPECT_EQ(refusal_of(body_with(JoinReply{}, 4, {0xFF, 0xFF, 0xFF, 0xFF})),
            DecodeError::too_short);
  EXPECT_EQ(refusal_of(body_with(SyncOpen{{1, 2}}, 2, {0, 0x10})), DecodeError::too_short);
}

TEST(FrameBodyTest, RefusesBucketsThatAreTooManyOrNoPowerOfTwo) {
  const SyncOpen four{{1, 2, 3, 4}};

  EXPECT_EQ(refusal_of(body_with(four, 2, {3, 0})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(four, 2, {0, 0})), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(body_with(four, 2, {0, 0x20})), DecodeError::too_long);
  EXPECT_EQ(refusal_of(body_with(four, 2, {2, 0})), DecodeError::trailing);
}

TEST(FrameBodyTest, RefusesBucketsOutOfOrderTwiceOrBeyondTheLast) {
  const SyncEntries sync{.buckets = {5, 6}};

  EXPECT_EQ(refusal_of(body_with(sync, 4, {6, 0})), DecodeError::bad_field) << "twice";
  EXPECT_EQ(refusal_of(body_with(sync, 4, {7, 0})), DecodeError::bad_field) << "out of order";
  EXPECT_EQ(refusal_of(body_with(sync, 6, {0, 0x10})), DecodeError::bad_field) << "4096";
  EXPECT_EQ(refusal_of(body_with(sync, 6, {0xFF, 0x0F})), std::nullopt) << "4095";
  EXPECT_EQ(refusal_of(body_with(sync, 2, {1, 0x10})), DecodeError::too_long);
}

TEST(FrameBodyTest, RefusesSettingsThatAreNotWhole) {
  ByteVector values;
  append_values({}, values);
  const SyncOpen open{
      .buckets = {1},
      .settings = Settings{.number = 1, .origin = {8, 9}, .by = "db1", .values = values}};

  EXPECT_EQ(refusal_of(body_with(open, 1, {2})), DecodeError::bad_field) << "neither yes nor no";
  EXPECT_EQ(refusal_of(body_with(open, 2, {0})), DecodeError::bad_field) << "number 0";
  EXPECT_EQ(refusal_of(body_with(open, 26, {129})), DecodeError::too_long);
  EXPECT_EQ(refusal_of(body_with(open, 27, {' '})), DecodeError::bad_field) << "no name";
  EXPECT_EQ(refusal_of(body_with(open, 26, {128})), DecodeError::too_short);
}

TEST(FrameBodyTest, RefusesARecordThatIsRefusedInADatagram) {
  const SyncRecords sync{.records = {record_of("db1")}};

  EXPECT_EQ(refusal_of(body_with(sync, 9, {0x80})), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_of(body_with(sync, 11, {0, 0})), DecodeError::bad_field) << "port 0";
}

// --- Limits of the encoder ---------------------------------------------------------------------

TEST(FrameBodyTest, LeavesOutRecordsThatAFrameCannotHold) {
  const std::string value(tags_bytes_max - 4, 'v');
  const ByteVector tags = encode_tags({{"k", value}}).value();
  Update big = record_of("db1");
  big.has_tags = true;
  big.tags = tags;
  const std::size_t record_bytes = record_fixed_bytes + 4 + 3 + 2 + tags_bytes_max;
  const JoinReply reply{JoinStatus::welcome, "default",
                        std::vector<Update>(frame_bytes_max / record_bytes + 5, big)};

  const ByteVector frame = frame_of(envelope, reply);

  EXPECT_LE(frame.size() - frame_head_bytes, frame_bytes_max);
  EXPECT_GT(frame.size() - frame_head_bytes, frame_bytes_max - 2 * record_bytes);
  const auto read = decode_frame_body(body_of(frame));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<JoinReply>(*read).records.size(), frame_bytes_max / record_bytes);
}

TEST(FrameBodyTest, LeavesOutEntriesAndNamesThatAFrameCannotHold) {
  const SyncEntries entries{.buckets = {1}, .entries = std::vector<SyncEntry>(2'500'000)};
  const SyncRecords wanted{.wanted = std::vector<std::uint64_t>(5'000'000),
                           .records = {record_of("db1")}};

  const auto read_entries = decode_frame_body(body_of(frame_of(envelope, entries)));
  const auto read_wanted = decode_frame_body(body_of(frame_of(envelope, wanted)));

  ASSERT_TRUE(read_entries && read_wanted);
  EXPECT_EQ(std::get<SyncEntries>(*read_entries).entries.size(), (frame_bytes_max - 10) / 16);
  EXPECT_EQ(std::get<SyncRecords>(*read_wanted).wanted.size(), (frame_bytes_max - 9) / 8);
}

TEST(FrameBodyTest, CutsTheTextOfARefusalAndMakesItPrintable) {
  const std::string text = "what?\n\x7f\xC3" + std::string(300, 'x');

  const ByteVector frame = frame_of(envelope, Refused{RefusalCode::overloaded, text});

  const auto read = decode_frame_body(body_of(frame));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Refused>(*read).detail,
            "what????" + std::string(refusal_detail_bytes_max - 8, 'x'));
}

}  // namespace
}  // namespace rollcall::wire
