// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/udp_socket.hpp"

#include <map>
#include <string>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class UdpSocketTest : public testing::Test {
 protected:
  struct End {
    Address address;
    UdpSocket socket;
  };

  End open(const Address& bind = loopback(), double drop_rate = 0) {
    BoundSockets sockets = bound(bind);
    return {sockets.address, UdpSocket(io_,
                                       {.fd = std::move(sockets.udp),
                                        .family = sockets.family,
                                        .source = {},
                                        .drop_rate = drop_rate},
                                       batch_)};
  }
  /// A socket bound to every address, that sends from one of them.
  std::unique_ptr<UdpSocket> open_sending_from(const Address& bind, const Address& source) {
    auto sockets = bind_sockets(bind);
    if (!sockets) return nullptr;
    EXPECT_EQ(source_for(sockets->address, source), source);
    return std::make_unique<UdpSocket>(
        io_,
        UdpSocket::Setup{
            .fd = std::move(sockets->udp), .family = sockets->family, .source = source},
        batch_);
  }

  /// Reads until at least count datagrams came, or for good if there are fewer.
  testing::AssertionResult receive(UdpSocket& socket, std::size_t count) {
    return run_until(io_, [&] {
      socket.receive([&](const Address& from, Bytes bytes) {
        from_ = from;
        received_.emplace_back(as_text(bytes));
      });
      return received_.size() >= count;
    });
  }

  /// Waits until the system has told that a datagram was refused.
  testing::AssertionResult await_reports(UdpSocket& socket) {
    return run_until(io_, [&] {
      socket.receive([](const Address&, Bytes) {});
      return socket.has_reports();
    });
  }

  boost::asio::io_context io_;
  DatagramBatch batch_;
  Address from_;
  std::vector<std::string> received_;
};

TEST_F(UdpSocketTest, DeliversWhatWasSentInOrder) {
  End a = open();
  End b = open();

  a.socket.send(b.address, as_bytes("one"));
  a.socket.send(b.address, as_bytes("two"));
  a.socket.flush();

  ASSERT_TRUE(receive(b.socket, 2));
  EXPECT_EQ(received_, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(from_, a.address);
}

TEST_F(UdpSocketTest, SendsMoreThanOneBatch) {
  End a = open();
  End b = open();
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) sent.push_back("datagram " + std::to_string(i));

  for (const std::string& text : sent) a.socket.send(b.address, as_bytes(text));
  a.socket.flush();

  ASSERT_TRUE(receive(b.socket, sent.size()));
  EXPECT_EQ(received_, sent);
}

TEST_F(UdpSocketTest, WakesWhenSomethingArrives) {
  End a = open();
  End b = open();
  bool is_awake = false;
  b.socket.wait_readable([&] { is_awake = true; });

  a.socket.send(b.address, as_bytes("hello"));
  a.socket.flush();

  EXPECT_TRUE(run_until(io_, [&] { return is_awake; }));
}

TEST_F(UdpSocketTest, ReportsAPortOnWhichNothingListens) {
  End a = open();
  const Address nobody = deserted_address();

  a.socket.send(nobody, as_bytes("anyone?"));
  a.socket.flush();

  ASSERT_TRUE(await_reports(a.socket));
  const auto reports = a.socket.take_reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports.front().to, nobody);
  EXPECT_EQ(reports.front().what, core::Unreachable::port);
}

TEST_F(UdpSocketTest, WakesForAReportAlone) {
  End a = open();
  bool is_awake = false;
  a.socket.wait_readable([&] { is_awake = true; });

  a.socket.send(deserted_address(), as_bytes("anyone?"));
  a.socket.flush();

  EXPECT_TRUE(run_until(io_, [&] { return is_awake; }));
  EXPECT_TRUE(await_reports(a.socket));
}

TEST_F(UdpSocketTest, OneRefusalDoesNotCostTheDatagramsAfterIt) {
  End a = open();
  End b = open();
  const Address nobody = deserted_address();

  // Each datagram to nobody leaves an error behind that the next system call trips over.
  for (int i = 0; i < 40; ++i) {
    a.socket.send(nobody, as_bytes("anyone?"));
    a.socket.send(b.address, as_bytes("hello"));
  }
  a.socket.flush();

  ASSERT_TRUE(receive(b.socket, 40));
  EXPECT_EQ(received_.size(), 40U);
  ASSERT_TRUE(await_reports(a.socket));
  for (const UnreachableReport& report : a.socket.take_reports()) EXPECT_EQ(report.to, nobody);
}

TEST_F(UdpSocketTest, ReportsWhatTheSystemRefusesToSend) {
  End a = open();
  const Address no_port = loopback(0);
  const Address other_family = loopback_v6(7420);
  const Address broadcast = Address::v4(255, 255, 255, 255, 7420);

  for (const Address& to : {no_port, other_family, broadcast}) {
    a.socket.send(to, as_bytes("anyone?"));
  }
  a.socket.flush();

  std::map<Address, core::Unreachable> told;
  for (const auto& report : a.socket.take_reports()) told[report.to] = report.what;
  EXPECT_EQ(told, (std::map<Address, core::Unreachable>{{no_port, core::Unreachable::network},
                                                        {other_family, core::Unreachable::network},
                                                        {broadcast, core::Unreachable::network}}));
}

TEST_F(UdpSocketTest, RefusesADatagramThatIsTooLong) {
  End a = open();
  End b = open();
  const std::string longest(DatagramBatch::datagram_bytes, 'x');
  const std::string too_long(DatagramBatch::datagram_bytes + 1, 'y');

  a.socket.send(b.address, as_bytes(too_long));
  a.socket.send(b.address, as_bytes(longest));
  a.socket.flush();

  ASSERT_TRUE(receive(b.socket, 1));
  EXPECT_EQ(received_, std::vector<std::string>{longest});
  EXPECT_EQ(b.socket.counters().cut, 1U);
}

TEST_F(UdpSocketTest, DropsTheShareAskedFor) {
  End a = open();
  End b = open(loopback(), 0.5);
  constexpr std::size_t sent = 1000;

  for (std::size_t i = 0; i < sent; ++i) a.socket.send(b.address, as_bytes("x"));
  a.socket.flush();
  ASSERT_TRUE(run_until(io_, [&] {
    b.socket.receive([&](const Address&, Bytes) { received_.emplace_back(); });
    return received_.size() + b.socket.counters().dropped == sent;
  }));

  EXPECT_GT(b.socket.counters().dropped, sent / 3);
  EXPECT_LT(b.socket.counters().dropped, sent * 2 / 3);
}

TEST_F(UdpSocketTest, DropsEverythingAtADropRateOfOne) {
  End a = open();
  End b = open(loopback(), 1);

  a.socket.send(b.address, as_bytes("x"));
  a.socket.flush();

  ASSERT_TRUE(run_until(io_, [&] {
    b.socket.receive([&](const Address&, Bytes) { received_.emplace_back(); });
    return b.socket.counters().dropped == 1;
  }));
  EXPECT_TRUE(received_.empty());
}

TEST_F(UdpSocketTest, ReachesBothKindsFromADualStackSocket) {
  auto dual = bind_sockets(*parse_address("[::]:0"));
  if (!dual) GTEST_SKIP() << "no IPv6 here: " << dual.error().message;
  UdpSocket socket(io_, {.fd = std::move(dual->udp), .family = Family::v6, .source = {}}, batch_);
  End v4 = open();
  End v6 = open(loopback_v6());

  socket.send(v4.address, as_bytes("to v4"));
  socket.send(v6.address, as_bytes("to v6"));
  socket.flush();
  ASSERT_TRUE(receive(v4.socket, 1));
  EXPECT_EQ(from_, loopback(dual->address.port));
  ASSERT_TRUE(receive(v6.socket, 2));
  EXPECT_EQ(from_, loopback_v6(dual->address.port));

  const Address nobody_v4 = deserted_address();
  const Address nobody_v6 = bound(loopback_v6()).address;
  for (const Address& nobody : {nobody_v4, nobody_v6}) {
    socket.send(nobody, as_bytes("anyone?"));
    socket.flush();
    ASSERT_TRUE(await_reports(socket));
    const auto reports = socket.take_reports();
    EXPECT_EQ(reports.front().to, nobody);
    EXPECT_EQ(reports.front().what, core::Unreachable::port);
  }
}

TEST_F(UdpSocketTest, SendsFromTheAddressThatOthersAreTold) {
  End v4 = open();
  const Address told = Address::v4(127, 0, 0, 7, 0);
  const auto any_v4 = open_sending_from(Address::v4(0, 0, 0, 0, 0), told);
  ASSERT_NE(any_v4, nullptr);

  any_v4->send(v4.address, as_bytes("hello"));
  any_v4->flush();
  ASSERT_TRUE(receive(v4.socket, 1));
  EXPECT_EQ(ip_text(from_), "127.0.0.7");

  const auto any_v6 = open_sending_from(*parse_address("[::]:0"), told);
  if (any_v6 == nullptr) GTEST_SKIP() << "no IPv6 here";
  any_v6->send(v4.address, as_bytes("hello"));
  any_v6->flush();
  ASSERT_TRUE(receive(v4.socket, 2));
  EXPECT_EQ(ip_text(from_), "127.0.0.7");

  End v6 = open(loopback_v6());
  any_v6->send(v6.address, as_bytes("the system's choice"));
  any_v6->flush();
  ASSERT_TRUE(receive(v6.socket, 3));
  EXPECT_EQ(ip_text(from_), "::1");
}

}  // namespace
}  // namespace rollcall::runtime
