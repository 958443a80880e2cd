// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/checked_options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "runtime/agent_agreement.hpp"
#include "runtime/agent_tags.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/hosts_file.hpp"
#include "runtime/resolver.hpp"
#include "runtime/settings_conversion.hpp"

namespace rollcall::runtime {
namespace {

/// A name that nobody answers for costs the start some seconds.
constexpr std::size_t names_asked_max = 4;

Error invalid(std::string field, std::string message) {
  return {ErrorCode::invalid_option, std::move(message), std::move(field)};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

/// Reads "HOST:PORT" and looks the host up if it is a name.
std::expected<Address, Error> parse_endpoint(const std::string& text, const char* field) {
  const auto host_port =
      parse_host_port(text, field == std::string_view("bind") ? std::optional(default_port)
                                                              : std::optional<std::uint16_t>(0));
  if (!host_port) {
    return std::unexpected(
        invalid(field, "'" + text +
                           "' is no HOST:PORT; allowed: a host name, "
                           "an IPv4 address or [IPv6], and a port from 0 to 65535"));
  }
  const Resolved addresses = resolve_now(*host_port);
  if (!addresses) {
    return std::unexpected(
        invalid(field, "the host '" + host_port->host + "' cannot be found; use an IP address"));
  }
  for (const Address& address : *addresses) {
    if (address.is_v4()) return address;  // of both kinds, the one that everybody reaches
  }
  return addresses->front();
}

core::Config make_config(const Options& options) {
  core::Config config;
  static_cast<core::ClusterSettings&>(config) = to_core_settings(options);
  config.cluster = options.cluster;
  config.name = options.name;
  config.tags = options.tags;
  config.profile = options.profile == Profile::swim ? core::Profile::swim : core::Profile::rollcall;
  config.leave_timeout = options.leave_timeout;
  config.broadcast = options.broadcast;
  config.reads_hosts = !options.hosts_file.empty();
  // Until the port is bound, any address that can be sent to.
  config.advertise = Address::v4(127, 0, 0, 1, default_port);
  return config;
}

std::optional<Error> check_config(const core::Config& config) {
  const std::vector<core::ConfigProblem> problems = core::validate(config);
  if (problems.empty()) return std::nullopt;
  return invalid(problems.front().field, problems.front().message);
}

/// What only the runtime knows of.
std::optional<Error> check_rest(const Options& options) {
  if (options.broadcast && options.broadcast_port == 0) {
    return invalid("broadcast-port", "0 is out of range; allowed: 1 to 65535");
  }
  if (options.events_kept == 0 || options.events_kept > events_kept_max) {
    return invalid("events-kept", std::to_string(options.events_kept) +
                                      " is out of range; allowed: 1 to " +
                                      std::to_string(events_kept_max));
  }
  return std::nullopt;
}

std::optional<Error> fill_in_name(Options& options) {
  if (!options.name.empty()) return std::nullopt;
  options.name = host_name();
  if (is_valid_name(options.name)) return std::nullopt;
  return invalid("name", "the host name '" + options.name +
                             "' cannot be a member name; give one of " + std::string(name_rule));
}

/// The address at which others reach a host that listens on all of its own.
Address outward_address(Family family, const std::vector<HostPort>& seeds) {
  if (const auto address = default_route_address(family)) return *address;
  std::vector<Address> peers;
  for (const HostPort& seed : seeds) {
    if (const auto numeric = parse_address(to_text(seed))) peers.push_back(*numeric);
  }
  const std::size_t names = peers.empty() ? std::min(seeds.size(), names_asked_max) : 0;
  for (std::size_t i = 0; i < names; ++i) {
    const Resolved addresses = resolve_now(seeds[i]);
    if (addresses) peers.insert(peers.end(), addresses->begin(), addresses->end());
  }
  return routeless_address(family, peers);
}

}  // namespace

std::expected<CheckedOptions, Error> check_options(Options options) {
  if (auto error = fill_in_name(options)) return std::unexpected(*error);
  if (auto error = check_rest(options)) return std::unexpected(*error);
  if (auto error = check_agreement(options.agreement)) return std::unexpected(*error);
  if (auto error = check_tags(options.tags, tag_room(options))) return std::unexpected(*error);
  CheckedOptions checked;
  checked.config = make_config(options);
  if (auto error = check_config(checked.config)) return std::unexpected(*error);
  auto seeds = parse_seeds(options.seeds);
  if (!seeds) return std::unexpected(seeds.error());
  checked.seeds = std::move(*seeds);
  if (!options.hosts_file.empty()) {
    auto hosts = read_hosts_file(options.hosts_file);
    if (!hosts) {
      return std::unexpected(invalid("hosts", to_text(hosts.error(), options.hosts_file)));
    }
    checked.hosts = std::move(*hosts);
  }
  const auto bind = parse_endpoint(options.bind, "bind");
  if (!bind) return std::unexpected(bind.error());
  checked.bind = *bind;
  if (!options.advertise.empty()) {
    const auto advertise = parse_endpoint(options.advertise, "advertise");
    if (!advertise) return std::unexpected(advertise.error());
    checked.advertise = *advertise;
  }
  checked.options = std::move(options);
  return checked;
}

std::expected<std::vector<HostPort>, Error> parse_seeds(const std::vector<std::string>& seeds) {
  std::vector<HostPort> parsed;
  for (const std::string& seed : seeds) {
    const auto host_port = parse_peer_address(seed, default_port);
    if (!host_port) {
      return std::unexpected(invalid(
          "join", "'" + seed +
                      "' is no HOST:PORT of a member; allowed: " + std::string(peer_address_rule)));
    }
    parsed.push_back(*host_port);
  }
  return parsed;
}

std::size_t tag_room(const Options& options) {
  return wire::tags_bytes_max - (options.agreement.enabled ? system_tag_bytes_max : 0);
}

std::optional<Error> check_tags(const Tags& tags, std::size_t room) {
  for (const auto& [key, value] : tags) {
    if (!is_system_tag(key)) continue;
    return invalid("tag", "'" + key + "' begins with '" + std::string(system_tag_prefix) +
                              "', which only rollcall's own tags do; choose another key");
  }
  const auto encoded = wire::encode_tags(tags);
  if (encoded && encoded->size() <= room) return std::nullopt;
  return invalid("tag", "the tags are longer than " + std::to_string(room) +
                            " bytes in all, or a key is empty or longer than 255 bytes");
}

std::expected<Address, Error> choose_advertise(const std::optional<Address>& wanted,
                                               const Address& bound,
                                               const std::vector<HostPort>& seeds) {
  Address address = wanted.value_or(bound);
  if (address.port == 0) address.port = bound.port;
  if (!wanted && bound.is_unspecified()) address.ip = outward_address(family_of(bound), seeds).ip;
  if (address.is_unspecified()) {
    return std::unexpected(invalid("advertise", to_text(address) +
                                                    " cannot be sent to; allowed: an address "
                                                    "that other members reach this one at"));
  }
  if (!can_reach(family_of(bound), address)) {
    return std::unexpected(invalid(
        "advertise", to_text(address) + " is IPv6, but " + to_text(bound) +
                         " hears only IPv4; choose --bind '[::]:" + std::to_string(bound.port) +
                         "'"));
  }
  return address;
}

}  // namespace rollcall::runtime
