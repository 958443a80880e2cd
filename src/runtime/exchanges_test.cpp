// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/exchanges.hpp"

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class ExchangesTest : public testing::Test {
 protected:
  void start(Duration timeout = 10s) { start_to(peer_.address, timeout); }
  void start_to(const Address& to, Duration timeout = 10s) {
    exchanges_.start(core::ExchangeId{1}, to, request_, timeout);
  }
  RawPeer accept() { return RawPeer::accept_from(peer_.tcp.get()); }
  testing::AssertionResult until_reported() {
    return run_until(io_, [this] { return !host_.lines.empty(); });
  }
  /// Lets the exchange get as far as it can without an answer.
  testing::AssertionResult until_heard(RawPeer& peer, std::size_t bytes) {
    return run_until(io_, [&] { return peer.heard().size() >= bytes; });
  }

  boost::asio::io_context io_;
  RecordingHost host_;
  Exchanges exchanges_{io_, loopback(), host_};
  BoundSockets peer_ = bound();
  ByteVector request_ = frame_of(wire::StreamPing{.target = {3, 4}});
  ByteVector reply_ = frame_of(wire::StreamAck{.digest = 5});
};

TEST_F(ExchangesTest, BringsTheReply) {
  start();
  RawPeer peer = accept();
  ASSERT_TRUE(until_heard(peer, request_.size()));
  EXPECT_EQ(peer.heard(), request_);

  peer.say(reply_);

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 reply of " + std::to_string(reply_.size()) + "\n");
  EXPECT_EQ(host_.frames, std::vector<ByteVector>{reply_});
}

TEST_F(ExchangesTest, GoesOnWithAnotherQuestion) {
  start();
  RawPeer peer = accept();
  peer.say(reply_);
  ASSERT_TRUE(until_reported());

  exchanges_.proceed(core::ExchangeId{1}, request_, 10s);
  peer.say(reply_);

  ASSERT_TRUE(run_until(io_, [this] { return host_.frames.size() == 2; }));
  EXPECT_EQ(peer.heard().size(), 2 * request_.size());
}

TEST_F(ExchangesTest, ReadsAReplyThatComesInPieces) {
  start();
  RawPeer peer = accept();
  for (const std::byte& byte : reply_) {
    peer.say(Bytes(&byte, 1));
    io_.restart();
    io_.run_for(1ms);
  }

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.frames, std::vector<ByteVector>{reply_});
}

TEST_F(ExchangesTest, ReadsALongReplyWhole) {
  wire::JoinReply reply;
  const std::string name(100, 'n');
  wire::Update record;
  record.name = name;
  record.life = {1, {1, 2}};
  record.address = loopback(1);
  reply.records.assign(20'000, record);
  const ByteVector frame = frame_of(reply);
  ASSERT_GT(frame.size(), 1'000'000U);
  start();
  RawPeer peer = accept();

  std::size_t said = 0;
  ASSERT_TRUE(run_until(io_, [&] {
    if (said < frame.size()) {
      const std::size_t piece = std::min<std::size_t>(50'000, frame.size() - said);
      peer.say(Bytes(frame).subspan(said, piece));
      said += piece;
    }
    return !host_.lines.empty();
  }));

  EXPECT_EQ(host_.frames, std::vector<ByteVector>{frame});
}

TEST_F(ExchangesTest, TellsThatNothingListens) {
  start_to(deserted_address());

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 failed: connection refused\n");
  EXPECT_EQ(exchanges_.size(), 0U);
}

TEST_F(ExchangesTest, TellsThatAnAddressCannotBeReached) {
  start_to(loopback_v6(7420));  // from an IPv4 address

  EXPECT_EQ(host_.lines, "") << "never from inside the call";
  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 failed: unreachable\n");
}

TEST_F(ExchangesTest, TellsThatThePeerHungUp) {
  start();
  accept().abort();

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 failed: connection closed before an answer\n");
}

TEST_F(ExchangesTest, TellsThatNoAnswerCameInTime) {
  start(30ms);
  const RawPeer peer = accept();

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 failed: no answer in time\n");
}

TEST_F(ExchangesTest, TellsThatHalfAnAnswerCameInTime) {
  start(100ms);
  RawPeer peer = accept();
  peer.say(Bytes(reply_).first(reply_.size() - 1));

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 1 failed: no answer in time\n");
}

TEST_F(ExchangesTest, HearsWhatArrivedWhileTheProcessSlept) {
  start(100ms);
  RawPeer peer = accept();
  peer.say(reply_);

  const auto wakes = std::chrono::steady_clock::now() + 500ms;
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > wakes; }));

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.frames, std::vector<ByteVector>{reply_}) << host_.lines;
}

TEST_F(ExchangesTest, RefusesWhatIsNoFrame) {
  start();
  RawPeer peer = accept();
  peer.say(as_bytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines,
            "exchange 1 failed: the answer was not rollcall's, or of another version\n");
}

TEST_F(ExchangesTest, SaysNothingOfAnExchangeThatWasEnded) {
  start();
  RawPeer peer = accept();
  ASSERT_TRUE(until_heard(peer, request_.size()));

  exchanges_.end(core::ExchangeId{1});
  ASSERT_TRUE(run_until(io_, [&] { return peer.is_ended(); }));

  EXPECT_EQ(host_.lines, "");
  EXPECT_EQ(exchanges_.size(), 0U);
}

TEST_F(ExchangesTest, TellsThatAnEndedExchangeCannotGoOn) {
  exchanges_.proceed(core::ExchangeId{9}, request_, 1s);

  ASSERT_TRUE(until_reported());
  EXPECT_EQ(host_.lines, "exchange 9 failed: connection closed before an answer\n");
}

TEST_F(ExchangesTest, ConnectsFromTheAddressItIsBoundTo) {
  Exchanges exchanges(io_, Address::v4(127, 0, 0, 9, 1234), host_);
  exchanges.start(core::ExchangeId{1}, peer_.address, request_, 10s);
  io_.restart();
  io_.run_for(1ms);

  RawAddress from;
  pollfd wait{peer_.tcp.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 20'000), 1);
  const UniqueFd fd(::accept4(peer_.tcp.get(), from.data(), &from.size, SOCK_CLOEXEC));

  EXPECT_EQ(ip_text(from_raw(from)), "127.0.0.9");
}

}  // namespace
}  // namespace rollcall::runtime
