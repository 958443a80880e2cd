// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// The inputs that the fuzzers start from are what the encoders of today write. After a change of
/// the wire, ROLLCALL_REWRITE=1 in the environment writes them anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/datagram.hpp"
#include "wire/stream.hpp"
#include "wire/tags.hpp"

namespace rollcall::wire {
namespace {

/// The name of a file, and what is in it.
using Seeds = std::vector<std::pair<std::string, ByteVector>>;

const std::filesystem::path corpora =
    std::filesystem::path(ROLLCALL_SOURCE_DIR) / "tests/fuzz/corpus";

ByteVector contents_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

void write_file(const std::filesystem::path& file, Bytes bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}

void expect_seeds(const std::string& fuzzer, const Seeds& seeds) {
  for (const auto& [name, bytes] : seeds) {
    const auto file = corpora / fuzzer / ("seed-" + name);
    if (std::getenv("ROLLCALL_REWRITE") != nullptr) write_file(file, bytes);
    EXPECT_EQ(as_text(contents_of(file)), as_text(bytes)) << file;
  }
}

constexpr LifeId a = {0x0102030405060708, 0x090a0b0c0d0e0f10};
constexpr LifeId b = {0x1112131415161718, 0x191a1b1c1d1e1f20};
const Envelope envelope = {.cluster = cluster_hash("default"), .sender = a, .health = 1};

const ByteVector some_tags = encode_tags({{"role", "db"}, {"zone", "eu-1"}}).value();

Update plain() {
  return {.name = "db1",
          .life = {.boot = 1, .id = b},
          .incarnation = 2,
          .address = Address::v4(10, 0, 0, 1, 7420)};
}

/// A failed member at an IPv6 address, with a witness, tags, and a name of some length.
Update full() {
  Update update = plain();
  update.name = "a-longer-name.with_all.kinds-of-letters.0123456789";
  update.state = State::failed;
  update.age = Age::history;
  update.address = *parse_address("[2001:db8::1]:7420");
  update.witness = a;
  update.has_tags = true;
  update.tags = some_tags;
  return update;
}

const ByteVector some_values = [] {
  ByteVector values;
  append_values({1, 1, 2'000'000'000, 1'000'000'000, 500'000'000, 3, 200'000'000, 0, 0, 0, 0,
                 86'400'000'000'000, 50'000},
                values);
  return values;
}();

Settings some_settings() {
  return {.number = 3, .origin = a, .by = "db1", .values = some_values};
}

template <class... Messages>
ByteVector datagram(const Messages&... messages) {
  DatagramWriter writer(envelope);
  EXPECT_TRUE((writer.add(messages) && ...));
  return {writer.bytes().begin(), writer.bytes().end()};
}

ByteVector frame(const StreamMessage& message) {
  ByteVector bytes;
  encode_frame(envelope, message, bytes);
  return bytes;
}

ByteVector text(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

TEST(FuzzSeedsTest, ForDatagrams) {
  const Ping ping{.sequence = 1, .target = b, .digest = 3};
  const PingRequest request{
      .sequence = 1, .target = b, .address = Address::v4(10, 0, 0, 1, 7420), .patience_ms = 100};
  PingRequest request_v6 = request;
  request_v6.address = *parse_address("[2001:db8::1]:7420");
  ByteVector sealed = datagram(ping);
  sealed[3] = std::byte{1};

  ByteVector others;
  append_heartbeat({heartbeat_key(b), 8}, others);
  append_heartbeat({heartbeat_key(a), 0}, others);
  const Settings settings = some_settings();

  expect_seeds("datagram_fuzz",
               {{"empty", datagram()},
                {"heartbeats", datagram(ping, Heartbeats{5, false, others}, plain())},
                {"heartbeats-cast", datagram(Heartbeats{5, true, {}})},
                {"settings", datagram(settings)},
                {"seek", datagram(Seek{})},
                {"here", datagram(Here{})},
                {"ping", datagram(ping)},
                {"ack", datagram(Ack{.sequence = 1, .digest = 3, .stranger = true})},
                {"ping-request", datagram(request)},
                {"ping-request-v6", datagram(request_v6)},
                {"report", datagram(Report{1, Finding::other_life})},
                {"update", datagram(plain())},
                {"update-full", datagram(full())},
                {"ping-with-updates", datagram(ping, plain(), full(), plain())},
                {"sealed", sealed},
                {"http", text("GET / HTTP/1.1\r\n\r\n")}});
}

TEST(FuzzSeedsTest, ForStreams) {
  expect_seeds(
      "stream_fuzz",
      {{"join-request", frame(JoinRequest{"default", plain(), a})},
       {"join-reply", frame(JoinReply{JoinStatus::welcome, "default", {plain(), full()}})},
       {"join-reply-settings",
        frame(JoinReply{JoinStatus::welcome, "default", {plain()}, some_settings()})},
       {"sync-open", frame(SyncOpen{{1, 2, 3, 4}})},
       {"sync-open-settings", frame(SyncOpen{{1, 2}, some_settings()})},
       {"sync-entries", frame(SyncEntries{{1, 3}, {{1, 2}, {3, 4}}})},
       {"sync-records", frame(SyncRecords{{1, 2}, {full()}})},
       {"stream-ping", frame(StreamPing{b})},
       {"stream-ack", frame(StreamAck{7})},
       {"watch", frame(Watch{b})},
       {"watch-ack", frame(WatchAck{})},
       {"agreement-hello", frame(AgreementHello{"db1"})},
       {"agreement-welcome", frame(AgreementWelcome{"db2"})},
       {"refused", frame(Refused{RefusalCode::wrong_cluster, "this is cluster 'default'"})}});
}

TEST(FuzzSeedsTest, ForTags) {
  expect_seeds("tags_fuzz", {{"none", {}},
                             {"two", some_tags},
                             {"empty-value", encode_tags({{"k", ""}}).value()},
                             {"large", encode_tags({{"k", std::string(500, 'v')}}).value()}});
}

TEST(FuzzSeedsTest, ForTexts) {
  expect_seeds("text_fuzz", {{"duration", text("1.5s")},
                             {"duration-long", text("9999h")},
                             {"v4", text("10.0.0.1:7420")},
                             {"v6", text("[2001:db8::1]:7420")},
                             {"v6-zone", text("[fe80::1%eth0]:7420")},
                             {"host", text("db1.example:7420")}});
}

}  // namespace
}  // namespace rollcall::wire
