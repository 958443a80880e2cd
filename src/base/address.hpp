// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

/// An IP address and a port, in numbers. IPv4 is kept as an IPv4-mapped IPv6 address
/// (RFC 4291, section 2.5.5.2), so that one address has one form.
struct Address {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;

  auto operator<=>(const Address&) const = default;

  static constexpr Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                              std::uint16_t port) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}, port};
  }
  [[nodiscard]] bool is_v4() const {
    return std::memcmp(ip.data(), v4_prefix.data(), v4_prefix.size()) == 0;
  }
  /// 0.0.0.0 or ::, which a socket may bind but nobody can send to.
  [[nodiscard]] bool is_unspecified() const {
    static constexpr std::array<std::uint8_t, 16> zeros{};
    if (is_v4()) return std::memcmp(&ip[v4_prefix.size()], zeros.data(), 4) == 0;
    return std::memcmp(ip.data(), zeros.data(), zeros.size()) == 0;
  }

  /// What makes an IPv6 address an IPv4 one.
  static constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0,    0,
                                                             0, 0, 0, 0, 0xFF, 0xFF};
};

/// "10.0.0.1:7420" or "[fe80::1]:7420".
std::string to_text(const Address& address);

/// Only the IP part: "10.0.0.1" or "fe80::1".
std::string ip_text(const Address& address);

/// Reads a numeric address; a name, a missing port or a port above 65535 is no address.
std::optional<Address> parse_address(std::string_view text);

/// A host (name or numeric IP) and a port as written, not yet resolved.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  auto operator<=>(const HostPort&) const = default;
};

/// Splits "host:port", "[v6]:port", or, with a default port, a bare host. Nothing is looked up.
/// Refused: an empty host, a port that is not a number from 0 to 65535, several colons (or
/// brackets) around what is no IPv6 address, and characters that no host name or address has.
std::optional<HostPort> parse_host_port(std::string_view text,
                                        std::optional<std::uint16_t> default_port = {});

std::string to_text(const HostPort& host_port);

}  // namespace rollcall

template <>
struct std::hash<rollcall::Address> {
  std::size_t operator()(const rollcall::Address& address) const noexcept;
};
