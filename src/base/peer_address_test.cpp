// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/peer_address.hpp"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(PeerAddressTest, ReadsWhereAMemberCanBeReached) {
  EXPECT_EQ(parse_peer_address("db1", 7420), (HostPort{"db1", 7420}));
  EXPECT_EQ(parse_peer_address("[::1]:9", 7420), (HostPort{"::1", 9}));
}

TEST(PeerAddressTest, RefusesWhatNobodyCanSendTo) {
  for (const auto* const text : {"0.0.0.0:7420", "0.0.0.0", "[::]:7420", "::", "[::0]:1",
                                 "[::ffff:0.0.0.0]:7420", "db1:0", "db1:70000", ""}) {
    EXPECT_FALSE(parse_peer_address(text, 7420)) << text;
  }
}

TEST(PeerAddressTest, ReadsTheNamesOfSrvRecords) {
  const HostPort service{"_rollcall._udp.example.org", 0};
  EXPECT_EQ(parse_peer_address("_rollcall._udp.example.org", 7420), service);
  EXPECT_EQ(parse_peer_address("srv:_rollcall._udp.example.org", 7420), service);
  EXPECT_EQ(parse_peer_address("srv:example.org", 7420), service);
  EXPECT_EQ(peer_text(service), "_rollcall._udp.example.org");
  EXPECT_EQ(peer_text({"db1", 7420}), "db1:7420");
}

TEST(PeerAddressTest, KnowsAHostThatIsCalledSrv) {
  EXPECT_EQ(parse_peer_address("srv:7420", 1), (HostPort{"srv", 7420}));
  EXPECT_EQ(parse_peer_address("srv", 7420), (HostPort{"srv", 7420}));
  EXPECT_EQ(parse_peer_address("_dmarc.example.org", 7420), (HostPort{"_dmarc.example.org", 7420}));
}

TEST(PeerAddressTest, RefusesAPortBesideSrvRecordsWhichHaveTheirOwn) {
  for (const auto* const text : {"_rollcall._udp.example.org:7420", "srv:example.org:7420",
                                 "srv:", "srv:_udp.", "srv:_udp", "srv:a b"}) {
    EXPECT_FALSE(parse_peer_address(text, 7420)) << text;
  }
}

}  // namespace
}  // namespace rollcall
