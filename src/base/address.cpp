// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "base/ids.hpp"

namespace rollcall {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

/// An IPv6 address, perhaps with a zone ("fe80::1%eth0"), which only a resolver understands.
bool is_v6_text(std::string_view host) {
  std::array<std::uint8_t, 16> ignored{};
  const std::string ip(host.substr(0, host.find('%')));
  return inet_pton(AF_INET6, ip.c_str(), ignored.data()) == 1;
}

/// Whether a resolver may be asked for it: what would be cut short at a NUL, or is plainly a
/// URL or a typing error, is refused here, where the message can say what was given.
bool is_host(std::string_view host) {
  const bool is_clean = std::ranges::all_of(host, [](char c) {
    return c > ' ' && c < '\x7f' && c != '/' && c != '[' && c != ']' && c != '@' && c != ',';
  });
  return is_clean && !host.empty() && (!host.contains(':') || is_v6_text(host));
}

std::optional<HostPort> make_host_port(std::string_view host, std::optional<std::uint16_t> port) {
  if (!port.has_value() || !is_host(host)) return std::nullopt;
  return HostPort{std::string(host), port.value()};
}

/// "[v6]:port", or "[v6]" where there is a default port.
std::optional<HostPort> parse_bracketed(std::string_view text,
                                        std::optional<std::uint16_t> default_port) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(1, close - 1);
  const std::string_view rest = text.substr(close + 1);
  if (!host.contains(':')) return std::nullopt;
  if (rest.empty()) return make_host_port(host, default_port);
  if (!rest.starts_with(':')) return std::nullopt;
  return make_host_port(host, parse_port(rest.substr(1)));
}

}  // namespace

std::string ip_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (address.is_v4()) {
    inet_ntop(AF_INET, address.ip.data() + Address::v4_prefix.size(), buffer.data(), buffer.size());
  } else {
    inet_ntop(AF_INET6, address.ip.data(), buffer.data(), buffer.size());
  }
  return buffer.data();
}

std::string to_text(const Address& address) {
  const std::string ip = ip_text(address);
  const std::string port = std::to_string(address.port);
  return address.is_v4() ? ip + ":" + port : "[" + ip + "]:" + port;
}

std::optional<HostPort> parse_host_port(std::string_view text,
                                        std::optional<std::uint16_t> default_port) {
  if (text.starts_with('[')) return parse_bracketed(text, default_port);
  const std::size_t colon = text.find(':');
  // Several colons without brackets are an IPv6 address without a port.
  if (colon == std::string_view::npos || text.rfind(':') != colon) {
    return make_host_port(text, default_port);
  }
  return make_host_port(text.substr(0, colon), parse_port(text.substr(colon + 1)));
}

std::string to_text(const HostPort& host_port) {
  const bool is_v6 = host_port.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host_port.host + "]" : host_port.host) + ":" +
         std::to_string(host_port.port);
}

std::optional<Address> parse_address(std::string_view text) {
  const auto parts = parse_host_port(text);
  if (!parts) return std::nullopt;
  Address address;
  address.port = parts->port;
  address.ip = Address::v4(0, 0, 0, 0, 0).ip;
  if (inet_pton(AF_INET, parts->host.c_str(), address.ip.data() + Address::v4_prefix.size()) == 1) {
    return address;
  }
  if (inet_pton(AF_INET6, parts->host.c_str(), address.ip.data()) == 1) return address;
  return std::nullopt;
}

}  // namespace rollcall

std::size_t std::hash<rollcall::Address>::operator()(
    const rollcall::Address& address) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.ip.data(), sizeof high);
  std::memcpy(&low, address.ip.data() + sizeof high, sizeof low);
  return static_cast<std::size_t>(
      rollcall::hash_combine(rollcall::hash_combine(high, low), address.port));
}
