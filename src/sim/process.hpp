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
struct alignas(64) Process {
  static constexpr std::size_t socket_datagrams_max = 512;
  static constexpr std::size_t busy_bytes = 128;

  struct Waiting {
    std::optional<std::uint32_t> packet;  // a datagram or an unreachable notice
    NodeInput input;
  };

  /// Advertises where the host is.
  Process(ProcessId own_id, const HostClock& own_clock, Prng own_chance, const core::Config& config,
          std::uint64_t boot, std::uint64_t seed, Instant now)
      : node(config, boot, seed, own_clock.local(now)),
        clock(own_clock),
        id(own_id),
        chance(own_chance),
        address(config.advertise) {}

  // What every input needs comes first, in busy_bytes: most of the time nothing of a process is in
  // the processor's caches.
  core::Node node;
  HostClock clock;
  /// The node's deadline that the queue has an event for, and the time of that event.
  Instant armed_for = never;
  Instant armed_at = never;
  Instant last_deadline{};
  /// Deadlines in a row at one moment: a node that never gets past now is a bug.
  unsigned deadlines_at_once = 0;
  Ability ability = Ability::running;
  ProcessId id;
  /// For what is of chance about this process, but not in its node: no two share one.
  Prng chance;
  Life life;
  Address address;

  /// What it knew from the first moment; null unless start_formed() started it.
  const core::MemberTable* roster = nullptr;
  std::size_t waiting_datagrams = 0;
  std::uint64_t published = 0;
  std::deque<Waiting> inbox;
  std::vector<NodeInput> late_timers;

  [[nodiscard]] Instant local(Instant now) const { return clock.local(now); }
  [[nodiscard]] Instant world_time(Instant local_time) const {
    return clock.world_time(local_time);
  }
  /// Asks the processor for what every input needs.
  void fetch() const {
    const auto* bytes = reinterpret_cast<const std::byte*>(this);
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + busy_bytes / 2);
  }
};

}  // namespace rollcall::sim
