// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/address.hpp"
#include "registry/types.hpp"

namespace rollcall::runtime {

/// Where and how a client is asked whether it is well.
struct ClientTarget {
  HostPort host_port;
  /// For HTTP: what the Host header says, and the path with its query.
  std::string host;
  std::string path;

  bool operator==(const ClientTarget&) const = default;
};

/// Nothing: it is no HOST:PORT (tcp), or no http:// URL (http; port 80 where none is named) that
/// can be asked. Nothing is looked up.
std::optional<ClientTarget> parse_target(const registry::Check& check);

}  // namespace rollcall::runtime
