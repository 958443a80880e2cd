// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/bound_sockets.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include <ifaddrs.h>
#include <net/if.h>

#include "runtime/os_error.hpp"

namespace rollcall::runtime {
namespace {

/// How often another port is tried when a free UDP port is taken for TCP.
constexpr int free_port_tries = 32;
/// Room for bursts: a member of a large cluster gets hundreds of datagrams at once. The system
/// may grant less.
constexpr int udp_buffer_bytes = 1 << 20;
constexpr int listen_backlog = 4096;

int domain_of(Family family) {
  return family == Family::v6 ? AF_INET6 : AF_INET;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

UniqueFd open_socket(Family family, int type) {
  UniqueFd fd(::socket(domain_of(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.is_open() && family == Family::v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  return fd;
}

/// Reports of the network about datagrams sent arrive on the socket's error queue.
void prepare_udp(int fd, Family family) {
  set_option(fd, SOL_SOCKET, SO_RCVBUF, udp_buffer_bytes);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, udp_buffer_bytes);
  set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
  if (family == Family::v6) set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

bool bind_to(int fd, const Address& address) {
  const RawAddress raw = to_raw(address, family_of(address));
  return ::bind(fd, raw.data(), raw.size) == 0;
}

Address bound_address(int fd) {
  RawAddress raw;
  ::getsockname(fd, raw.data(), &raw.size);
  return from_raw(raw);
}

Error bind_error(const Address& address, const char* protocol, int error) {
  const std::string where = "cannot bind " + to_text(address) + " (" + protocol + "): ";
  if (error == EADDRINUSE) {
    return {ErrorCode::address_in_use,
            where + "address already in use; choose another --bind or stop the process that has it",
            "bind"};
  }
  const std::string why = os_text(error);
  const char* advice = "; choose another --bind";
  if (error == EADDRNOTAVAIL) advice = "; choose an address of this host";
  if (error == EACCES) advice = "; choose a port above 1023";
  return {ErrorCode::cannot_bind, where + why + advice, "bind"};
}

std::expected<UniqueFd, int> bind_udp(const Address& address) {
  UniqueFd fd = open_socket(family_of(address), SOCK_DGRAM);
  if (!fd.is_open()) return std::unexpected(errno);
  prepare_udp(fd.get(), family_of(address));
  if (!bind_to(fd.get(), address)) return std::unexpected(errno);
  return fd;
}

std::expected<UniqueFd, int> listen_tcp(const Address& address) {
  UniqueFd fd = open_socket(family_of(address), SOCK_STREAM);
  if (!fd.is_open()) return std::unexpected(errno);
  // A restart must not wait until the old connections' ports are forgotten.
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (!bind_to(fd.get(), address)) return std::unexpected(errno);
  if (::listen(fd.get(), listen_backlog) != 0) return std::unexpected(errno);
  return fd;
}

std::optional<Address> route_source(const Address& destination) {
  const Family family = family_of(destination);
  const UniqueFd fd = open_socket(family, SOCK_DGRAM);
  const RawAddress raw = to_raw(destination, family);
  // Connecting a UDP socket only looks up the route.
  if (!fd.is_open() || ::connect(fd.get(), raw.data(), raw.size) != 0) return std::nullopt;
  Address source = bound_address(fd.get());
  source.port = 0;
  if (source.is_unspecified()) return std::nullopt;
  return source;
}

/// What an interface offers to be told to others; no link-local address, which means something
/// only together with the interface.
std::optional<Address> usable_address(const ifaddrs& interface, Family family) {
  const unsigned wanted = IFF_UP | IFF_RUNNING;
  const bool is_up = (interface.ifa_flags & wanted) == wanted;
  if (interface.ifa_addr == nullptr || !is_up) return std::nullopt;
  const int kind = interface.ifa_addr->sa_family;
  if (kind != AF_INET && kind != AF_INET6) return std::nullopt;
  RawAddress raw;
  raw.size = kind == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(raw.data(), interface.ifa_addr, raw.size);
  Address address = from_raw(raw);
  address.port = 0;
  const bool is_link_local = address.ip[0] == 0xFE && (address.ip[1] & 0xC0U) == 0x80;
  if (is_loopback(address) || is_link_local || !can_reach(family, address)) return std::nullopt;
  return address;
}

/// The first that is usable, an IPv4 address before all others: it is the kind that most reach.
std::optional<Address> interface_address(Family family) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  std::optional<Address> found;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const auto address = usable_address(*at, family);
    if (address && (!found || (address->is_v4() && !found->is_v4()))) found = address;
  }
  ::freeifaddrs(list);
  return found;
}

}  // namespace

std::expected<BoundSockets, Error> bind_sockets(const Address& wanted) {
  for (int attempt = 1;; ++attempt) {
    auto udp = bind_udp(wanted);
    if (!udp) return std::unexpected(bind_error(wanted, "udp", udp.error()));
    const Address address = bound_address(udp->get());
    auto tcp = listen_tcp(address);
    if (tcp) return BoundSockets{std::move(*udp), std::move(*tcp), address, family_of(wanted), {}};
    const bool may_try_another = wanted.port == 0 && attempt < free_port_tries;
    if (tcp.error() != EADDRINUSE || !may_try_another) {
      return std::unexpected(bind_error(address, "tcp", tcp.error()));
    }
  }
}

std::optional<Address> default_route_address(Family family) {
  // Addresses set aside for documentation (RFC 3849, RFC 5737): only the default route matches.
  const std::optional<Address> v6_outside = parse_address("[2001:db8::1]:9");
  const Address v4_outside = Address::v4(192, 0, 2, 1, 9);
  if (family == Family::v6) {
    if (auto source = route_source(*v6_outside)) return source;
  }
  return route_source(v4_outside);
}

Address routeless_address(Family family, std::span<const Address> peers) {
  for (const Address& peer : peers) {
    // Towards itself a host sends from loopback, which says nothing of where others are.
    const auto source = can_reach(family, peer) ? route_source(peer) : std::nullopt;
    if (source && !is_loopback(*source)) return *source;
  }
  if (const auto address = interface_address(family)) return *address;
  return family == Family::v6 ? *parse_address("[::1]:0") : Address::v4(127, 0, 0, 1, 0);
}

std::optional<Address> source_for(const Address& bound, const Address& advertise) {
  if (!bound.is_unspecified()) return std::nullopt;
  Address source = advertise;
  source.port = 0;
  const UniqueFd fd = open_socket(family_of(source), SOCK_DGRAM);
  if (!fd.is_open() || !bind_to(fd.get(), source)) return std::nullopt;
  return source;
}

}  // namespace rollcall::runtime
