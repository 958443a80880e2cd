// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "core/node.hpp"
#include "sim/host_clock.hpp"
#include "sim/host_id.hpp"
#include "sim/streams.hpp"

namespace rollcall::sim {

/// What a process cannot do just now.
enum class Ability : std::uint8_t {
  running,
  deaf,   // its timers run, its input waits
  frozen  // SIGSTOP: neither runs
};

/// One running member: its node, its clock, and what waits for it in its sockets.
///
/// Units:  the node's clock differs from virtual time, and from every other node's, so that a
///         node which compared another's clock with its own would be found out.
/// Limits: socket_datagrams_max datagrams wait; more are dropped, as a full socket buffer does.
struct Process {
  static constexpr std::size_t socket_datagrams_max = 512;

  struct Waiting {
    std::optional<std::uint32_t> packet;  // a datagram or an unreachable notice
    NodeInput input;
  };

  ProcessId id;
  std::unique_ptr<core::Node> node;
  HostClock clock{};
  /// For what is of chance about this process, but not in its node: no two share one.
  Prng chance{0};
  Ability ability = Ability::running;
  std::deque<Waiting> inbox;
  std::size_t waiting_datagrams = 0;
  std::vector<NodeInput> late_timers;

  /// The node's deadline that the queue has an event for, and the time of that event.
  Instant armed_for = never;
  Instant armed_at = never;
  /// Deadlines in a row at one moment: a node that never gets past now is a bug.
  unsigned deadlines_at_once = 0;
  Instant last_deadline{};

  std::uint64_t published = 0;
  Life life;

  [[nodiscard]] Instant local(Instant now) const { return clock.local(now); }
  [[nodiscard]] Instant world_time(Instant local_time) const {
    return clock.world_time(local_time);
  }
};

}  // namespace rollcall::sim
