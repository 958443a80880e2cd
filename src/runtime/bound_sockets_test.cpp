// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/bound_sockets.hpp"

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

TEST(BoundSocketsTest, TakesOneFreePortForBoth) {
  const BoundSockets sockets = bound();

  EXPECT_NE(sockets.address.port, 0);
  RawAddress tcp;
  ASSERT_EQ(::getsockname(sockets.tcp.get(), tcp.data(), &tcp.size), 0);
  EXPECT_EQ(from_raw(tcp), sockets.address);
}

TEST(BoundSocketsTest, SaysWhichPortIsInUse) {
  const BoundSockets first = bound();

  const auto second = bind_sockets(first.address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_EQ(second.error().field, "bind");
  EXPECT_EQ(second.error().message,
            "cannot bind " + to_text(first.address) +
                " (udp): address already in use; choose another --bind or stop the process that "
                "has it");
}

TEST(BoundSocketsTest, SaysThatOnlyTcpIsInUse) {
  BoundSockets first = bound();
  first.udp.reset();

  const auto second = bind_sockets(first.address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(second.error().message.find("(tcp)"), std::string::npos);
}

TEST(BoundSocketsTest, FreesThePortWithTheSockets) {
  const Address address = bound().address;

  EXPECT_TRUE(bind_sockets(address));
}

TEST(BoundSocketsTest, SaysThatAnAddressIsNotOfThisHost) {
  const auto sockets = bind_sockets(Address::v4(203, 0, 113, 77, 0));

  ASSERT_FALSE(sockets);
  EXPECT_EQ(sockets.error().code, ErrorCode::cannot_bind);
  EXPECT_NE(sockets.error().message.find("choose an address of this host"), std::string::npos);
}

TEST(BoundSocketsTest, FindsAnAddressToTellOthers) {
  const Address v4 = default_route_address(Family::v4).value_or(routeless_address(Family::v4, {}));

  EXPECT_TRUE(v4.is_v4());
  EXPECT_FALSE(v4.is_unspecified());
  EXPECT_TRUE(bind_sockets(v4)) << "it is an address of this host";
  EXPECT_FALSE(routeless_address(Family::v6, {}).is_unspecified());
}

TEST(BoundSocketsTest, TellsLoopbackFromOtherAddresses) {
  EXPECT_TRUE(is_loopback(loopback()));
  EXPECT_TRUE(is_loopback(Address::v4(127, 9, 9, 9, 1)));
  EXPECT_TRUE(is_loopback(loopback_v6(7)));
  EXPECT_FALSE(is_loopback(Address::v4(10, 0, 0, 127, 1)));
  EXPECT_FALSE(is_loopback(*parse_address("[::2]:1")));
}

TEST(BoundSocketsTest, LeavesTheSourceToTheSystemWhereItCannotBeWrong) {
  const Address any = Address::v4(0, 0, 0, 0, 7420);

  EXPECT_EQ(source_for(loopback(7420), loopback(7420)), std::nullopt) << "bound to it";
  EXPECT_EQ(source_for(any, Address::v4(203, 0, 113, 77, 1)), std::nullopt) << "not this host's";
  EXPECT_EQ(source_for(any, loopback(7420)), loopback());
}

}  // namespace
}  // namespace rollcall::runtime
