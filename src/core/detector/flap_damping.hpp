// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace rollcall::core {

/// How often each peer has flapped lately: a penalty that rises with each flap and decays, and what
/// follows from it for the next suspicion of that peer.
///
/// A flap is a suspicion that was refuted, a failure, or a life that replaced a live one: whatever
/// makes readers see a member come and go. Peers are known by the hash of their name, so that a
/// process which crashes and is started again for ever is one flapping peer and not a hundred
/// lives.
///
/// One flap alone changes nothing. From the second on the next suspicion is given more time
/// (stretch), and does not begin before the hold-down is over. Both are bounded, so that a flapping
/// peer that dies in silence is found a little later; and neither has a say in proof of death.
///
/// Units:  penalties in flaps.
/// Limits: entries_max peers; who decays is forgotten, and whoever flapped least makes room.
/// Source: RFC 2439, "BGP Route Flap Damping": penalty, half-life, ceiling, cut-off; here it
///         lengthens a suspicion, where there it suppresses a route.
class FlapDamping {
 public:
  static constexpr Duration half_life = std::chrono::minutes(1);
  static constexpr double penalty_max = 8;
  /// Below it a peer is forgotten: two half-lives after a single flap.
  static constexpr double penalty_forgotten = 0.25;
  /// Up to it suspicions are as those of anybody.
  static constexpr double penalty_free = 1;
  static constexpr double stretch_max = 3;
  static constexpr std::size_t entries_max = 256;

  struct Peer {
    std::uint64_t name_hash = 0;
    /// As it was at the last flap.
    double penalty = 0;
    Instant flapped{};
    Instant hold_down_until{};
    std::uint32_t flaps = 0;
  };

  /// The peer has flapped; budget is the pause that is tolerated.
  void on_flap(std::uint64_t name_hash, Duration budget, Instant now);

  [[nodiscard]] double penalty(std::uint64_t name_hash, Instant now) const;
  /// By how much the next suspicion is longer: 1 to stretch_max.
  [[nodiscard]] double stretch(std::uint64_t name_hash, Instant now) const;
  /// When the time of a suspicion that is opened now begins.
  [[nodiscard]] Instant begin_of_suspicion(std::uint64_t name_hash, Instant now) const;
  /// Null if nothing is held against the peer (any more).
  [[nodiscard]] const Peer* find(std::uint64_t name_hash, Instant now) const;
  [[nodiscard]] std::size_t size() const { return peers_.size(); }

 private:
  Peer& make(std::uint64_t name_hash, Instant now);
  void make_room(Instant now);

  std::vector<Peer> peers_;  // by name_hash
};

}  // namespace rollcall::core
