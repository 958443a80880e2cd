// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>

#include "sim/agreement/trial.hpp"

/// Worlds and faults that the seed alone knows.
namespace rollcall::sim::agreement {

using namespace std::chrono_literals;

namespace {

WorldOptions draw_world(std::uint64_t seed, Prng& prng) {
  constexpr std::array<std::size_t, 5> voters = {1, 3, 3, 3, 5};
  constexpr std::array<std::int64_t, 3> drifts = {0, 200, 20'000};
  WorldOptions options;
  options.seed = seed;
  options.members = 3 + prng.below(5);
  options.without_directory = prng.below(options.members - 2);
  options.beginning = prng.chance(0.5) ? Beginning::alone : Beginning::together;
  options.voters_wanted = voters[prng.below(voters.size())];
  options.snapshot_entries = 15 + prng.below(60);
  options.trailing_entries = prng.below(20);
  options.drift_ppm_max = drifts[prng.below(drifts.size())];
  options.streams.delay_max = prng.between(200us, 10ms);
  options.disk_delay_max = prng.between(100us, 5ms);
  return options;
}

ClientOptions draw_clients(Prng& prng) {
  ClientOptions options;
  options.seed = prng.next();
  options.clients = 4 + prng.below(6);
  options.groups = 1 + prng.below(2);
  return options;
}

/// What befalls members, one after the other.
class Faults {
 public:
  Faults(AgreementWorld& world, Prng& prng) : world_(world), prng_(prng) {}

  void befall() {
    const std::size_t member = prng_.below(world_.size());
    switch (prng_.below(9)) {
      case 0:
        return world_.crash(member);
      case 8:
        return fail_power();
      case 1:
      case 2:
        return befall_process(member);
      case 3:
        return befall_net(member);
      case 4:
        return befall_disk(member);
      case 5:
        return accuse(member);
      case 6:
        return strike_leader();
      default:
        return recover(member);
    }
  }

 private:
  void befall_process(std::size_t member) {
    if (!world_.is_running(member)) {
      const bool is_lost = prng_.chance(0.2) && world_.may_lose_directory(member);
      return world_.restart(member, is_lost ? Directory::lost : Directory::kept);
    }
    switch (prng_.below(4)) {
      case 0:
        return world_.leave(member);
      case 1:
        return world_.restart(member);
      case 2:
        return world_.resume(member);
      default:
        return world_.pause(member);
    }
  }
  void befall_net(std::size_t member) {
    std::set<std::size_t> side = {member};
    switch (prng_.below(4)) {
      case 0:
        side.insert(prng_.below(world_.size()));
        return world_.partition(side);
      case 1:
        return world_.net().cut(member, prng_.below(world_.size()));
      case 2:
        return world_.net().mend_all();
      default:
        return world_.net().set({.delay_max = prng_.between(100us, 60ms),
                                 .breaks = prng_.chance(0.5) ? 0.0 : 0.02 * prng_.unit()});
    }
  }
  void befall_disk(std::size_t member) {
    VirtualDisk* const disk = world_.disk(member);
    if (disk == nullptr) return;
    switch (prng_.below(4)) {
      case 0:
        return disk->set_full(true);
      case 1:
        return disk->set_failing(0.3 * prng_.unit());
      case 2:
        return world_.set_disk_delay(prng_.between(100us, 60ms));
      default:
        disk->set_failing(0);
        return disk->set_full(false);
    }
  }
  /// One observer, or two, are wrong about a member for a while.
  void accuse(std::size_t member) {
    for (std::size_t i = 1 + prng_.below(2); i > 0; --i) {
      // One after the other: what a call draws for its arguments has an order of the compiler's.
      const std::size_t observer = prng_.below(world_.size());
      world_.detectors().accuse(observer, member, world_.now() + prng_.between(200ms, 3s));
    }
  }
  /// Long enough for the others to go on without it, and for clients to wait for it.
  void pause_for_a_while(std::size_t member) {
    world_.pause(member);
    world_.timeline().after(prng_.between(500ms, 4s), [this, member] { world_.resume(member); });
  }
  /// All at once, so that only what is on disks is left.
  void fail_power() {
    if (prng_.chance(0.5)) return;
    for (std::size_t member = 0; member < world_.size(); ++member) world_.crash(member);
    for (std::size_t member = 0; member < world_.size(); ++member) {
      if (prng_.chance(0.7)) world_.start(member);
    }
  }
  void strike_leader() {
    const auto leader = world_.leader();
    if (!leader) return;
    switch (prng_.below(4)) {
      case 0:
        return world_.crash(*leader);
      case 1:
        return pause_for_a_while(*leader);
      case 2:
        return world_.partition({*leader});
      default:
        if (world_.disk(*leader) != nullptr) world_.disk(*leader)->set_full(true);
    }
  }
  /// Else soon nothing would be left to go wrong.
  void recover(std::size_t member) {
    world_.net().mend_all();
    for (std::size_t one = 0; one < world_.size(); ++one) {
      if (!world_.is_running(one) && (one == member || prng_.chance(0.7))) world_.start(one);
      if (prng_.chance(0.7)) world_.resume(one);
      if (world_.disk(one) != nullptr && prng_.chance(0.7)) world_.disk(one)->set_full(false);
    }
  }

  AgreementWorld& world_;
  Prng& prng_;
};

TrialCounts counts_of(Trial& trial) {
  const Checkers& checkers = trial.checkers();
  return {.committed = checkers.committed(),
          .terms = checkers.terms(),
          .restored = checkers.restored(),
          .expired = checkers.expired(),
          .cuts = checkers.cuts(),
          .acknowledged = trial.clients().acknowledged(),
          .renewed = trial.clients().renewed(),
          .reads = trial.clients().reads(),
          .inputs = trial.world().inputs()};
}

}  // namespace

TrialResult run_drawn_trial(std::uint64_t seed) {
  constexpr Duration faults_last = 15s;
  Prng prng(hash_combine(seed, 7));
  const WorldOptions options = draw_world(prng.next(), prng);
  Trial trial(options, draw_clients(prng));
  trial.begin();
  trial.world().run_for(prng.between(200ms, 3s));
  Faults faults(trial.world(), prng);
  const Instant until = trial.world().now() + faults_last;
  while (trial.world().now() < until) {
    faults.befall();
    trial.world().run_for(prng.between(20ms, 500ms));
  }
  trial.end();
  return {
      .violations = trial.violations(), .undecided = trial.undecided(), .counts = counts_of(trial)};
}

}  // namespace rollcall::sim::agreement
