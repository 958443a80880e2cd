// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "runtime/socket_address.hpp"

namespace rollcall::runtime {

/// Where members listen for those who look for them: an IPv4 group of the local scope (RFC 2365),
/// an IPv6 group of the link (RFC 4291; its number is "rollcall" in ASCII), and, for networks that
/// carry no multicast, the broadcast address of each. The port is Options::broadcast_port.
Address lan_group(Family family, std::uint16_t port);

/// One way to everybody on one network that this host is on.
struct LanRoute {
  unsigned interface = 0;
  /// The own address there, which answers come back to. Port 0.
  Address source;
  /// Reached besides the group. Port 0.
  std::optional<Address> broadcast;
};

/// The ways that a socket bound there can take: one for each address of each interface that is up,
/// or the one of the address it is bound to. IPv6 addresses of the link are left out, for they mean
/// something only together with the interface, and so is ::1. Empty when no interface will do.
std::vector<LanRoute> lan_routes(const Address& bound);

}  // namespace rollcall::runtime
