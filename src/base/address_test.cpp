// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rollcall {
namespace {

Address any_address() {
  Address address;
  for (std::uint8_t& byte : address.ip) byte = *rc::gen::arbitrary<std::uint8_t>();
  if (*rc::gen::arbitrary<bool>()) {
    address = Address::v4(address.ip[0], address.ip[1], address.ip[2], address.ip[3], 0);
  }
  address.port = *rc::gen::arbitrary<std::uint16_t>();
  return address;
}

RC_GTEST_PROP(AddressTest, IsReadBackFromItsText, ()) {
  const Address address = any_address();

  RC_ASSERT(parse_address(to_text(address)) == address);
}

TEST(AddressTest, ReadsBothFamilies) {
  EXPECT_EQ(parse_address("10.0.0.1:7420"), Address::v4(10, 0, 0, 1, 7420));
  EXPECT_EQ(parse_address("0.0.0.0:0"), Address::v4(0, 0, 0, 0, 0));
  EXPECT_EQ(to_text(*parse_address("[fe80::1]:7420")), "[fe80::1]:7420");
  EXPECT_EQ(to_text(*parse_address("[0:0:0:0:0:0:0:1]:65535")), "[::1]:65535");
  EXPECT_EQ(ip_text(*parse_address("[2001:db8::2]:1")), "2001:db8::2");
  EXPECT_EQ(ip_text(Address::v4(10, 0, 0, 1, 7420)), "10.0.0.1");
}

TEST(AddressTest, HasOneFormForAnIpv4AddressInAnIpv6One) {
  const auto mapped = parse_address("[::ffff:10.0.0.1]:7420");

  EXPECT_EQ(mapped, Address::v4(10, 0, 0, 1, 7420));
  EXPECT_EQ(to_text(*mapped), "10.0.0.1:7420");
}

TEST(AddressTest, RefusesWhatIsNoNumericAddress) {
  for (const char* const text : {"",
                                 ":",
                                 "10.0.0.1",
                                 "10.0.0.1:",
                                 ":7420",
                                 "10.0.0:7420",
                                 "10.0.0.1:65536",
                                 "10.0.0.1:-1",
                                 "10.0.0.1:+1",
                                 "10.0.0.1: 1",
                                 "10.0.0.1:1x",
                                 "10.0.0.256:1",
                                 "localhost:7420",
                                 "fe80::1",
                                 "[fe80::1]",
                                 "[fe80::1]7420",
                                 "[fe80::1:7420",
                                 "[fe80::g]:1",
                                 "[10.0.0.1]:7420",
                                 "[fe80::1%eth0]:1",
                                 "[]:1",
                                 " 10.0.0.1:1"}) {
    EXPECT_EQ(parse_address(text), std::nullopt) << '"' << text << '"';
  }
  EXPECT_EQ(parse_address(std::string_view("10.0.0.1\0x:7420", 15)), std::nullopt);
}

TEST(AddressTest, KnowsItsFamilyAndWhetherItIsUnspecified) {
  EXPECT_TRUE(Address::v4(10, 0, 0, 1, 1).is_v4());
  EXPECT_FALSE(parse_address("[fe80::1]:1")->is_v4());
  EXPECT_FALSE(parse_address("[::10.0.0.1]:1")->is_v4());

  EXPECT_TRUE(Address().is_unspecified());
  EXPECT_TRUE(Address::v4(0, 0, 0, 0, 7420).is_unspecified());
  EXPECT_FALSE(Address::v4(0, 0, 0, 1, 0).is_unspecified());
  EXPECT_FALSE(parse_address("[::1]:0")->is_unspecified());
}

TEST(AddressTest, HashesEachPart) {
  std::unordered_set<Address> addresses;
  for (std::uint8_t last = 0; last < 100; ++last) {
    for (std::uint16_t port = 7420; port < 7430; ++port) {
      addresses.insert(Address::v4(10, 0, 0, last, port));
    }
  }

  EXPECT_EQ(addresses.size(), 1000U);
  EXPECT_TRUE(addresses.contains(Address::v4(10, 0, 0, 99, 7429)));
  EXPECT_NE(std::hash<Address>()(Address::v4(10, 0, 0, 1, 1)),
            std::hash<Address>()(Address::v4(10, 0, 0, 1, 2)));
}

// --- Hosts and ports ---------------------------------------------------------------------------

TEST(ParseHostPortTest, ReadsNamesAndNumbers) {
  const std::vector<std::pair<std::string, HostPort>> cases = {
      {"db1:7420", {"db1", 7420}},
      {"10.0.0.1:0", {"10.0.0.1", 0}},
      {"[::1]:65535", {"::1", 65535}},
      {"[fe80::1%eth0]:7420", {"fe80::1%eth0", 7420}},
      {"db-1.eu_west.example:1", {"db-1.eu_west.example", 1}}};

  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(parse_host_port(text), expected) << text;
    EXPECT_EQ(parse_host_port(text, 1), expected) << text;
    EXPECT_EQ(to_text(expected), text);
  }
}

TEST(ParseHostPortTest, TakesTheDefaultPortWhereNoneIsGiven) {
  EXPECT_EQ(parse_host_port("db1"), std::nullopt);
  EXPECT_EQ(parse_host_port("db1", 7420), (HostPort{"db1", 7420}));
  EXPECT_EQ(parse_host_port("fe80::1", 7420), (HostPort{"fe80::1", 7420}));
  EXPECT_EQ(parse_host_port("[fe80::1]", 7420), (HostPort{"fe80::1", 7420}));
  EXPECT_EQ(parse_host_port("[fe80::1]"), std::nullopt);
}

TEST(ParseHostPortTest, RefusesWhatCannotBeLookedUp) {
  for (const char* const text : {"",           ":",          ":7420",         "db1:",
                                 "db1:x",      "db1:65536",  "db1:7420:7421", "http://db1:7420",
                                 "a/b:1",      "user@db1:1", "db1,db2:1",     "db 1:1",
                                 "[db1]:7420", "[]:1",       "[::1",          "[::1]x",
                                 "[::1]:",     "::g",        "a]b:1",         "db1\n:1"}) {
    EXPECT_EQ(parse_host_port(text, 7420), std::nullopt) << '"' << text << '"';
  }
  EXPECT_EQ(parse_host_port(std::string_view("db1\0x:1", 7)), std::nullopt);
}

RC_GTEST_PROP(ParseHostPortTest, WritesWhatItReadSoThatItReadsItAgain, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("a1:.[]%-/")));

  if (const auto host_port = parse_host_port(text, 7420)) {
    RC_ASSERT(parse_host_port(to_text(*host_port)) == host_port);
  }
}

}  // namespace
}  // namespace rollcall
