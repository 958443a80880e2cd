// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lab/runner.hpp"
#include "sim/world.hpp"

namespace rollcall::lab {

enum class DeathKind : std::uint8_t { crash, silence };

/// Follows each death until every survivor that is held to it knows: by a verdict, a departure,
/// or a later life of the name.
///
/// Limits: O(members) memory for each death that is not known to all yet.
class DeathWatch {
 public:
  explicit DeathWatch(const sim::World& world) : world_(world) {}

  /// The host's process is about to end.
  void on_death(sim::HostId host, DeathKind kind);
  /// The host can no longer be held to know anything: it ended, was paused, or left.
  void on_excused(sim::HostId host);
  /// Paths between groups have closed: what was under way cannot be judged.
  void on_partition() { open_.clear(); }
  void on_event(const sim::Observation& observation);

  void report(Measurements& into) const;

 private:
  struct Death {
    std::string name;
    Life life;
    DeathKind kind{};
    Instant at{};
    std::optional<Instant> first;
    Instant last{};
    std::set<sim::HostId> awaited;
  };

  void close_known();

  const sim::World& world_;
  std::vector<Death> open_;
  Measurements done_;
};

}  // namespace rollcall::lab
