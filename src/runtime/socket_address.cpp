// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/socket_address.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace rollcall::runtime {
namespace {

constexpr std::size_t v4_offset = 12;  // of the four IPv4 bytes in a mapped address

}  // namespace

RawAddress to_raw(const Address& address, Family family) {
  ROLLCALL_CHECK(can_reach(family, address));
  RawAddress raw;
  if (family == Family::v6) {
    raw.storage.sin6_family = AF_INET6;
    raw.storage.sin6_port = htons(address.port);
    std::ranges::copy(address.ip, std::begin(raw.storage.sin6_addr.s6_addr));
    return raw;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  std::memcpy(&v4.sin_addr, address.ip.data() + v4_offset, sizeof v4.sin_addr);
  std::memcpy(&raw.storage, &v4, sizeof v4);
  raw.size = sizeof v4;
  return raw;
}

Address from_raw(const RawAddress& raw) {
  if (raw.storage.sin6_family == AF_INET6) {
    Address address;
    std::ranges::copy(raw.storage.sin6_addr.s6_addr, address.ip.begin());
    address.port = ntohs(raw.storage.sin6_port);
    return address;
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &raw.storage, sizeof v4);
  Address address = Address::v4(0, 0, 0, 0, ntohs(v4.sin_port));
  std::memcpy(address.ip.data() + v4_offset, &v4.sin_addr, sizeof v4.sin_addr);
  return address;
}

}  // namespace rollcall::runtime
