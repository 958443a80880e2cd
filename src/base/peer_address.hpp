// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"

namespace rollcall {

inline constexpr std::string_view peer_address_rule =
    "a host name, an IPv4 address or [IPv6], and a port from 1 to 65535; or, without a port, "
    "_service._proto.NAME or srv:NAME for SRV records";

/// Whether a host is the name of SRV records, "_service._proto.name", which say hosts and ports
/// themselves. Such a name has port 0.
///
/// Source: RFC 2782.
inline bool is_service_name(std::string_view host) {
  const std::size_t dot = host.find('.');
  return host.starts_with('_') && dot != std::string_view::npos &&
         host.substr(dot + 1).starts_with('_') && !host.contains(':');
}

/// Reads where another member can be reached: "HOST:PORT", or with the default port a bare host.
/// Or where it is written who can be: "_service._proto.name", or "srv:name", which is short for
/// "_rollcall._udp.name". Refused is what can be bound but not sent to: port 0, and 0.0.0.0 or
/// [::].
inline std::optional<HostPort> parse_peer_address(std::string_view text,
                                                  std::uint16_t default_port) {
  constexpr std::string_view mark = "srv:";
  // A host may be called srv: then a port follows.
  if (text.starts_with(mark) &&
      text.find_first_not_of("0123456789", mark.size()) != std::string_view::npos) {
    const std::string name(text.substr(mark.size()));
    const std::string full = name.starts_with('_') ? name : "_rollcall._udp." + name;
    return is_service_name(full) ? parse_host_port(full, 0) : std::nullopt;
  }
  if (is_service_name(text)) return parse_host_port(text, 0);
  auto parsed = parse_host_port(text, default_port);
  if (!parsed || parsed->port == 0 || is_service_name(parsed->host)) return std::nullopt;
  const auto numeric = parse_address(to_text(*parsed));
  if (numeric && numeric->is_unspecified()) return std::nullopt;
  return parsed;
}

/// As it is written: "db1:7420", "_rollcall._udp.example.org".
inline std::string peer_text(const HostPort& peer) {
  return is_service_name(peer.host) ? peer.host : to_text(peer);
}

}  // namespace rollcall
