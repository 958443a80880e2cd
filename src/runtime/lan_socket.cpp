// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/lan_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include "runtime/datagram_batch.hpp"
#include "runtime/os_error.hpp"

namespace rollcall::runtime {
namespace {

/// Room for the interface and address that a datagram came by or leaves by.
constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(in6_pktinfo));

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

Error listen_error(const Address& address, int error) {
  const std::string where =
      "cannot listen for members of the LAN on " + to_text(address) + " (udp): ";
  if (error == EADDRINUSE) {
    return {ErrorCode::address_in_use,
            where +
                "address already in use; choose another --broadcast-port, the same on every "
                "member, or stop the process that has it",
            "broadcast-port"};
  }
  return {ErrorCode::cannot_bind, where + os_text(error) + "; choose another --broadcast-port",
          "broadcast-port"};
}

std::expected<UniqueFd, Error> listen(Family family, std::uint16_t port) {
  Address everywhere = Address::v4(0, 0, 0, 0, port);
  if (family == Family::v6) everywhere = {{}, port};
  const int domain = family == Family::v6 ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return std::unexpected(listen_error(everywhere, errno));
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == Family::v6) {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1);
    // Only what was asked for, not what others on this host have joined.
    set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0);
  }
  const RawAddress raw = to_raw(everywhere, family);
  if (::bind(fd.get(), raw.data(), raw.size) != 0) {
    return std::unexpected(listen_error(everywhere, errno));
  }
  return fd;
}

/// The interface that a datagram came in by; 0 if the system does not say.
unsigned interface_of(msghdr& head) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&head); part != nullptr; part = CMSG_NXTHDR(&head, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      return static_cast<unsigned>(info.ipi_ifindex);
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      return info.ipi6_ifindex;
    }
  }
  return 0;
}

/// Puts the interface and the source address beside a datagram that leaves. Returns their size.
std::size_t write_source(const LanRoute& route, Family of_socket, std::byte* control) {
  const RawAddress raw = to_raw(route.source, of_socket);
  auto* const head = reinterpret_cast<cmsghdr*>(control);
  if (of_socket == Family::v6) {
    const in6_pktinfo info{.ipi6_addr = raw.storage.sin6_addr, .ipi6_ifindex = route.interface};
    *head = {
        .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(head), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, raw.data(), sizeof v4);
  const in_pktinfo info{.ipi_ifindex = static_cast<int>(route.interface),
                        .ipi_spec_dst = v4.sin_addr,
                        .ipi_addr = {}};
  *head = {.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
  std::memcpy(CMSG_DATA(head), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

bool join_group(int fd, Family family, unsigned interface) {
  const RawAddress raw = to_raw(lan_group(family, 0), family);
  int result = -1;
  if (family == Family::v6) {
    const ipv6_mreq wanted{.ipv6mr_multiaddr = raw.storage.sin6_addr,
                           .ipv6mr_interface = interface};
    result = ::setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &wanted, sizeof wanted);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, raw.data(), sizeof v4);
    const ip_mreqn wanted{.imr_multiaddr = v4.sin_addr,
                          .imr_address = {},
                          .imr_ifindex = static_cast<int>(interface)};
    result = ::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wanted, sizeof wanted);
  }
  return result == 0 || errno == EADDRINUSE;
}

}  // namespace

std::expected<LanListeners, Error> listen_on_lan(const Address& bound, std::uint16_t port) {
  LanListeners listeners{.v4 = {}, .v6 = {}, .port = port};
  const bool is_v6_alone = !bound.is_v4() && !bound.is_unspecified();
  if (!is_v6_alone) {
    auto fd = listen(Family::v4, port);
    if (!fd) return std::unexpected(std::move(fd).error());
    listeners.v4 = std::move(*fd);
  }
  if (!bound.is_v4()) {
    auto fd = listen(Family::v6, port);
    if (!fd) return std::unexpected(std::move(fd).error());
    listeners.v6 = std::move(*fd);
  }
  return listeners;
}

LanSocket::LanSocket(boost::asio::io_context& io, LanListeners listeners, int member_fd,
                     const Address& bound)
    : listeners_{Descriptor(io), Descriptor(io)},
      timer_(io),
      port_(listeners.port),
      member_fd_(member_fd),
      bound_(bound) {
  if (listeners.v4.is_open()) listeners_[0].assign(listeners.v4.release());
  if (listeners.v6.is_open()) listeners_[1].assign(listeners.v6.release());
  set_option(member_fd_, SOL_SOCKET, SO_BROADCAST, 1);
}

void LanSocket::start(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  refresh();
  refresh_later();
  for (Descriptor& descriptor : listeners_) wait(descriptor);
}

void LanSocket::close() {
  is_open_ = false;
  timer_.cancel();
  boost::system::error_code ignored;
  for (Descriptor& descriptor : listeners_) descriptor.close(ignored);
  on_datagram_ = nullptr;
}

// --- Interfaces ------------------------------------------------------------------------------

void LanSocket::refresh() {
  routes_ = lan_routes(bound_);
  join_groups();
}

void LanSocket::refresh_later() {
  timer_.expires_after(refresh_interval);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || !self->is_open_) return;
    self->refresh();
    self->refresh_later();
  });
}

void LanSocket::join_groups() {
  // One that is gone took its memberships along; a new one may get its number.
  std::erase_if(joined_, [this](const auto& joined) { return !is_ours(joined.first); });
  for (const LanRoute& route : routes_) {
    const Family family = family_of(route.source);
    Descriptor& listener = listeners_.at(family == Family::v6 ? 1 : 0);
    const std::pair wanted(route.interface, family);
    if (!listener.is_open() || joined_.contains(wanted)) continue;
    if (join_group(listener.native_handle(), family, route.interface)) joined_.insert(wanted);
  }
}

bool LanSocket::is_ours(unsigned interface) const {
  return std::ranges::find(routes_, interface, &LanRoute::interface) != routes_.end();
}

// --- Receiving -------------------------------------------------------------------------------

void LanSocket::wait(Descriptor& descriptor) {
  if (!descriptor.is_open()) return;
  descriptor.async_wait(
      boost::asio::posix::descriptor_base::wait_read,
      [self = shared_from_this(), &descriptor](const boost::system::error_code& error) {
        if (error || !self->is_open_) return;
        self->receive_all(descriptor);
        self->wait(descriptor);
      });
}

void LanSocket::receive_all(Descriptor& descriptor) {
  for (std::size_t i = 0; i < datagrams_per_wake_max && is_open_; ++i) {
    if (!receive_one(descriptor)) return;
  }
}

/// False when there is no more.
bool LanSocket::receive_one(Descriptor& descriptor) {
  std::array<std::byte, DatagramBatch::datagram_bytes> buffer;  // NOLINT: the kernel fills it
  alignas(cmsghdr) std::array<std::byte, control_bytes> control{};
  iovec part{buffer.data(), buffer.size()};
  RawAddress from;
  msghdr head{};
  head.msg_name = from.data();
  head.msg_namelen = sizeof from.storage;
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = control.data();
  head.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(descriptor.native_handle(), &head, MSG_DONTWAIT);
  if (size < 0) return false;
  const bool is_cut = (head.msg_flags & MSG_TRUNC) != 0;
  // A member that is bound to one network is not to be found on another.
  if (is_cut || !is_ours(interface_of(head))) return true;
  on_datagram_(from_raw(from), Bytes(buffer).first(static_cast<std::size_t>(size)));
  return true;
}

// --- Casting ---------------------------------------------------------------------------------

bool LanSocket::cast(Bytes datagram) {
  if (!is_open_) return false;
  if (routes_.empty()) refresh();
  bool is_sent = false;
  std::set<std::pair<unsigned, Family>> groups;
  for (const LanRoute& route : routes_) {
    const Family family = family_of(route.source);
    if (groups.emplace(route.interface, family).second) {
      is_sent |= send(route, lan_group(family, port_), datagram);
    }
    if (!route.broadcast) continue;
    Address everybody = *route.broadcast;
    everybody.port = port_;
    is_sent |= send(route, everybody, datagram);
  }
  return is_sent;
}

bool LanSocket::send(const LanRoute& route, const Address& to, Bytes datagram) const {
  const Family family = family_of(bound_);
  RawAddress raw = to_raw(to, family);
  if (!to.is_v4()) raw.storage.sin6_scope_id = route.interface;
  alignas(cmsghdr) std::array<std::byte, control_bytes> control{};
  iovec part{const_cast<std::byte*>(datagram.data()), datagram.size()};
  msghdr head{};
  head.msg_name = raw.data();
  head.msg_namelen = raw.size;
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = control.data();
  head.msg_controllen = write_source(route, family, control.data());
  return ::sendmsg(member_fd_, &head, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace rollcall::runtime
