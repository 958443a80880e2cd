// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/address.hpp"

namespace rollcall {

inline constexpr std::string_view peer_address_rule =
    "a host name, an IPv4 address or [IPv6], and a port from 1 to 65535";

/// Reads where another member can be reached: "HOST:PORT", or with the default port a bare host.
/// Refused is what can be bound but not sent to: port 0, and 0.0.0.0 or [::].
inline std::optional<HostPort> parse_peer_address(std::string_view text,
                                                  std::uint16_t default_port) {
  auto parsed = parse_host_port(text, default_port);
  if (!parsed || parsed->port == 0) return std::nullopt;
  const auto numeric = parse_address(to_text(*parsed));
  if (numeric && numeric->is_unspecified()) return std::nullopt;
  return parsed;
}

}  // namespace rollcall
