// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gmock/gmock.h>

#include "base/prng.hpp"
#include "process/agents.hpp"
#include "process/raw_stream.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"

/// Bytes that no agent would send, on every port: refused with a reason, and nobody ends.
namespace rollcall::test {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t version_at = 2;

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
}

void send_datagram(std::uint16_t port, std::span<const std::byte> bytes) {
  asio::io_context io;
  asio::ip::udp::socket socket(io, asio::ip::udp::v4());
  boost::system::error_code code;
  socket.send_to(asio::buffer(bytes.data(), bytes.size()),
                 {asio::ip::make_address("127.0.0.1"), port}, 0, code);
}

wire::Envelope envelope() {
  return {.cluster = wire::cluster_hash("default"), .sender = {.high = 1, .low = 2}, .health = 0};
}

ByteVector some_datagram() {
  wire::DatagramWriter writer(envelope());
  EXPECT_TRUE(writer.add(wire::Ping{.sequence = 1, .target = {.high = 3, .low = 4}, .digest = 5}));
  return {writer.bytes().begin(), writer.bytes().end()};
}

ByteVector some_frame() {
  ByteVector frame;
  wire::encode_frame(envelope(), wire::StreamPing{.target = {.high = 3, .low = 4}}, frame);
  return frame;
}

std::optional<wire::Refused> refusal_in(const std::string& answer, std::string& detail) {
  const auto bytes = std::as_bytes(std::span(answer));
  if (bytes.size() < wire::frame_head_bytes) return std::nullopt;
  const auto message = wire::decode_frame_body(bytes.subspan(wire::frame_head_bytes));
  if (!message || !std::holds_alternative<wire::Refused>(*message)) return std::nullopt;
  const wire::Refused refused = std::get<wire::Refused>(*message);
  detail = refused.detail;
  return refused;
}

std::uint64_t refused_datagrams(const AgentProcess& agent) {
  const Json status = agent.get("/v1/status");
  return status.is_object() ? status.value("datagrams_refused", std::uint64_t{0}) : 0;
}

TEST_F(ProcessTest, ADatagramOfAnotherVersionIsRefusedAndCounted) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.state_of("n1") == "alive"; }));
  const std::uint64_t before = refused_datagrams(agent);
  ByteVector datagram = some_datagram();
  datagram[version_at] = std::byte{wire::version + 1};

  EXPECT_TRUE(eventually([&] {
    send_datagram(agent.port(), datagram);
    return refused_datagrams(agent) > before;
  }));

  EXPECT_EQ(agent.state_of("n1"), "alive");
  EXPECT_EQ(agent.get("/v1/members")["count"], 1);
}

TEST_F(ProcessTest, AStreamOfAnotherVersionIsToldSo) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.state_of("n1") == "alive"; }));
  ByteVector frame = some_frame();
  frame[version_at] = std::byte{wire::version + 1};

  RawStream peer(agent.port());
  peer.send(frame);
  const std::string answer = peer.answer();

  std::string detail;
  const auto refused = refusal_in(answer, detail);
  ASSERT_TRUE(refused.has_value()) << answer.size() << " bytes came back";
  EXPECT_EQ(refused->code, wire::RefusalCode::wrong_version);
  EXPECT_EQ(agent.state_of("n1"), "alive");
}

TEST_F(ProcessTest, AStreamOfAnotherClusterIsToldSo) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.state_of("n1") == "alive"; }));
  ByteVector frame;
  wire::Envelope foreign = envelope();
  foreign.cluster = wire::cluster_hash("another");
  wire::encode_frame(foreign, wire::StreamPing{.target = {.high = 3, .low = 4}}, frame);

  RawStream peer(agent.port());
  peer.send(frame);
  const std::string answer = peer.answer();

  std::string detail;
  const auto refused = refusal_in(answer, detail);
  ASSERT_TRUE(refused.has_value()) << answer.size() << " bytes came back";
  EXPECT_EQ(refused->code, wire::RefusalCode::wrong_cluster);
}

TEST_F(ProcessTest, RandomBytesOnEveryPortEndNobodyAndAccuseNobody) {
  constexpr int rounds = 200;
  const auto cluster = start_cluster(3);
  Prng prng(1);
  for (int round = 0; round < rounds; ++round) {
    // Every other one begins like a real one, so that it gets past the first look.
    ByteVector datagram = some_datagram();
    ByteVector frame = some_frame();
    if (round % 2 == 0) {
      datagram.assign(prng.below(1400), std::byte{0});
      frame.assign(prng.below(4096), std::byte{0});
      for (std::byte& byte : datagram) byte = static_cast<std::byte>(prng.below(256));
      for (std::byte& byte : frame) byte = static_cast<std::byte>(prng.below(256));
    } else {
      datagram[prng.below(datagram.size())] ^= static_cast<std::byte>(1 + prng.below(255));
      frame[prng.below(frame.size())] ^= static_cast<std::byte>(1 + prng.below(255));
    }
    const AgentProcess& target = *cluster[prng.below(cluster.size())];
    send_datagram(target.port(), datagram);
    RawStream protocol(target.port());
    protocol.send(frame);
    RawStream http(port_of(target.http()));
    http.send(frame);
  }

  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  for (AgentProcess* agent : cluster) {
    EXPECT_TRUE(agent->is_running());
    EXPECT_EQ(agent->get("/v1/members")["count"], 3);
    for (const char* member : {"n1", "n2", "n3"}) {
      EXPECT_EQ(agent->count("member-failed", member), 0U);
    }
  }
}

TEST_F(ProcessTest, StreamsThatSayNothingDoNotKeepOthersOut) {
  constexpr std::size_t streams = 300;
  const auto cluster = start_cluster(2);
  std::vector<std::unique_ptr<RawStream>> silent;
  for (std::size_t i = 0; i < streams; ++i) {
    silent.push_back(std::make_unique<RawStream>(cluster[0]->port()));
    silent.back()->send("RC");
  }

  AgentProcess& late = start({.name = "late", .join = {cluster[0]->bind()}});

  EXPECT_TRUE(eventually([&] { return all_see_all({cluster[0], cluster[1], &late}); }));
}

TEST_F(ProcessTest, MalformedAndOversizeHttpIsAnsweredAndTheAgentStaysUp) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.state_of("n1") == "alive"; }));
  struct Case {
    std::string request;
    std::string status;
  };
  const std::string host = "Host: localhost\r\n";
  const std::vector<Case> cases{
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {"GET /v1/members HTTP/9.9\r\n" + host + "\r\n", "HTTP/1.1 "},
      {"GET /v1/nothing HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", "HTTP/1.1 404"},
      {"DELETE /v1/members HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", "HTTP/1.1 405"},
      {"GET /v1/members?state=undead HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
       "HTTP/1.1 400"},
      {"GET /v1/events?since=yesterday HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
       "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(64 << 10, 'x') + "\r\n\r\n",
       "HTTP/1.1 431"},
      {"POST /v1/join HTTP/1.1\r\n" + host +
           "Content-Type: application/json\r\nContent-Length: 4\r\n"
           "Connection: close\r\n\r\n{\"a\"",
       "HTTP/1.1 400"},
      {"POST /v1/join HTTP/1.1\r\n" + host +
           "Content-Type: application/json\r\n"
           "Content-Length: 99999999\r\n\r\n",
       "HTTP/1.1 413"},
  };
  for (const Case& bad : cases) {
    RawStream client(port_of(agent.http()));
    client.send(bad.request);
    const std::string answer = client.answer();
    EXPECT_THAT(answer, StartsWith(bad.status)) << bad.request.substr(0, 60);
    EXPECT_THAT(answer, HasSubstr("\"error\"")) << bad.request.substr(0, 60);
  }
  EXPECT_EQ(agent.status_of("/healthz"), 200U);
  EXPECT_EQ(agent.phase(), "joined");
}

TEST_F(ProcessTest, HalfARequestDoesNotHoldUpTheOthers) {
  AgentProcess& agent = start({.name = "n1"});
  ASSERT_TRUE(eventually([&] { return agent.state_of("n1") == "alive"; }));
  std::vector<std::unique_ptr<RawStream>> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(std::make_unique<RawStream>(port_of(agent.http())));
    slow.back()->send("GET /v1/members HTTP/1.1\r\nHost: lo");
  }

  EXPECT_EQ(agent.status_of("/v1/members"), 200U);
}

}  // namespace
}  // namespace rollcall::test
