// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/inbound_streams.hpp"

#include <deque>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class InboundStreamsTest : public testing::Test {
 protected:
  InboundStreamsTest() {
    BoundSockets sockets = bound();
    address_ = sockets.address;
    listener_ = std::move(sockets.tcp);
    host_.when_asked = [this](core::StreamId id) {
      if (reply_) streams_->reply(id, *reply_, then_);
    };
  }

  void listen(InboundStreams::Times times = {}) {
    streams_.emplace(io_, std::move(listener_), host_, times);
    streams_->start();
  }
  [[nodiscard]] RawPeer connect() const { return RawPeer::connect_to(address_); }
  testing::AssertionResult until_reported(std::string_view line) {
    return run_until(io_, [&] { return host_.saw(line); });
  }
  testing::AssertionResult until_ended(RawPeer& peer) {
    return run_until(io_, [&] { return peer.is_ended(); });
  }
  /// The head of a frame with a body of that length, and no body.
  [[nodiscard]] ByteVector head_claiming(std::uint32_t body_bytes) const {
    constexpr std::size_t length_offset = 29;  // PROTOCOL.md, "Streams": after the envelope
    ByteVector head(ping_.begin(), ping_.begin() + wire::frame_head_bytes);
    for (std::size_t i = 0; i < 4; ++i) {
      head[length_offset + i] = static_cast<std::byte>(body_bytes >> (8 * i));
    }
    return head;
  }
  /// What the refusal that a peer heard gives as its code.
  static std::string refusal(RawPeer& peer) {
    const ByteVector& heard = peer.heard();
    if (heard.size() < wire::frame_head_bytes) return "nothing";
    const auto message = message_in(heard);
    const auto* const refused = std::get_if<wire::Refused>(&message);
    return refused == nullptr ? "no refusal" : std::string(wire::to_text(refused->code));
  }

  boost::asio::io_context io_;
  RecordingHost host_;
  Address address_;
  UniqueFd listener_;
  std::optional<InboundStreams> streams_;
  const ByteVector ping_ = frame_of(wire::StreamPing{.target = {3, 4}});
  const ByteVector ack_ = frame_of(wire::StreamAck{.digest = 5});
  std::optional<ByteVector> reply_ = ack_;
  core::AfterReply then_ = core::AfterReply::keep_open;
};

TEST_F(InboundStreamsTest, AnswersOneQuestionAfterAnother) {
  listen();
  RawPeer peer = connect();

  peer.say(ping_);
  ASSERT_TRUE(run_until(io_, [&] { return peer.heard() == ack_; }));
  peer.say(ping_);
  ASSERT_TRUE(run_until(io_, [&] { return peer.heard().size() == 2 * ack_.size(); }));
  peer.end();

  ASSERT_TRUE(until_reported("stream 1 closed: end"));
  EXPECT_EQ(host_.lines, "stream 1 asks\nstream 1 asks\nstream 1 closed: end\n");
  EXPECT_EQ(host_.frames, (std::vector<ByteVector>{ping_, ping_}));
  EXPECT_EQ(streams_->size(), 0U);
}

TEST_F(InboundStreamsTest, ClosesAfterALastReplyThatArrives) {
  then_ = core::AfterReply::close;
  listen();
  RawPeer peer = connect();
  peer.say(ping_);
  peer.say(ping_);  // never read; must not destroy the answer

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(peer.heard(), ack_);
  peer.end();
  ASSERT_TRUE(run_until(io_, [&] { return streams_->size() == 0; }));
  EXPECT_EQ(host_.lines, "stream 1 asks\n") << "the core closed it, and is not told";
}

TEST_F(InboundStreamsTest, RefusesWhatIsNoFrameAndSaysSo) {
  listen();
  RawPeer peer = connect();
  peer.say(as_bytes("GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n"));

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(host_.lines, "refused a stream: malformed\n");
  EXPECT_EQ(refusal(peer), "malformed");
}

TEST_F(InboundStreamsTest, RefusesAnotherVersionAndSaysSo) {
  listen();
  ByteVector frame = ping_;
  frame[2] = std::byte{99};  // after the two bytes of the magic
  ASSERT_EQ(wire::decode_frame_head(frame).error(), wire::DecodeError::wrong_version);
  RawPeer peer = connect();
  peer.say(frame);

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(refusal(peer), "wrong version");
}

TEST_F(InboundStreamsTest, RefusesABodyAboveTheLimitBeforeItComes) {
  listen();
  const ByteVector frame = head_claiming(0xFFFFFFFFU);
  ASSERT_EQ(wire::decode_frame_head(frame).error(), wire::DecodeError::too_long);
  RawPeer peer = connect();
  peer.say(frame);

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(refusal(peer), "malformed");
}

TEST_F(InboundStreamsTest, ClosesAStreamThatSaysNothing) {
  listen({.frame_time_max = 30ms});
  RawPeer peer = connect();

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(host_.lines, "") << "the core never heard of it";
}

TEST_F(InboundStreamsTest, ClosesAStreamThatDribbles) {
  listen({.frame_time_max = 60ms});
  RawPeer peer = connect();
  std::size_t said = 0;

  // A byte at a time would take for ever; the deadline is for the whole frame.
  ASSERT_TRUE(run_until(io_, [&] {
    if (peer.is_ended()) return true;
    if (said < ping_.size() - 1 && !peer.is_ended()) peer.say(Bytes(ping_).subspan(said++, 1));
    return false;
  }));

  EXPECT_EQ(host_.lines, "");
}

TEST_F(InboundStreamsTest, ClosesAStreamThatIsIdleAfterAQuestion) {
  listen({.idle_time_max = 30ms});
  RawPeer peer = connect();
  peer.say(ping_);

  ASSERT_TRUE(until_reported("stream 1 closed: timeout"));
  EXPECT_TRUE(until_ended(peer));
}

TEST_F(InboundStreamsTest, KeepsAWatchForAsLongAsItLasts) {
  reply_ = frame_of(wire::WatchAck{});
  listen({.frame_time_max = 20ms, .idle_time_max = 20ms});
  RawPeer watcher = connect();
  watcher.say(frame_of(wire::Watch{.target = {3, 4}}));
  ASSERT_TRUE(until_reported("stream 1 asks"));

  // A second stream that is idle for as long shows that the time has passed.
  reply_ = ack_;
  RawPeer asker = connect();
  asker.say(ping_);
  ASSERT_TRUE(until_reported("stream 2 closed: timeout"));

  EXPECT_FALSE(watcher.is_ended());
  watcher.end();
  EXPECT_TRUE(until_reported("stream 1 closed: end"));
}

TEST_F(InboundStreamsTest, GivesThePlaceOfASilentStreamToANewcomer) {
  listen();
  std::deque<RawPeer> silent;
  for (std::size_t i = 0; i < InboundStreams::streams_max; ++i) silent.push_back(connect());
  ASSERT_TRUE(run_until(io_, [&] { return streams_->size() == InboundStreams::streams_max; }));

  RawPeer newcomer = connect();
  newcomer.say(ping_);

  ASSERT_TRUE(run_until(io_, [&] { return newcomer.heard() == ack_; }));
  EXPECT_TRUE(silent.front().is_ended());
  EXPECT_EQ(streams_->size(), InboundStreams::streams_max);
}

TEST_F(InboundStreamsTest, RefusesANewcomerWhenEveryPlaceIsInUse) {
  listen();
  std::deque<RawPeer> askers;
  for (std::size_t i = 0; i < InboundStreams::streams_max; ++i) {
    askers.push_back(connect());
    askers.back().say(ping_);
    ASSERT_TRUE(run_until(io_, [&] { return askers.back().heard() == ack_; }));
  }

  RawPeer newcomer = connect();

  ASSERT_TRUE(until_ended(newcomer));
  EXPECT_EQ(refusal(newcomer), "overloaded");
  EXPECT_TRUE(host_.saw("refused a stream: overloaded"));
  EXPECT_FALSE(askers.front().is_ended());
}

TEST_F(InboundStreamsTest, HoldsNoMemoryForAClaimedLength) {
  listen();
  // On ten streams together, far more than the budget.
  const ByteVector head = head_claiming(wire::frame_bytes_max);
  ASSERT_TRUE(wire::decode_frame_head(head));
  ASSERT_GT(10 * wire::frame_bytes_max, InboundStreams::unfinished_bytes_max);
  std::deque<RawPeer> claimers;
  for (int i = 0; i < 10; ++i) {
    claimers.push_back(connect());
    claimers.back().say(head);
  }
  ASSERT_TRUE(run_until(io_, [&] { return streams_->size() == 10; }));

  RawPeer honest = connect();
  honest.say(ping_);

  EXPECT_TRUE(run_until(io_, [&] { return honest.heard() == ack_; }));
  EXPECT_EQ(host_.lines, "stream 11 asks\n");
}

TEST_F(InboundStreamsTest, HandsOverAStreamThatBeginsWithAHello) {
  std::optional<AgreementStream> taken;
  host_.admits = [](const wire::Envelope&, const std::string&) { return loopback(7); };
  host_.when_agreed = [&](AgreementStream stream) { taken = std::move(stream); };
  listen();
  RawPeer peer = connect();
  ByteVector said = frame_of(wire::AgreementHello{"db1"});
  said.push_back(std::byte{42});  // belongs to whoever takes over

  peer.say(said);

  ASSERT_TRUE(run_until(io_, [&] { return taken.has_value(); }));
  EXPECT_EQ(host_.lines, "agreement stream of db1\n");
  EXPECT_EQ(taken->name, "db1");
  EXPECT_EQ(taken->life, test_envelope.sender);
  EXPECT_EQ(taken->address, loopback(7));
  EXPECT_EQ(streams_->size(), 0U);
  std::byte rest{};
  EXPECT_EQ(::recv(taken->socket.get(), &rest, 1, 0), 1);
  EXPECT_EQ(rest, std::byte{42});
  EXPECT_FALSE(peer.is_ended());
  taken.reset();
  EXPECT_TRUE(until_ended(peer));
}

TEST_F(InboundStreamsTest, RefusesAHelloAndSaysWhy) {
  listen();
  RawPeer peer = connect();
  peer.say(frame_of(wire::AgreementHello{"db1"}));

  ASSERT_TRUE(until_ended(peer));

  EXPECT_EQ(refusal(peer), "no agreement");
  EXPECT_EQ(host_.lines, "refused a stream: no agreement\n");
}

TEST_F(InboundStreamsTest, TakesAHelloOnlyAsTheFirstFrame) {
  host_.admits = [](const wire::Envelope&, const std::string&) { return loopback(7); };
  listen();
  RawPeer peer = connect();
  peer.say(ping_);
  ASSERT_TRUE(run_until(io_, [&] { return peer.heard() == ack_; }));

  peer.say(frame_of(wire::AgreementHello{"db1"}));

  ASSERT_TRUE(run_until(io_, [&] { return host_.frames.size() == 2; })) << host_.lines;
  EXPECT_EQ(host_.lines, "stream 1 asks\nstream 1 asks\n") << "the core refuses what it cannot use";
}

}  // namespace
}  // namespace rollcall::runtime
