// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/guard.hpp"

#include "base/address.hpp"

namespace rollcall::http {
namespace {

constexpr std::uint16_t http_port = 80;

bool is_loopback(const std::string& host) {
  const auto address = parse_address(to_text(HostPort{host, 1}));
  if (!address) return false;
  if (address->is_v4()) return address->ip[12] == 127;
  return ip_text(*address) == "::1";
}

bool is_local_name(std::string_view host) {
  return equals_ignoring_case(host, "localhost") || equals_ignoring_case(host, "localhost.");
}

/// The host and port of "http://host:port/…"; all of it when it has no scheme, as in "null".
std::string_view authority_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos) origin.remove_prefix(scheme + 3);
  return origin.substr(0, origin.find_first_of("/?#"));
}

bool is_foreign_origin(const Request& request) {
  if (const auto site = request.header("Sec-Fetch-Site")) {
    if (*site != "same-origin" && *site != "none") return true;
  }
  auto origin = request.header("Origin");
  // All that old browsers say of a GET.
  if (!origin) origin = request.header("Referer");
  if (!origin) return false;
  const std::string_view host = request.header("Host").value_or("");
  return !equals_ignoring_case(authority_of(*origin), host);
}

}  // namespace

Guard::Guard(std::string_view bound_address) {
  if (const auto bound = parse_host_port(bound_address, http_port)) {
    bound_host_ = bound->host;
    is_loopback_ = is_loopback(bound->host);
  }
}

bool Guard::is_own_host(std::string_view host_header) const {
  const auto host = parse_host_port(host_header, http_port);
  if (!host) return false;
  return host->host == bound_host_ || is_local_name(host->host) || is_loopback(host->host);
}

std::optional<Problem> Guard::objection(const Request& request, Access access) const {
  const auto host = request.header("Host");
  if (is_loopback_ && host && !is_own_host(*host)) {
    return Problem{.status = 403,
                   .code = "foreign-host",
                   .message = "'" + std::string(*host) +
                              "' is no name of this server, which "
                              "listens on " +
                              bound_host_ +
                              "; allowed: localhost and "
                              "loopback addresses",
                   .field = "Host"};
  }
  if (access == Access::changes && is_foreign_origin(request)) {
    return Problem{.status = 403,
                   .code = "foreign-origin",
                   .message = "a page of another origin may not change anything here",
                   .field = "Origin"};
  }
  return std::nullopt;
}

}  // namespace rollcall::http
