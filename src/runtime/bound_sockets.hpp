// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <span>

#include "base/address.hpp"
#include "rollcall/error.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// One UDP socket and one listening TCP socket on the same address and port, both non-blocking.
struct BoundSockets {
  UniqueFd udp;
  UniqueFd tcp;
  /// The address bound, with the real port.
  Address address;
  Family family = Family::v4;
  /// Where datagrams are sent from, if not from wherever the system thinks best.
  std::optional<Address> source;
};

/// Binds both. Port 0 takes a port that is free for UDP and TCP alike.
///
/// Errors: address_in_use, cannot_bind; nothing stays open.
std::expected<BoundSockets, Error> bind_sockets(const Address& wanted);

/// The address that a datagram to the outside would be sent from: that of the interface with the
/// default route. Nothing where there is no such route. Nothing is sent.
std::optional<Address> default_route_address(Family family);

/// The address to tell others on a host without a default route: the one that datagrams to the
/// first of the peers with a route would be sent from, else that of the first interface that is
/// up, else loopback. Port 0.
Address routeless_address(Family family, std::span<const Address> peers);

/// The address to send from when others are told that one: a host of several addresses would else
/// answer from another than it was asked at, and the answer would not be known for one. Nothing if
/// the system can only choose right, or if the address is not this host's.
std::optional<Address> source_for(const Address& bound, const Address& advertise);

}  // namespace rollcall::runtime
