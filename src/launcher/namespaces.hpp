// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/network_faults.hpp"

namespace rollcall::launcher {

/// Does something within another network, in a thread of its own that ends with it: what that
/// thread connects to, and what programs it starts, is there and nowhere else. An empty path is
/// the caller's own network.
///
/// So are the agents of network namespaces asked: at the loopback address of their own namespace,
/// where they listen by default. The other way, an address of the bridge in the machine's own
/// namespace, would need a subnet that no route of the machine uses and a firewall that lets it
/// pass; and it would lose sight of an agent whose link is down, which is when one looks.
///
/// Errors: half a sentence; nothing was done then.
std::expected<void, std::string> in_network(const std::filesystem::path& network,
                                            const std::function<void()>& action);

/// The same for something with a result: what the call returns, an std::expected with a text.
template <class Call>
auto within(const std::filesystem::path& network, const Call& call) -> decltype(call()) {
  std::optional<decltype(call())> result;
  const auto entered = in_network(network, [&] { result = call(); });
  if (!entered) return std::unexpected(entered.error());
  return *std::move(result);
}

/// The named namespaces that begin with the prefix and a dash, sorted.
Names namespaces_of(const std::string& prefix);

/// Ends every process in these namespaces, whoever started it: they are hosts that go. Never one
/// in the calling program's own network.
///
/// Errors: false when some did not end in time.
bool end_processes_in(const std::vector<std::filesystem::path>& networks);

}  // namespace rollcall::launcher
