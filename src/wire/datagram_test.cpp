// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/datagram.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/layout.hpp"
#include "wire/test_messages.hpp"

namespace rollcall::wire {
namespace {

constexpr Envelope envelope = {.cluster = 0xC1C1C1C1, .sender = {1, 2}, .health = 3};

Update plain_update(std::string_view name = "db1") {
  return {.name = name,
          .life = {.boot = 4, .id = {5, 6}},
          .incarnation = 7,
          .address = Address::v4(10, 0, 0, 1, 7420)};
}

ByteVector datagram_of(const Message& message) {
  DatagramWriter writer(envelope);
  EXPECT_TRUE(add_message(writer, message));
  return {writer.bytes().begin(), writer.bytes().end()};
}

std::optional<DecodeError> refusal_of(Bytes bytes) {
  return read_all(bytes, envelope.cluster).error;
}

/// The refusal of a datagram in which one byte was replaced.
std::optional<DecodeError> refusal_with(ByteVector bytes, std::size_t at, unsigned value) {
  bytes.at(at) = std::byte(value);
  return refusal_of(bytes);
}

/// Where the only message of a datagram begins, and the fields of a record of an update.
constexpr std::size_t message_at = envelope_bytes;
constexpr std::size_t flags_at = message_at + 1;
constexpr std::size_t name_size_at = flags_at + 1;
constexpr std::size_t port_at = name_size_at + 1;
constexpr std::size_t life_id_at = port_at + 2 + 4 + 8;
constexpr std::size_t ip_at = life_id_at + 16;

// --- Round trips -------------------------------------------------------------------------------

RC_GTEST_PROP(DatagramTest, ReadsWhatWasWritten, ()) {
  const SampleDatagram sample = any_datagram();

  const Reading reading = read_all(sample.bytes, sample.envelope.cluster);

  RC_ASSERT(!reading.error);
  RC_ASSERT(reading.envelope == sample.envelope);
  RC_ASSERT(reading.messages.size() == sample.messages.size());
  for (std::size_t i = 0; i < reading.messages.size(); ++i) {
    RC_ASSERT(reading.messages[i] == sample.messages[i].value);
  }
  RC_ASSERT(write_again(reading) == sample.bytes);
}

RC_GTEST_PROP(DatagramTest, ReadsAnyBeginningUpToTheMessageThatIsCut, ()) {
  const SampleDatagram sample = any_datagram();

  for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
    const ByteVector cut(sample.bytes.begin(),
                         sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const Reading reading = read_all(cut, sample.envelope.cluster);

    if (size < envelope_bytes) {
      RC_ASSERT(reading.error == DecodeError::too_short);
      continue;
    }
    const ByteVector again = write_again(reading);
    RC_ASSERT(std::ranges::equal(again, Bytes(sample.bytes).first(again.size())));
    RC_ASSERT(reading.error.has_value() == (again.size() < size));
    if (reading.error) RC_ASSERT(*reading.error == DecodeError::too_short);
  }
}

RC_GTEST_PROP(DatagramTest, RefusesAFlippedBitOrReadsItAsAnotherMessage, ()) {
  const SampleDatagram sample = any_datagram();

  for (std::size_t bit = 0; bit < 8 * sample.bytes.size(); ++bit) {
    ByteVector flipped = sample.bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    const Reading reading = read_all(flipped, sample.envelope.cluster);

    if (!reading.envelope) {
      RC_ASSERT(reading.error.has_value());
      continue;
    }
    const ByteVector again = write_again(reading);
    RC_ASSERT(std::ranges::equal(again, Bytes(flipped).first(again.size())));
    RC_ASSERT(reading.error.has_value() == (again.size() < flipped.size()));
  }
}

RC_GTEST_PROP(DatagramTest, AnswersEveryByteString, (std::vector<std::uint8_t> noise)) {
  DatagramWriter writer(envelope);
  ByteVector bytes(writer.bytes().begin(), writer.bytes().end());
  for (const std::uint8_t byte : noise) bytes.push_back(std::byte{byte});

  const Reading reading = read_all(bytes, envelope.cluster);

  RC_ASSERT(reading.error.has_value() == (write_again(reading).size() < bytes.size()));
  RC_ASSERT(
      std::ranges::equal(write_again(reading), Bytes(bytes).first(write_again(reading).size())));
}

// --- Packing -----------------------------------------------------------------------------------

TEST(DatagramWriterTest, IsEmptyUntilSomethingWasAdded) {
  DatagramWriter writer(envelope);

  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.size(), envelope_bytes);
  EXPECT_TRUE(writer.add(Report{1, Finding::silent}));
  EXPECT_FALSE(writer.empty());

  writer.begin(envelope);
  EXPECT_TRUE(writer.empty());
}

TEST(DatagramWriterTest, LeavesWhatItHasAsItIsWhenAMessageDoesNotFit) {
  DatagramWriter writer(envelope);
  int added = 0;
  while (writer.add(plain_update())) ++added;
  const ByteVector before(writer.bytes().begin(), writer.bytes().end());

  EXPECT_FALSE(writer.add(plain_update()));

  EXPECT_TRUE(std::ranges::equal(writer.bytes(), before));
  EXPECT_EQ(read_all(writer.bytes(), envelope.cluster).messages.size(),
            static_cast<std::size_t>(added));
  EXPECT_TRUE(writer.add(Report{1, Finding::silent})) << "what is shorter still fits";
}

TEST(DatagramWriterTest, FillsADatagramToItsLastByte) {
  DatagramWriter writer(envelope);
  const std::string long_name(name_bytes_max, 'n');
  while (writer.add(plain_update(long_name))) {
  }
  const std::size_t room = datagram_bytes_max - writer.size();
  const std::size_t without_name = 1 + record_fixed_bytes + ipv4_bytes;
  ASSERT_GT(room, without_name);

  EXPECT_FALSE(writer.add(plain_update(std::string(room - without_name + 1, 'n'))));
  EXPECT_TRUE(writer.add(plain_update(std::string(room - without_name, 'n'))));

  EXPECT_EQ(writer.size(), datagram_bytes_max);
  EXPECT_FALSE(writer.add(Report{1, Finding::silent}));
}

TEST(DatagramWriterTest, HasRoomForTheLongestUpdateThereIs) {
  const std::string name(name_bytes_max, 'n');
  const std::string value(tags_bytes_max - 4, 'v');
  const ByteVector tags = encode_tags({{"k", value}}).value();
  Update update = plain_update(name);
  update.address = *parse_address("[fe80::1]:1");
  update.witness = {8, 9};
  update.has_tags = true;
  update.tags = tags;

  DatagramWriter writer(envelope);
  ASSERT_TRUE(writer.add(update));

  EXPECT_EQ(writer.size(), envelope_bytes + 1 + record_bytes_max);
  EXPECT_EQ(read_all(writer.bytes(), envelope.cluster).messages.at(0), Message(update));
}

TEST(DatagramWriterTest, KeepsAPingWithEightUpdatesBelow500Bytes) {
  DatagramWriter writer(envelope);
  ASSERT_TRUE(writer.add(Ping{.sequence = 1}));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(writer.add(plain_update("member-17-letters")));

  EXPECT_EQ(writer.size(), 490U);
}

// --- The envelope ------------------------------------------------------------------------------

TEST(DatagramReaderTest, CallsWhatIsWrongWithAnEnvelopeByItsName) {
  const ByteVector good = datagram_of(Ping{.sequence = 1});

  EXPECT_EQ(refusal_of({}), DecodeError::too_short);
  EXPECT_EQ(refusal_of(as_bytes("RC")), DecodeError::too_short);
  EXPECT_EQ(refusal_of(as_bytes("GET / HTTP/1.1")), DecodeError::not_rollcall);
  EXPECT_EQ(refusal_with(good, 1, 'D'), DecodeError::not_rollcall);
  EXPECT_EQ(refusal_with(good, 2, 2), DecodeError::wrong_version);
  EXPECT_EQ(refusal_of(as_bytes("RC\x02")), DecodeError::wrong_version)
      << "another version may be shorter";
  EXPECT_EQ(refusal_with(good, 3, envelope_sealed), DecodeError::sealed);
  EXPECT_EQ(refusal_with(good, 3, 0x02), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_with(good, 3, 0x81), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_with(good, 4, 0), DecodeError::wrong_cluster);
  EXPECT_EQ(refusal_with(good, 8, 1), DecodeError::bad_field) << "a key, but nothing is sealed";
  EXPECT_EQ(refusal_of(good), std::nullopt);
}

TEST(DatagramReaderTest, RefusesADatagramAboveTheLimit) {
  DatagramWriter writer(envelope);
  while (writer.add(Report{1, Finding::silent})) {
  }
  ByteVector bytes(writer.bytes().begin(), writer.bytes().end());
  bytes.resize(datagram_bytes_max);
  EXPECT_NE(refusal_of(bytes), DecodeError::too_long);

  bytes.resize(datagram_bytes_max + 1);

  EXPECT_EQ(refusal_of(bytes), DecodeError::too_long);
}

TEST(DatagramReaderTest, AcceptsAnEnvelopeWithNothingIn) {
  const DatagramWriter writer(envelope);

  const auto reader = DatagramReader::create(writer.bytes(), envelope.cluster);

  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->envelope(), envelope);
  EXPECT_TRUE(reader->at_end());
}

// --- Messages ----------------------------------------------------------------------------------

TEST(DatagramReaderTest, IsAtItsEndAfterARefusal) {
  ByteVector bytes = datagram_of(Ping{.sequence = 1});
  bytes.push_back(std::byte{99});
  for (const std::byte byte : datagram_of(Ping{.sequence = 2})) bytes.push_back(byte);

  auto reader = DatagramReader::create(bytes, envelope.cluster);
  ASSERT_TRUE(reader && reader->next());
  ASSERT_FALSE(reader->at_end());

  EXPECT_EQ(reader->next().error(), DecodeError::unknown_kind);
  EXPECT_TRUE(reader->at_end());
  EXPECT_EQ(reader->next().error(), DecodeError::too_short);
}

TEST(DatagramReaderTest, RefusesKindsThatBelongToStreamsOrToNothing) {
  const ByteVector good = datagram_of(Ping{.sequence = 1});

  for (unsigned kind = 0; kind < 256; ++kind) {
    if (kind >= 1 && kind <= 9) continue;
    EXPECT_EQ(refusal_with(good, message_at, kind), DecodeError::unknown_kind) << kind;
  }
}

TEST(DatagramReaderTest, RefusesHeartbeatsThatCannotBe) {
  ByteVector others;
  append_heartbeat({.member = 7, .count = 8}, others);
  const ByteVector good = datagram_of(Heartbeats{.own = 5, .is_cast = false, .others = others});

  EXPECT_EQ(refusal_of(good), std::nullopt);
  EXPECT_EQ(refusal_with(good, message_at + 4, 1), DecodeError::bad_field) << "above 24 bits";
  EXPECT_EQ(refusal_with(good, message_at + 5, 2), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_with(good, message_at + 6, 2), DecodeError::too_short);
  EXPECT_EQ(refusal_with(good, message_at + 6, heartbeats_max + 1), DecodeError::too_long);
}

TEST(HeartbeatsTest, ReadsWhatWasAppendedAndKeepsTheCountIn24Bits) {
  ByteVector others;
  append_heartbeat({.member = heartbeat_key({1, ~std::uint64_t{0}}), .count = 1}, others);
  append_heartbeat({.member = 2, .count = heartbeat_count_mask + 3}, others);

  const Heartbeats heartbeats{.own = 1, .is_cast = false, .others = others};

  ASSERT_EQ(heartbeats.count(), 2U);
  EXPECT_EQ(read_heartbeat(heartbeats, 0), (Heartbeat{.member = 0xFF'FFFF'FFFF, .count = 1}));
  EXPECT_EQ(read_heartbeat(heartbeats, 1), (Heartbeat{.member = 2, .count = 2}));
}

TEST(HeartbeatsTest, ComparesCountsAroundTheCircle) {
  EXPECT_TRUE(heartbeat_is_newer(2, 1));
  EXPECT_FALSE(heartbeat_is_newer(1, 2));
  EXPECT_FALSE(heartbeat_is_newer(1, 1));
  EXPECT_TRUE(heartbeat_is_newer(0, heartbeat_count_mask));
  EXPECT_FALSE(heartbeat_is_newer(heartbeat_count_mask, 0));
}

TEST(HeartbeatsTest, SayHowManyMoreFit) {
  DatagramWriter writer(envelope);
  const std::size_t room = writer.heartbeats_room();
  EXPECT_EQ(room, heartbeats_max);
  ASSERT_TRUE(writer.add(plain_update()));
  while (writer.add(plain_update())) {
  }
  const std::size_t left = writer.heartbeats_room();
  ByteVector others;
  for (std::size_t i = 0; i <= left; ++i) append_heartbeat({}, others);
  EXPECT_FALSE(writer.add(Heartbeats{.own = 1, .is_cast = false, .others = others}));
  EXPECT_LT(left, 10U);
}

TEST(DatagramReaderTest, RefusesReservedBits) {
  const ByteVector ack = datagram_of(Ack{.sequence = 1, .stranger = true});
  const ByteVector request =
      datagram_of(PingRequest{.sequence = 1, .address = Address::v4(10, 0, 0, 1, 1)});
  const ByteVector update = datagram_of(plain_update());

  EXPECT_EQ(refusal_with(ack, ack.size() - 2, 2), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_with(request, request.size() - 5, 2), DecodeError::unknown_flag);
  EXPECT_EQ(refusal_with(update, flags_at, 0x80), DecodeError::unknown_flag);
}

TEST(DatagramReaderTest, HoldsOnlyTheFailedForUnfit) {
  Update update = plain_update();
  for (const State state : {State::alive, State::suspect, State::left}) {
    update.state = state;
    const auto flags = static_cast<unsigned>(state) | 0x40U;
    EXPECT_EQ(refusal_with(datagram_of(update), flags_at, flags), DecodeError::bad_field);
  }
  update.state = State::failed;
  EXPECT_EQ(refusal_with(datagram_of(update), flags_at, 0x42), std::nullopt);
}

TEST(DatagramReaderTest, RefusesAFindingThatIsNone) {
  const ByteVector report = datagram_of(Report{1, Finding::other_life});

  EXPECT_EQ(refusal_with(report, report.size() - 1, 4), DecodeError::bad_field);
}

TEST(DatagramReaderTest, RefusesAddressesThatNobodyCanSendTo) {
  for (const char* const text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:0", "[fe80::1]:0"}) {
    const Address address = *parse_address(text);
    Update update = plain_update();
    update.address = address;

    EXPECT_EQ(refusal_of(datagram_of(update)), DecodeError::bad_field) << text;
    EXPECT_EQ(refusal_of(datagram_of(PingRequest{.sequence = 1, .address = address})),
              DecodeError::bad_field)
        << text;
  }
}

TEST(DatagramReaderTest, RefusesAnIpv4AddressInTheLongForm) {
  const Address v4 = Address::v4(10, 0, 0, 1, 7420);
  Update update = plain_update();
  update.address = *parse_address("[fe80::1]:7420");
  ByteVector record = datagram_of(update);
  ByteVector request = datagram_of(PingRequest{.sequence = 1, .address = update.address});
  EXPECT_EQ(refusal_of(record), std::nullopt);
  EXPECT_EQ(refusal_of(request), std::nullopt);

  std::ranges::copy(std::as_bytes(std::span(v4.ip)), record.begin() + ip_at);
  std::ranges::copy(std::as_bytes(std::span(v4.ip)), request.end() - 16);

  EXPECT_EQ(refusal_of(record), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(request), DecodeError::bad_field);
}

TEST(DatagramReaderTest, RefusesALifeOfNobodyAndAWitnessWhoIsNobody) {
  ByteVector nobody = datagram_of(plain_update());
  std::fill_n(nobody.begin() + life_id_at, 16, std::byte{0});
  Update update = plain_update();
  update.witness = {1, 1};
  ByteVector witnessed = datagram_of(update);
  EXPECT_EQ(refusal_of(witnessed), std::nullopt);
  std::fill_n(witnessed.begin() + ip_at + 4, 16, std::byte{0});

  EXPECT_EQ(refusal_of(nobody), DecodeError::bad_field);
  EXPECT_EQ(refusal_of(witnessed), DecodeError::bad_field);
}

TEST(DatagramReaderTest, RefusesNamesThatBreakTheRule) {
  const ByteVector good = datagram_of(plain_update("db1"));
  const std::size_t name_at = good.size() - 3;

  EXPECT_EQ(refusal_with(good, name_at, '-'), DecodeError::bad_field);
  EXPECT_EQ(refusal_with(good, name_at + 1, ' '), DecodeError::bad_field);
  EXPECT_EQ(refusal_with(good, name_size_at, 0), DecodeError::bad_field);
  EXPECT_EQ(refusal_with(good, name_size_at, name_bytes_max + 1), DecodeError::too_long);
  EXPECT_EQ(refusal_with(good, name_size_at, 4), DecodeError::too_short);
}

TEST(DatagramReaderTest, RefusesTagsThatAreNotCanonical) {
  const ByteVector tags = encode_tags({{"a", "1"}, {"b", "2"}}).value();
  Update update = plain_update();
  update.has_tags = true;
  update.tags = tags;
  const ByteVector good = datagram_of(update);
  EXPECT_EQ(refusal_of(good), std::nullopt);
  const std::size_t tags_at = good.size() - tags.size();

  EXPECT_EQ(refusal_with(good, tags_at + 1, 'c'), DecodeError::bad_field) << "out of order";
  EXPECT_EQ(refusal_with(good, tags_at - 1, 5), DecodeError::too_long) << "length 0x050a";
  EXPECT_EQ(refusal_with(good, tags_at - 1, 1), DecodeError::too_short) << "length 0x010a";
}

TEST(DatagramReaderTest, TellsTagsThatWereClearedFromTagsNotTold) {
  Update cleared = plain_update();
  cleared.has_tags = true;

  const ByteVector bytes = datagram_of(cleared);
  const Reading reading = read_all(bytes, envelope.cluster);

  ASSERT_EQ(reading.messages.size(), 1U);
  EXPECT_EQ(reading.messages[0], Message(cleared));
  EXPECT_NE(reading.messages[0], Message(plain_update()));
}

TEST(ClusterHashTest, IsTheLowHalfOfTheStableHash) {
  EXPECT_EQ(cluster_hash("default"), static_cast<std::uint32_t>(hash_bytes("default")));
  EXPECT_EQ(cluster_hash("default"), 0xb3dd278eU);
  EXPECT_NE(cluster_hash("default"), cluster_hash("Default"));
}

}  // namespace
}  // namespace rollcall::wire
