// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_target.hpp"

#include <algorithm>
#include <string_view>

namespace rollcall::runtime {
namespace {

constexpr std::string_view http_scheme = "http://";
constexpr std::uint16_t http_port = 80;

std::optional<HostPort> parse_host(std::string_view text,
                                   std::optional<std::uint16_t> default_port) {
  auto host_port = parse_host_port(text, default_port);
  if (!host_port || host_port->port == 0) return std::nullopt;
  const auto numeric = parse_address(to_text(*host_port));
  if (numeric && numeric->is_unspecified()) return std::nullopt;
  return host_port;
}

/// What may stand in a request line: the rest must be written with %.
/// Source: RFC 3986, section 2.
bool is_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

std::optional<ClientTarget> parse_url(std::string_view url) {
  if (!url.starts_with(http_scheme)) return std::nullopt;
  url.remove_prefix(http_scheme.size());
  const std::size_t slash = std::min(url.find_first_of("/?"), url.size());
  const std::string_view authority = url.substr(0, slash);
  std::string path(url.substr(slash));
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  auto host_port = parse_host(authority, http_port);
  if (!host_port || !is_path(path)) return std::nullopt;
  return ClientTarget{
      .host_port = std::move(*host_port), .host = std::string(authority), .path = std::move(path)};
}

}  // namespace

std::optional<ClientTarget> parse_target(const registry::Check& check) {
  switch (check.kind) {
    case registry::CheckKind::none:
      return std::nullopt;
    case registry::CheckKind::tcp:
      if (auto host_port = parse_host(check.target, std::nullopt)) {
        return ClientTarget{.host_port = std::move(*host_port), .host = {}, .path = {}};
      }
      return std::nullopt;
    case registry::CheckKind::http:
      return parse_url(check.target);
  }
  return std::nullopt;
}

}  // namespace rollcall::runtime
