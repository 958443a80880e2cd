// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rollcall/error.hpp"
#include "runtime/lan_routes.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// The sockets on the port where all members of a LAN listen; several members of one host share it.
struct LanListeners {
  UniqueFd v4;
  UniqueFd v6;  // not open where the member has no IPv6
  std::uint16_t port = 0;
};

/// Opens what a member bound there listens on. Errors: address_in_use, cannot_bind.
std::expected<LanListeners, Error> listen_on_lan(const Address& bound, std::uint16_t port);

/// Casts datagrams to everybody on the LAN, and hears those that others cast.
///
/// Order:   none; what is cast leaves at once.
/// Errors:  a network that cannot be reached is left out; cast() says when none was left.
///          Interfaces that come and go are noticed within refresh_interval.
/// Limits:  cast datagrams cross no router. What is longer than a datagram of ours is dropped.
/// Threads: the loop's thread only. Nothing is called back after close().
/// Source:  ip(7), IP_ADD_MEMBERSHIP, IP_PKTINFO; ipv6(7).
class LanSocket final : public std::enable_shared_from_this<LanSocket> {
 public:
  static constexpr Duration refresh_interval = std::chrono::seconds(5);
  /// Datagrams read before other work has its turn.
  static constexpr std::size_t datagrams_per_wake_max = 256;

  using OnDatagram = std::function<void(const Address& from, Bytes datagram)>;

  /// Casts are sent from the member's own UDP socket, so that answers come back to that. It must
  /// stay open until close().
  LanSocket(boost::asio::io_context& io, LanListeners listeners, int member_fd,
            const Address& bound);

  void start(OnDatagram on_datagram);
  /// False when it went nowhere.
  [[nodiscard]] bool cast(Bytes datagram);
  void close();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void refresh();
  void refresh_later();
  void join_groups();
  void wait(Descriptor& descriptor);
  void receive_all(Descriptor& descriptor);
  bool receive_one(Descriptor& descriptor);
  [[nodiscard]] bool is_ours(unsigned interface) const;
  bool send(const LanRoute& route, const Address& to, Bytes datagram) const;

  std::array<Descriptor, 2> listeners_;  // IPv4, IPv6
  boost::asio::steady_timer timer_;
  std::uint16_t port_;
  int member_fd_;
  Address bound_;
  std::vector<LanRoute> routes_;
  /// Interface and family of each group that was joined.
  std::set<std::pair<unsigned, Family>> joined_;
  OnDatagram on_datagram_;
  bool is_open_ = true;
};

}  // namespace rollcall::runtime
