// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "consensus/raft/raft_world_test.hpp"

namespace rollcall::consensus::raft {

/// A random history: faults of every kind, and clients that write, read, change the voters and move
/// leadership all the while. One seed is one history.
class RaftHistory {
 public:
  static constexpr int rounds = 400;

  explicit RaftHistory(std::uint64_t seed) : world_(seed) {
    const std::uint64_t first = 1 + 2 * world_.prng().below(3);
    hosts_ = first + 2;
    world_.add_group(first);
    world_.run_for(20ms);  // the beginning is stored
    world_.add(first + 1);
    world_.add(first + 2);
  }

  RaftWorld& world() { return world_; }

  void run() {
    for (int round = 0; round < rounds && world_.objection().empty(); ++round) {
      if (world_.prng().chance(0.25)) disturb();
      use(1 + world_.prng().below(hosts_));
      if (const std::uint64_t at = world_.leader(); at != 0) use(at);
      world_.run_for(world_.prng().between(1ms, 60ms));
    }
  }
  /// All faults end; whether the group gets over them, and takes writes again.
  bool recovers() {
    world_.heal();
    const auto converged = [this] { return world_.converged(); };
    if (!world_.run_until(converged, 60s)) return false;
    const bool writes = world_.run_until([this] {
      const std::uint64_t at = world_.leader();
      return at != 0 && world_.propose(at, 9).has_value();
    });
    return writes && world_.run_until(converged, 60s);
  }

 private:
  void disturb() {
    Prng& prng = world_.prng();
    const std::uint64_t victim = 1 + prng.below(hosts_);
    const std::uint64_t other = 1 + prng.below(hosts_);
    switch (prng.below(16)) {
      case 0:
      case 1:
        return world_.crash(victim);
      case 2:
      case 3:
      case 4:
        return world_.restart(victim);
      case 5:
        return world_.partition({victim});
      case 6:
        return world_.partition({victim, other});
      case 7:
        return world_.cut_one_way(victim, other);
      case 8:
      case 9:
      case 10:
        return world_.partition({});
      case 11:
        world_.host(victim).disk.full = prng.chance(0.4);
        return;
      case 12:
        return world_.pause(victim, prng.between(20ms, 400ms));
      case 13:
      case 14:
        world_.faults = {};
        return;
      default:
        world_.faults = {.loss = prng.unit() * 0.3,
                         .duplicates = prng.unit() * 0.3,
                         .refusals = prng.chance(0.3) ? prng.unit() * 0.1 : 0.0,
                         .delay_max = prng.between(1ms, 60ms),
                         .disk_max = prng.between(1ms, 40ms)};
    }
  }

  void use(std::uint64_t at) {
    if (!world_.host(at).raft) return;
    Prng& prng = world_.prng();
    const std::uint64_t other = 1 + prng.below(hosts_);
    switch (prng.below(12)) {
      case 0:
        world_.transfer(at, other);
        return;
      case 1:
      case 2:
        (void)world_.change(at, any_change(other, world_.raft(at).membership()), other);
        return;
      case 3:
      case 4:
        world_.read(at);
        return;
      default:
        for (std::size_t i = prng.below(8); i > 0; --i) (void)world_.propose(at, prng.below(41));
    }
  }
  /// One that applies, mostly, and leaves enough voters that histories stay interesting.
  ChangeKind any_change(std::uint64_t member, const Membership& now) {
    const VoterId id{member};
    if (!now.is_member(id)) return ChangeKind::add_learner;
    if (now.is_learner(id)) {
      return world_.prng().chance(0.8) ? ChangeKind::promote : ChangeKind::remove;
    }
    return world_.prng().chance(0.5) ? ChangeKind::demote : ChangeKind::remove;
  }

  RaftWorld world_;
  std::uint64_t hosts_ = 0;
};

}  // namespace rollcall::consensus::raft
