// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_layer.hpp"

#include <algorithm>

#include "runtime/clock.hpp"
#include "runtime/test_support.hpp"
#include "runtime/udp_socket.hpp"

namespace rollcall::runtime {
namespace {

/// A UDP socket behind a fault layer.
class FaultyEnd final : public FaultHost {
 public:
  FaultyEnd(boost::asio::io_context& io, DatagramBatch& batch)
      : sockets_(bound()),
        address_(sockets_.address),
        socket_(io, {.fd = std::move(sockets_.udp), .family = sockets_.family, .source = {}},
                batch),
        faults_(io, Prng(7), *this) {}

  void set(std::vector<CheckedFault> faults, std::optional<Freeze> freeze = {}) {
    faults_.set({std::move(faults), freeze}, current_instant());
  }
  void send(const Address& to, const std::string& text) {
    faults_.pass(Way::out, to, as_bytes(text),
                 [this](const Address& peer, Bytes bytes) { send_late(peer, bytes); });
  }
  void receive() {
    socket_.receive([this](const Address& from, Bytes bytes) {
      faults_.pass(Way::in, from, bytes,
                   [this](const Address& peer, Bytes passed) { receive_late(peer, passed); });
    });
  }

  void send_late(const Address& to, Bytes datagram) override {
    socket_.send(to, datagram);
    socket_.flush();
  }
  void receive_late(const Address&, Bytes datagram) override {
    heard.emplace_back(as_text(datagram));
    heard_at.push_back(current_instant());
  }
  void on_faults_changed(std::string what) override { told = std::move(what); }
  [[nodiscard]] std::optional<Address> address_of(const LifeId&) const override { return {}; }

  [[nodiscard]] const Address& address() const { return address_; }
  FaultLayer& layer() { return faults_; }

  std::vector<std::string> heard;
  std::vector<Instant> heard_at;
  std::string told;

 private:
  BoundSockets sockets_;
  Address address_;
  UdpSocket socket_;
  FaultLayer faults_;
};

class FaultLayerTest : public testing::Test {
 protected:
  testing::AssertionResult until_heard(std::size_t count) {
    return run_until(io_, [&] {
      b_.receive();
      return b_.heard.size() >= count;
    });
  }
  void send(std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) a_.send(b_.address(), std::to_string(i));
  }
  using Texts = std::vector<std::string>;

  boost::asio::io_context io_;
  DatagramBatch batch_;
  FaultyEnd a_{io_, batch_};
  FaultyEnd b_{io_, batch_};
};

TEST_F(FaultLayerTest, PassesEverythingWhereNothingIsSet) {
  EXPECT_FALSE(a_.layer().any());
  send(3);

  ASSERT_TRUE(until_heard(3));
  EXPECT_EQ(b_.heard, (Texts{"1", "2", "3"}));
  EXPECT_FALSE(a_.layer().holds(FaultLayer::Passage::connect, b_.address()));
}

TEST_F(FaultLayerTest, DropsTheShareThatItWasTold) {
  constexpr std::size_t sent = 4000;
  std::size_t passed = 0;
  a_.set({{{.direction = FaultDirection::out, .drop = 0.3}, {}}});

  for (std::size_t i = 0; i < sent; ++i) {
    a_.layer().pass(Way::out, b_.address(), {}, [&](const Address&, Bytes) { ++passed; });
  }

  // 70 % of 4000 pass, with a standard deviation of 29.
  EXPECT_NEAR(static_cast<double>(passed), 2800, 150);
  EXPECT_EQ(a_.layer().counts().dropped, sent - passed);
}

TEST_F(FaultLayerTest, CutsThePeerAndTheDirectionThatItWasTold) {
  FaultyEnd c(io_, batch_);
  a_.set({{{.direction = FaultDirection::out, .cut = true}, b_.address()}});

  a_.send(b_.address(), "lost");
  a_.send(c.address(), "to c");
  b_.send(a_.address(), "back");

  ASSERT_TRUE(run_until(io_, [&] {
    a_.receive();
    c.receive();
    return a_.heard == Texts{"back"} && c.heard == Texts{"to c"};
  }));
  a_.set({});
  send(1);
  ASSERT_TRUE(until_heard(1));
  EXPECT_EQ(b_.heard, Texts{"1"});
}

TEST_F(FaultLayerTest, CutsWhatComesIn) {
  b_.set({{{.direction = FaultDirection::in, .cut = true}, a_.address()}});
  send(3);
  ASSERT_TRUE(run_until(io_, [&] {
    b_.receive();
    return b_.layer().counts().dropped == 3;
  }));
  EXPECT_TRUE(b_.heard.empty());
}

TEST_F(FaultLayerTest, DelaysAndKeepsTheOrder) {
  constexpr Duration delay = 60ms;
  a_.set({{{.delay = delay}, {}}});
  const Instant begin = current_instant();
  send(3);

  ASSERT_TRUE(until_heard(3));
  EXPECT_EQ(b_.heard, (Texts{"1", "2", "3"}));
  EXPECT_GE(b_.heard_at.front() - begin, delay);
  EXPECT_EQ(a_.layer().counts().delayed, 3U);
}

TEST_F(FaultLayerTest, DelaysByARandomTimeMore) {
  b_.set({{{.direction = FaultDirection::in, .jitter = 40ms}, {}}});
  send(60);

  ASSERT_TRUE(until_heard(60));
  EXPECT_FALSE(std::ranges::is_sorted(b_.heard, {}, [](const std::string& text) {
    return std::stoi(text);
  })) << "60 random delays in order";
}

TEST_F(FaultLayerTest, Duplicates) {
  a_.set({{{.duplicate = 1}, {}}});
  send(2);

  ASSERT_TRUE(until_heard(4));
  EXPECT_EQ(b_.heard, (Texts{"1", "1", "2", "2"}));
  EXPECT_EQ(a_.layer().counts().duplicated, 2U);
}

TEST_F(FaultLayerTest, LetsLaterOnesOvertake) {
  a_.set({{{.reorder = 1}, {}}});
  const Instant begin = current_instant();
  send(5);

  ASSERT_TRUE(until_heard(5));
  EXPECT_EQ(b_.heard, (Texts{"2", "1", "4", "3", "5"}));
  EXPECT_GE(b_.heard_at.back() - begin, FaultLayer::overtaken_wait_max)
      << "nothing overtook the last";
}

TEST_F(FaultLayerTest, DropsWhatItHasNoRoomToDelay) {
  a_.set({{{.delay = 60s}, {}}});
  send(HeldDatagrams::datagrams_max + 10);

  EXPECT_EQ(a_.layer().counts().delayed, HeldDatagrams::datagrams_max);
  EXPECT_EQ(a_.layer().counts().overflowed, 10U);
}

TEST_F(FaultLayerTest, EndsAFaultWhenItsTimeIsOver) {
  a_.set({{{.cut = true, .lasts = 30ms}, {}}, {{.peer = "x", .drop = 1}, deserted_address()}});
  EXPECT_EQ(a_.layer().size(), 2U);
  EXPECT_TRUE(a_.layer().holds(FaultLayer::Passage::in, b_.address()));

  ASSERT_TRUE(run_until(io_, [&] { return !a_.told.empty(); }));
  EXPECT_EQ(a_.told, "faults have ended by themselves: cut to and from everybody for 30ms");
  EXPECT_EQ(a_.layer().size(), 1U);
  EXPECT_FALSE(a_.layer().holds(FaultLayer::Passage::in, b_.address()));
  send(1);
  EXPECT_TRUE(until_heard(1));
}

TEST_F(FaultLayerTest, TellsAnotherThreadWhichStreamsAreCut) {
  EXPECT_EQ(a_.layer().stream_faults(), StreamFaults());

  a_.set({{{.direction = FaultDirection::in, .cut = true}, b_.address()},
          {{.direction = FaultDirection::both, .drop = 0.5}, {}}},
         Freeze{});

  const StreamFaults faults = a_.layer().stream_faults();
  EXPECT_TRUE(faults.is_frozen);
  EXPECT_EQ(faults.everybody, StreamFaults::Line());
  EXPECT_EQ(faults.of(b_.address()), (StreamFaults::Line{.is_in_cut = true, .is_out_cut = false}));
  EXPECT_EQ(faults.of(deserted_address()), StreamFaults::Line());
}

TEST_F(FaultLayerTest, KeepsCallsWhileFrozenAndDelayedDatagramsToo) {
  b_.set({{{.direction = FaultDirection::in, .delay = 1ms}, {}}});
  send(1);
  ASSERT_TRUE(run_until(io_, [&] {
    b_.receive();
    return b_.layer().counts().delayed == 1;
  }));
  int calls = 0;

  b_.set({}, Freeze{150ms});
  const Instant begin = current_instant();
  ASSERT_TRUE(b_.layer().is_frozen());
  b_.layer().after_thaw([&calls] { ++calls; });
  ASSERT_TRUE(until_heard(1));

  EXPECT_GE(b_.heard_at.front() - begin, 150ms);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(b_.layer().any());
  EXPECT_EQ(b_.told, "faults have ended by themselves: frozen for 150ms");
}

TEST_F(FaultLayerTest, ThawsWhenToldTo) {
  int calls = 0;
  a_.set({}, Freeze{});
  a_.layer().after_thaw([&calls] { ++calls; });
  io_.run_for(20ms);
  EXPECT_EQ(calls, 0);

  a_.set({});
  EXPECT_TRUE(run_until(io_, [&] { return calls == 1; }));
}

}  // namespace
}  // namespace rollcall::runtime
