// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "sim/checkers.hpp"
#include "sim/checkers_set.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

struct ClusterOptions {
  std::size_t size = 5;
  WorldOptions world{};
  /// What every member's config has in common; name and address are filled in.
  core::Config config{};
  /// Between two starts; zero starts all at once.
  Duration start_gap = 10ms;
  /// How long after its trouble a member may still be blamed for it.
  Duration grace = 6s;
  /// Off for clusters so large that a record of every event is too much.
  bool checks_order = true;
  /// How soon every end must be known, and whether agreement is watched (checkers_set.hpp).
  EndingBounds endings{};
  std::optional<Duration> agreement{};
  /// How soon all must have the newest settings.
  Duration settings = CheckerOptions{}.settings;
};

/// A cluster of n0, n1, … that all join through n0, with the checkers watching.
class Cluster {
 public:
  explicit Cluster(const ClusterOptions& options);

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const World& world() const { return world_; }
  [[nodiscard]] const VerdictLog& verdicts() const { return verdicts_; }

  /// Starts all members and runs until every one lists every one; empty, or what is missing.
  [[nodiscard]] std::string form(Duration limit = 30s);
  /// Adds one more host with this name (n<number> if empty), not started.
  HostId add(std::string name = {});
  /// Runs until all running members agree with the truth; empty, or the gap that remains.
  [[nodiscard]] std::string converge(Duration limit);

  /// n0, where members join.
  [[nodiscard]] HostPort seed() const { return world_.seed_of(HostId{0}); }
  [[nodiscard]] Life life(HostId host) const { return world_.node(host).life(); }

  /// Runs until every running member knows that the life is over; how long that took since the
  /// moment given, or nothing if it was not so within the limit.
  [[nodiscard]] std::optional<Duration> until_all_know(const LifeId& life, Instant since,
                                                       Duration limit);

  /// What was said of lives that run.
  [[nodiscard]] const AccuracyChecker& accuracy() const { return checkers_.accuracy(); }
  /// All that the checkers object to; empty when nothing.
  [[nodiscard]] std::string violations() { return checkers_.violations(); }

 private:
  ClusterOptions options_;
  World world_;
  CheckerSet checkers_;
  VerdictLog verdicts_;
};

/// The value below which a share of the values lies, by the nearest rank; values must not be
/// empty.
[[nodiscard]] Duration percentile(std::vector<Duration> values, double share);

}  // namespace rollcall::sim
