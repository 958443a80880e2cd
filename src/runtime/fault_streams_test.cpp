// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/clock.hpp"
#include "runtime/exchanges.hpp"
#include "runtime/fault_layer.hpp"
#include "runtime/inbound_streams.hpp"
#include "runtime/test_support.hpp"
#include "runtime/watches.hpp"

/// What a cut and a freeze do to streams.
namespace rollcall::runtime {
namespace {

/// No datagrams here; lives are known by this list.
class Lives final : public FaultHost {
 public:
  void send_late(const Address&, Bytes) override {}
  void receive_late(const Address&, Bytes) override {}
  void on_faults_changed(std::string) override {}
  [[nodiscard]] std::optional<Address> address_of(const LifeId& life) const override {
    return life == test_envelope.sender ? known : std::nullopt;
  }
  std::optional<Address> known;
};

class FaultStreamsTest : public testing::Test {
 protected:
  FaultStreamsTest() { host_.fault_layer = &faults_; }

  void cut(const Address& peer, FaultDirection direction = FaultDirection::both) {
    faults_.set({{{{.direction = direction, .cut = true}, peer}}, {}}, current_instant());
  }
  void heal() { faults_.set({}, current_instant()); }
  testing::AssertionResult until_reported(std::string_view line) {
    return run_until(io_, [&] { return host_.saw(line); });
  }
  /// Lets happen what would happen at once.
  void let_pass() { io_.restart(), io_.run_for(50ms); }

  boost::asio::io_context io_;
  Lives lives_;
  FaultLayer faults_{io_, Prng(1), lives_};
  RecordingHost host_;
  BoundSockets peer_ = bound();
  const ByteVector question_ = frame_of(wire::StreamPing{.target = {3, 4}});
  const ByteVector answer_ = frame_of(wire::StreamAck{.digest = 5});
};

TEST_F(FaultStreamsTest, ANewStreamAcrossACutIsMetWithSilence) {
  const Address nobody = deserted_address();  // would refuse at once
  for (const auto direction : {FaultDirection::in, FaultDirection::out}) {
    Exchanges exchanges(io_, loopback(), host_);
    host_.lines.clear();
    cut(nobody, direction);

    exchanges.start(core::ExchangeId{1}, nobody, question_, 80ms);

    ASSERT_TRUE(until_reported("exchange 1 failed: no answer in time")) << host_.lines;
  }
}

TEST_F(FaultStreamsTest, AStreamBegunDuringACutGoesOnAfterIt) {
  Exchanges exchanges(io_, loopback(), host_);
  cut(peer_.address);
  exchanges.start(core::ExchangeId{1}, peer_.address, question_, 10s);
  let_pass();
  EXPECT_EQ(::accept4(peer_.tcp.get(), nullptr, nullptr, SOCK_NONBLOCK), -1);

  heal();
  ASSERT_TRUE(run_until(io_, [&] {
    pollfd wait{peer_.tcp.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }));
  const RawPeer peer = RawPeer::accept_from(peer_.tcp.get());
  peer.say(answer_);
  EXPECT_TRUE(until_reported("exchange 1 reply of " + std::to_string(answer_.size())));
}

TEST_F(FaultStreamsTest, TheEndOfAnOpenStreamIsNotSeenAcrossACut) {
  Watches watches(io_, loopback(), host_);
  watches.open(core::WatchId{1}, peer_.address, question_, 10s);
  RawPeer peer = RawPeer::accept_from(peer_.tcp.get());
  peer.say(answer_);
  ASSERT_TRUE(until_reported("watch 1 open"));

  cut(peer_.address);
  peer.abort();
  let_pass();
  EXPECT_EQ(host_.lines, "watch 1 open\n");

  heal();
  EXPECT_TRUE(until_reported("watch 1 closed: reset")) << host_.lines;
}

TEST_F(FaultStreamsTest, ThePeerDoesNotSeeAStreamClosedAcrossACut) {
  Watches watches(io_, loopback(), host_);
  watches.open(core::WatchId{1}, peer_.address, question_, 10s);
  RawPeer peer = RawPeer::accept_from(peer_.tcp.get());
  peer.say(answer_);
  ASSERT_TRUE(until_reported("watch 1 open"));

  cut(peer_.address);
  watches.close(core::WatchId{1});
  let_pass();
  EXPECT_FALSE(peer.is_ended());

  heal();
  EXPECT_TRUE(run_until(io_, [&] { return peer.is_ended(); }));
}

TEST_F(FaultStreamsTest, WhoOpensAStreamIsKnownByHisLife) {
  BoundSockets own = bound();
  InboundStreams inbound(io_, std::move(own.tcp), host_, {});
  inbound.start();
  lives_.known = loopback(7);
  cut(loopback(7));

  RawPeer peer = RawPeer::connect_to(own.address);
  peer.say(question_);
  let_pass();
  EXPECT_EQ(host_.lines, "");

  host_.when_asked = [&](core::StreamId id) {
    inbound.reply(id, answer_, core::AfterReply::keep_open);
  };
  heal();
  EXPECT_TRUE(until_reported("stream 1 asks"));
  EXPECT_TRUE(run_until(io_, [&] { return peer.heard() == answer_; }));
}

TEST_F(FaultStreamsTest, WhoAsksToBeLetInIsKnownByTheAddressHeTells) {
  BoundSockets own = bound();
  InboundStreams inbound(io_, std::move(own.tcp), host_, {});
  inbound.start();
  cut(loopback(7));
  wire::JoinRequest request;
  request.cluster_name = "test";
  request.self.name = "stranger";
  request.self.life = {.boot = 1, .id = {5, 6}};
  request.self.address = loopback(7);

  const RawPeer peer = RawPeer::connect_to(own.address);
  peer.say(frame_of(request));
  let_pass();
  EXPECT_EQ(host_.lines, "");

  heal();
  EXPECT_TRUE(until_reported("stream 1 asks"));
}

TEST_F(FaultStreamsTest, SomebodyElseIsNotHeldBack) {
  BoundSockets own = bound();
  InboundStreams inbound(io_, std::move(own.tcp), host_, {});
  inbound.start();
  lives_.known = loopback(8);
  cut(loopback(7));

  const RawPeer peer = RawPeer::connect_to(own.address);
  peer.say(question_);

  EXPECT_TRUE(until_reported("stream 1 asks"));
}

TEST_F(FaultStreamsTest, AnAnswerWaitsForTheEndOfACut) {
  BoundSockets own = bound();
  InboundStreams inbound(io_, std::move(own.tcp), host_, {});
  inbound.start();
  lives_.known = loopback(7);
  cut(loopback(7), FaultDirection::out);
  host_.when_asked = [&](core::StreamId id) {
    inbound.reply(id, answer_, core::AfterReply::keep_open);
  };

  RawPeer peer = RawPeer::connect_to(own.address);
  peer.say(question_);
  ASSERT_TRUE(until_reported("stream 1 asks"));
  let_pass();
  EXPECT_TRUE(peer.heard().empty());

  heal();
  EXPECT_TRUE(run_until(io_, [&] { return peer.heard() == answer_; }));
}

TEST_F(FaultStreamsTest, AFrozenMemberDoesNothingAndIsNotConfusedAfterwards) {
  BoundSockets own = bound();
  InboundStreams inbound(io_, std::move(own.tcp), host_, {});
  inbound.start();
  Exchanges exchanges(io_, loopback(), host_);
  exchanges.start(core::ExchangeId{1}, peer_.address, question_, 350ms);
  RawPeer asked = RawPeer::accept_from(peer_.tcp.get());
  ASSERT_TRUE(run_until(io_, [&] { return asked.heard() == question_; }));
  let_pass();  // until the answer is waited for

  faults_.set({{}, Freeze{400ms}}, current_instant());
  asked.say(answer_);
  const RawPeer asking = RawPeer::connect_to(own.address);
  asking.say(question_);
  let_pass();
  EXPECT_EQ(host_.lines, "");

  // The time allowed is over, but the answer was there in time.
  EXPECT_TRUE(until_reported("exchange 1 reply of " + std::to_string(answer_.size())))
      << host_.lines;
  EXPECT_TRUE(until_reported("stream 1 asks"));
}

}  // namespace
}  // namespace rollcall::runtime
