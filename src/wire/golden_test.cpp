// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes of version 1, written out: a change here is another wire version.
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/hex_test.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"
#include "wire/tags.hpp"

namespace rollcall::wire {
namespace {

constexpr LifeId a = {0x0102030405060708, 0x090a0b0c0d0e0f10};
constexpr LifeId b = {0x1112131415161718, 0x191a1b1c1d1e1f20};

Envelope envelope() {
  return {.cluster = cluster_hash("default"), .sender = a, .health = 0};
}

const std::string envelope_hex =
    "52 43 01 00 8e 27 dd b3 00 00 00 00 "
    "08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09 00";

template <class T>
std::string datagram_hex(const T& message) {
  DatagramWriter writer(envelope());
  EXPECT_TRUE(writer.add(message));
  return hex(writer.bytes(), " ");
}

std::string frame_hex(const StreamMessage& message) {
  ByteVector frame;
  encode_frame(envelope(), message, frame);
  return hex(frame, " ");
}

Update db1() {
  return {.name = "db1",
          .life = {.boot = 1, .id = b},
          .incarnation = 2,
          .address = Address::v4(10, 0, 0, 1, 7420)};
}
const std::string db1_hex =
    "00 03 fc 1c 02 00 00 00 01 00 00 00 00 00 00 00 "
    "18 17 16 15 14 13 12 11 20 1f 1e 1d 1c 1b 1a 19 0a 00 00 01 64 62 31";

/// The bytes of the first block of code under a heading: the pairs of hexadecimal digits that each
/// line begins with.
std::string documented_hex(const std::string& heading) {
  std::ifstream file(std::string(ROLLCALL_SOURCE_DIR) + "/PROTOCOL.md");
  std::string line;
  while (std::getline(file, line) && line != heading) {
  }
  while (std::getline(file, line) && line != "```") {
  }
  std::string text;
  while (std::getline(file, line) && line != "```") {
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word.size() != 2 || word.find_first_not_of("0123456789abcdef") != std::string::npos) {
        break;
      }
      text += (text.empty() ? "" : " ") + word;
    }
  }
  return text;
}

TEST(GoldenTest, TheExampleOfTheDocumentIsWhatIsSent) {
  Update update = db1();
  update.state = State::suspect;
  update.witness = a;
  DatagramWriter writer(envelope());
  ASSERT_TRUE(writer.add(Ping{.sequence = 7, .target = b, .digest = 0x2122232425262728}));
  ASSERT_TRUE(writer.add(update));

  EXPECT_EQ(hex(writer.bytes(), " "), documented_hex("### An example"));
}

TEST(GoldenTest, Ping) {
  EXPECT_EQ(datagram_hex(Ping{.sequence = 7, .target = b, .digest = 0x2122232425262728}),
            envelope_hex +
                " 01 07 00 00 00 18 17 16 15 14 13 12 11 20 1f 1e 1d 1c 1b 1a 19 "
                "28 27 26 25 24 23 22 21");
}

TEST(GoldenTest, Ack) {
  EXPECT_EQ(
      datagram_hex(Ack{.sequence = 7, .digest = 0x2122232425262728, .stranger = true, .lost = 85}),
      envelope_hex + " 02 07 00 00 00 28 27 26 25 24 23 22 21 01 55");
}

TEST(GoldenTest, PingRequest) {
  PingRequest request{
      .sequence = 7, .target = b, .address = Address::v4(10, 0, 0, 1, 7420), .patience_ms = 300};
  const std::string head =
      envelope_hex + " 03 07 00 00 00 18 17 16 15 14 13 12 11 20 1f 1e 1d 1c 1b 1a 19 2c 01 fc 1c";
  EXPECT_EQ(datagram_hex(request), head + " 00 0a 00 00 01");

  request.address = *parse_address("[fe80::1]:7420");
  EXPECT_EQ(datagram_hex(request), head + " 01 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01");
}

TEST(GoldenTest, Report) {
  EXPECT_EQ(datagram_hex(Report{.sequence = 7, .finding = Finding::refused}),
            envelope_hex + " 04 07 00 00 00 02");
}

TEST(GoldenTest, UpdateOfEachShape) {
  EXPECT_EQ(datagram_hex(db1()), envelope_hex + " 05 " + db1_hex);

  const ByteVector tags = encode_tags({{"az", "1"}}).value();
  Update full = db1();
  full.state = State::failed;
  full.age = Age::history;
  full.address = *parse_address("[fe80::1]:7420");
  full.witness = a;
  full.has_tags = true;
  full.tags = tags;
  EXPECT_EQ(datagram_hex(full), envelope_hex +
                                    " 05 3e 03 fc 1c 02 00 00 00 01 00 00 00 00 00 00 00 "
                                    "18 17 16 15 14 13 12 11 20 1f 1e 1d 1c 1b 1a 19 "
                                    "fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                                    "08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09 64 62 31 "
                                    "06 00 02 61 7a 01 00 31");
}

TEST(GoldenTest, Heartbeats) {
  ByteVector others;
  append_heartbeat({heartbeat_key(b), 0x010203}, others);
  EXPECT_EQ(datagram_hex(Heartbeats{.own = 5, .is_cast = true, .others = others}),
            envelope_hex + " 06 05 00 00 00 01 01 03 02 01 1d 1c 1b 1a 19");
}

const std::string settings_hex =
    "03 00 00 00 00 00 00 00 08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09 03 64 62 31 "
    "01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 "
    "04 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00 "
    "07 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00 09 00 00 00 00 00 00 00 "
    "0a 00 00 00 00 00 00 00 0b 00 00 00 00 00 00 00 0c 00 00 00 00 00 00 00 "
    "0d 00 00 00 00 00 00 00";

TEST(GoldenTest, SettingsInDatagramsAndFrames) {
  ByteVector values;
  append_values({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, values);
  const Settings settings{.number = 3, .origin = a, .by = "db1", .values = values};

  EXPECT_EQ(datagram_hex(settings), envelope_hex + " 07 " + settings_hex);
  EXPECT_EQ(frame_hex(SyncOpen{.buckets = {1}, .settings = settings}),
            envelope_hex + " 90 00 00 00 00 00 00 12 01 " + settings_hex +
                " 01 00 01 00 00 00 00 00 00 00");
}

TEST(GoldenTest, SeekAndHere) {
  EXPECT_EQ(datagram_hex(Seek{}), envelope_hex + " 08");
  EXPECT_EQ(datagram_hex(Here{}), envelope_hex + " 09");
}

TEST(GoldenTest, JoinRequestAndReply) {
  EXPECT_EQ(frame_hex(JoinRequest{.cluster_name = "c1", .self = db1(), .looked_for = a}),
            envelope_hex +
                " 3b 00 00 00 00 00 00 10 08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09 "
                "02 63 31 " +
                db1_hex);
  EXPECT_EQ(frame_hex(JoinReply{JoinStatus::name_in_use, "c1", {db1()}}),
            envelope_hex + " 31 00 00 00 00 00 00 11 02 02 63 31 00 01 00 00 00 " + db1_hex);
}

TEST(GoldenTest, Sync) {
  EXPECT_EQ(
      frame_hex(SyncOpen{{1, 2}}),
      envelope_hex +
          " 14 00 00 00 00 00 00 12 00 02 00 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00");
  EXPECT_EQ(frame_hex(SyncEntries{.buckets = {255}, .entries = {{1, 2}}}),
            envelope_hex +
                " 1a 00 00 00 00 00 00 13 00 01 00 ff 00 01 00 00 00 01 00 00 00 00 00 00 00 "
                "02 00 00 00 00 00 00 00");
  EXPECT_EQ(frame_hex(SyncRecords{.wanted = {1}, .records = {db1()}}),
            envelope_hex +
                " 38 00 00 00 00 00 00 14 01 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00 " +
                db1_hex);
}

TEST(GoldenTest, ProbesAndWatches) {
  EXPECT_EQ(
      frame_hex(StreamPing{a}),
      envelope_hex + " 11 00 00 00 00 00 00 15 08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09");
  EXPECT_EQ(frame_hex(StreamAck{1}),
            envelope_hex + " 09 00 00 00 00 00 00 16 01 00 00 00 00 00 00 00");
  EXPECT_EQ(
      frame_hex(Watch{a}),
      envelope_hex + " 11 00 00 00 00 00 00 17 08 07 06 05 04 03 02 01 10 0f 0e 0d 0c 0b 0a 09");
  EXPECT_EQ(frame_hex(WatchAck{}), envelope_hex + " 01 00 00 00 00 00 00 18");
}

TEST(GoldenTest, Refused) {
  EXPECT_EQ(frame_hex(Refused{RefusalCode::overloaded, "no"}),
            envelope_hex + " 05 00 00 00 00 00 00 19 03 02 6e 6f");
}

TEST(GoldenTest, AgreementStreams) {
  EXPECT_EQ(frame_hex(AgreementHello{"db1"}),
            envelope_hex + " 05 00 00 00 00 00 00 1a 03 64 62 31");
  EXPECT_EQ(frame_hex(AgreementWelcome{"db2"}),
            envelope_hex + " 05 00 00 00 00 00 00 1b 03 64 62 32");
  EXPECT_EQ(frame_hex(Refused{RefusalCode::no_agreement, "no"}),
            envelope_hex + " 05 00 00 00 00 00 00 19 05 02 6e 6f");
}

}  // namespace
}  // namespace rollcall::wire
