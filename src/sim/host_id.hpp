// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace rollcall::sim {

/// A simulated machine, numbered from 0 in the order added.
enum class HostId : std::uint32_t {};
constexpr std::size_t index_of(HostId host) {
  return static_cast<std::size_t>(host);
}

/// One process: the nth start on its host. What was meant for an earlier run is lost.
struct ProcessId {
  HostId host{};
  std::uint32_t run = 0;

  auto operator<=>(const ProcessId&) const = default;
};

}  // namespace rollcall::sim
