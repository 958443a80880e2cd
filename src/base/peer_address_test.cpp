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

}  // namespace
}  // namespace rollcall
