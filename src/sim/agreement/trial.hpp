// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/agreement/checkers.hpp"
#include "sim/agreement/clients.hpp"
#include "sim/agreement/observer.hpp"
#include "sim/agreement/watchers.hpp"
#include "sim/agreement/world.hpp"

namespace rollcall::sim::agreement {

/// A world with its clients, watchers and checkers.
class Trial {
 public:
  Trial(const WorldOptions& options, const ClientOptions& clients);

  [[nodiscard]] AgreementWorld& world() { return world_; }
  [[nodiscard]] Checkers& checkers() { return checkers_; }
  [[nodiscard]] Clients& clients() { return clients_; }

  /// Starts all members, a little apart, and then clients and watchers.
  void begin();
  /// Heals everything, and objects (`liveness`) to what is not as it must be within the limit:
  /// everybody is in the agreed view and has all of the log, clients are where they want to be,
  /// checks are done by whom they should be, watchers have seen everything, and a write and a read
  /// through each member succeed. Then asks for linearizability.
  void end(Duration limit = std::chrono::seconds(40));
  /// What the checkers object to, a line each that begins with the checker's name; empty: nothing.
  [[nodiscard]] std::string violations() const { return checkers_.text(); }

  /// Empty, or how far the search for an order of clients' operations came before it was given up:
  /// that is no objection, and no proof either.
  [[nodiscard]] const std::string& undecided() const { return undecided_; }

  /// Empty, or the first thing that is not yet as it must be in the end.
  [[nodiscard]] std::string missing();

 private:
  [[nodiscard]] std::string missing_of(std::size_t member);
  /// Where everybody stands, for objections.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string missing_checks();
  void use_all();
  void check_history();

  Observers observers_;
  Checkers checkers_;
  AgreementWorld world_;
  Clients clients_;
  Watchers watchers_;
  std::string undecided_;
};

/// What a run came to, to see that runs reach what they are for.
struct TrialCounts {
  std::size_t committed = 0;
  std::size_t terms = 0;
  std::size_t restored = 0;
  std::size_t expired = 0;
  std::size_t cuts = 0;
  std::size_t acknowledged = 0;
  std::size_t renewed = 0;
  std::size_t reads = 0;
  std::uint64_t inputs = 0;
};
struct TrialResult {
  std::string violations;
  std::string undecided;  // Trial::undecided()
  TrialCounts counts;
};

/// A drawn world, drawn faults for a while, then peace. One seed, one course of events.
[[nodiscard]] TrialResult run_drawn_trial(std::uint64_t seed);

}  // namespace rollcall::sim::agreement
