// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/lan_routes.hpp"

#include <cstring>

#include <ifaddrs.h>
#include <net/if.h>

namespace rollcall::runtime {
namespace {

std::optional<Address> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  const bool is_v4 = from->sa_family == AF_INET;
  if (!is_v4 && from->sa_family != AF_INET6) return std::nullopt;
  RawAddress raw;
  raw.size = is_v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(raw.data(), from, raw.size);
  Address address = from_raw(raw);
  address.port = 0;
  return address;
}

bool is_link_local(const Address& address) {
  return !address.is_v4() && address.ip[0] == 0xFE && (address.ip[1] & 0xC0U) == 0x80;
}

/// Of loopback only IPv4 reaches several listeners at once.
bool is_of_no_use(const Address& address) {
  return is_link_local(address) || (is_loopback(address) && !address.is_v4());
}

/// A socket bound to one of the many loopback addresses sends from that.
std::optional<Address> source_on(const ifaddrs& interface, const Address& bound) {
  const auto own = address_of(interface.ifa_addr);
  if (!own || is_of_no_use(*own)) return std::nullopt;
  if (bound.is_unspecified()) {
    return can_reach(family_of(bound), *own) ? own : std::nullopt;
  }
  Address wanted = bound;
  wanted.port = 0;
  const bool is_of_loopback =
      is_loopback(*own) && is_loopback(wanted) && own->is_v4() == wanted.is_v4();
  return *own == wanted || is_of_loopback ? std::optional(wanted) : std::nullopt;
}

/// On loopback the last address of 127.0.0.0/8 is everybody, though the interface does not say so.
std::optional<Address> broadcast_on(const ifaddrs& interface, const Address& source) {
  if (!source.is_v4()) return std::nullopt;
  if (is_loopback(source)) return Address::v4(127, 255, 255, 255, 0);
  return (interface.ifa_flags & IFF_BROADCAST) != 0 ? address_of(interface.ifa_broadaddr)
                                                    : std::nullopt;
}

}  // namespace

Address lan_group(Family family, std::uint16_t port) {
  if (family == Family::v4) return Address::v4(239, 255, 74, 20, port);
  return {{0xFF, 0x12, 0, 0, 0, 0, 0, 0, 'r', 'o', 'l', 'l', 'c', 'a', 'l', 'l'}, port};
}

std::vector<LanRoute> lan_routes(const Address& bound) {
  std::vector<LanRoute> routes;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return routes;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    constexpr unsigned wanted = IFF_UP | IFF_RUNNING;
    constexpr unsigned many = IFF_MULTICAST | IFF_BROADCAST | IFF_LOOPBACK;
    const bool is_usable = (at->ifa_flags & wanted) == wanted && (at->ifa_flags & many) != 0;
    const auto source = is_usable ? source_on(*at, bound) : std::nullopt;
    const unsigned index = source ? ::if_nametoindex(at->ifa_name) : 0;
    if (index != 0) routes.push_back({index, *source, broadcast_on(*at, *source)});
  }
  ::freeifaddrs(list);
  return routes;
}

}  // namespace rollcall::runtime
