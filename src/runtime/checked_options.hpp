// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "core/config.hpp"
#include "rollcall/error.hpp"
#include "rollcall/options.hpp"

namespace rollcall::runtime {

/// The port that a seed written without one is asked at.
inline constexpr std::uint16_t default_port = 7420;
inline constexpr std::size_t events_kept_max = 1'000'000;

/// Options that hold together, in the form that the parts take.
struct CheckedOptions {
  /// As given, with the name filled in.
  Options options;
  /// Everything but the address that others are told, which is known once the port is bound.
  core::Config config;
  Address bind;
  /// Port 0: that of the socket.
  std::optional<Address> advertise;
  std::vector<HostPort> seeds;
  /// What the hosts file names now.
  std::vector<HostPort> hosts;

  /// Seeds and hosts.
  [[nodiscard]] std::vector<HostPort> named() const {
    std::vector<HostPort> all = seeds;
    all.insert(all.end(), hosts.begin(), hosts.end());
    return all;
  }
};

/// Errors: invalid_option, with the field. Nothing was started.
///         Names of hosts in bind and advertise are looked up, so this may wait.
std::expected<CheckedOptions, Error> check_options(Options options);

/// Reads seeds as written, "host:port" or a bare host.
std::expected<std::vector<HostPort>, Error> parse_seeds(const std::vector<std::string>& seeds);

/// How many bytes a member's own tags may have, encoded: rollcall's own need some.
std::size_t tag_room(const Options& options);
/// What is wrong with tags, if anything.
std::optional<Error> check_tags(const Tags& tags, std::size_t room);

/// The address to tell others, when the sockets are bound. Refused: one that the sockets cannot
/// be reached at. On a host without a default route the seeds help to choose; if none of them is
/// an address, the first few names are looked up, so this may wait.
std::expected<Address, Error> choose_advertise(const std::optional<Address>& wanted,
                                               const Address& bound,
                                               const std::vector<HostPort>& seeds);

}  // namespace rollcall::runtime
