// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

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
};

/// Binds both. Port 0 takes a port that is free for UDP and TCP alike.
///
/// Errors: address_in_use, cannot_bind; nothing stays open.
std::expected<BoundSockets, Error> bind_sockets(const Address& wanted);

/// The address that a datagram to the outside would be sent from: that of the interface with the
/// default route. Loopback where there is none. Nothing is sent.
Address outward_address(Family family);

}  // namespace rollcall::runtime
