// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.hpp"

namespace rollcall::runtime {

/// The kind of a socket, given by the address it is bound to. A v6 socket is dual-stack: it
/// reaches IPv4 addresses too, in their mapped form.
enum class Family : std::uint8_t { v4, v6 };

inline Family family_of(const Address& bind) {
  return bind.is_v4() ? Family::v4 : Family::v6;
}

/// An address as system calls take it. sockaddr_in6 is the larger of the two forms.
struct RawAddress {
  sockaddr_in6 storage{};
  socklen_t size = sizeof(sockaddr_in6);

  [[nodiscard]] sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Whether a socket of that family can send there: a v4 socket cannot reach IPv6.
inline bool can_reach(Family family, const Address& to) {
  return family == Family::v6 || to.is_v4();
}

/// 127.0.0.0/8 or ::1: this host, whichever host reads it.
inline bool is_loopback(const Address& address) {
  if (address.is_v4()) return address.ip[Address::v4_prefix.size()] == 127;
  Address loopback;
  loopback.ip.back() = 1;
  return address.ip == loopback.ip;
}

/// The address for a socket of that family; it must be reachable from it (can_reach).
RawAddress to_raw(const Address& address, Family family);
Address from_raw(const RawAddress& raw);

}  // namespace rollcall::runtime
