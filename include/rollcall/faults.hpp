// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

/// As seen from the member that has the fault.
enum class FaultDirection : std::uint8_t { in, out, both };
/// "in", "out" or "both".
std::string_view to_text(FaultDirection direction);

/// What goes wrong, on purpose, between one member and a peer. Several about one peer add up.
struct Fault {
  /// "IP:PORT", the name of a known member (its address is looked up once, when the fault is
  /// set), or "*" for everybody.
  std::string peer = "*";
  FaultDirection direction = FaultDirection::both;

  // Of datagrams. Shares are from 0 to 1; streams arrive whole, as TCP would see to it.
  double drop = 0;
  /// Each is late by delay, and by a random time of up to jitter more.
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds jitter{0};
  double duplicate = 0;
  /// These arrive after the one that was sent next; with a delay, they overtake instead.
  double reorder = 0;

  /// Nothing gets through: no datagram, no new stream (which is neither refused nor answered), and
  /// nothing on open streams, which stay open and silent.
  bool cut = false;

  /// It ends by itself after this time; nothing: it stays until others are set.
  std::optional<std::chrono::nanoseconds> lasts = {};
};

/// The member does nothing at all, as if its process were stopped: it neither sends nor receives,
/// and no timer of its runs. What reaches it meanwhile waits in its sockets.
struct Freeze {
  /// Nothing: until other faults are set.
  std::optional<std::chrono::nanoseconds> lasts = {};
};

/// All that shall go wrong at one member; takes the place of what was set before.
struct FaultPlan {
  std::vector<Fault> faults = {};
  std::optional<Freeze> freeze = {};
};

struct FaultInForce {
  Fault fault;
  /// What the peer's name stands for; empty for everybody.
  std::string address;
  /// Nothing where it has no end.
  std::optional<std::chrono::nanoseconds> left = {};
};

/// Datagrams, since the member started.
struct FaultCounts {
  std::uint64_t dropped = 0;  // also by a cut
  std::uint64_t delayed = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t overflowed = 0;  // dropped, since too many were being delayed
};

struct FaultsInForce {
  std::vector<FaultInForce> faults = {};
  struct FreezeInForce {
    Freeze freeze;
    std::optional<std::chrono::nanoseconds> left = {};
  };
  std::optional<FreezeInForce> freeze = {};
  FaultCounts counts;
};

}  // namespace rollcall
