// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/effects.hpp"
#include "sim/checkers_accuracy.hpp"
#include "sim/checkers_records.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

/// What must hold in every simulation, whatever goes wrong in it. The checkers know the truth
/// (which process runs, which path is open) and compare what members tell their users with it.
namespace rollcall::sim {

/// One life at one observer goes join, then suspect and alive in turn, then at most one end; no
/// life is heard of after a later life of its name; indexes and times grow; and what was told is
/// what the member lists. A life that came and went unseen may begin with its end, and its end
/// may go untold.
///
/// An observer that has left, or stood down for its name, forgets everybody and begins anew.
///
/// A member of a cluster that began formed was told of itself, and never of the others.
///
/// Limits: O(names) memory for each observer, or O(names it was told of) in a formed cluster.
class EventOrderChecker {
 public:
  explicit EventOrderChecker(const World& world) : world_(world) {}

  void on_event(const Observation& observation);
  /// Compares what the host's member has told with the records that have changed: every change is
  /// told, and nothing else. Call between two of its inputs.
  void compare_with_table(HostId host, const TableChanges& changes);
  /// Compares with the whole table, whatever has changed.
  void compare_with_table(HostId host);
  /// Whether the observer has told of the life that an event is about, and of no later one.
  [[nodiscard]] bool has_met(const ProcessId& observer, const core::Publish& event) const;
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  enum class Stage : std::uint8_t { unknown, alive, suspect, failed, left };
  struct Track {
    Life life;
    Stage stage = Stage::unknown;
    /// Lives that ended or were superseded: none of them may come back.
    std::set<Life> ended;
  };
  struct Observer {
    HostId host{};
    bool is_out = false;
    /// Whether all of its table has been compared since it last began to take part.
    bool is_compared = false;
    /// What it began with, until it was out.
    const core::MemberTable* roster = nullptr;
    Instant time{};
    std::uint64_t index = 0;
    std::map<std::string, Track, std::less<>> tracks;
  };

  [[nodiscard]] Observer& observer_of(const ProcessId& id);
  [[nodiscard]] Track& track_of(Observer& observer, const std::string& name);
  /// What was told of the name, or what was known at the beginning.
  [[nodiscard]] Track known(const Observer& observer, const std::string& name) const;
  /// Null while nothing can be asked of it: it is out, or has said nothing yet.
  [[nodiscard]] Observer* comparable(HostId host);
  void compare_all(const Observer& observer, HostId host);
  void compare(const Observer& observer, HostId host, const core::Record& record);
  void check_listed(const Observer& observer, HostId host, const std::string& name);
  void check_sequence(Observer& observer, const Observation& observation);
  void check_stage(Track& track, const Observation& observation);
  void begin_life(Track& track, const Observation& observation);
  void reap(const Observer& observer, Track& track, const Observation& observation);
  void object(const Observation& observation, const std::string& why);
  [[nodiscard]] static std::optional<Stage> next_stage(Stage stage, core::EventKind kind);

  const World& world_;
  std::map<ProcessId, Observer> observers_;
  Violations violations_{"events"};
};

/// Counts events by kind, and remembers when each observer first said that a life had ended.
class VerdictLog {
 public:
  void on_event(const Observation& observation);

  [[nodiscard]] std::size_t count(core::EventKind kind) const;
  /// When the process said so; nothing if it has not.
  [[nodiscard]] std::optional<Instant> verdict(ProcessId observer, const LifeId& life) const;
  /// The first and the last of all observers' verdicts on a life.
  [[nodiscard]] std::optional<Instant> first_verdict(const LifeId& life) const;
  [[nodiscard]] std::optional<Instant> last_verdict(const LifeId& life) const;
  [[nodiscard]] std::size_t verdict_count(const LifeId& life) const;

 private:
  std::map<core::EventKind, std::size_t> counts_;
  std::map<LifeId, std::map<ProcessId, Instant>> verdicts_;
};

/// Whether the observer no longer lists the life among the living.
[[nodiscard]] bool knows_end_of(const core::Node& observer, const LifeId& life);

/// Empty when every running member lists exactly the running members, each with its life,
/// incarnation and address, and none suspect; else the first difference in words.
[[nodiscard]] std::string convergence_gap(const World& world);

/// False when a look at numbers and digests shows a gap already: cheap enough for every step.
[[nodiscard]] bool may_have_converged(const World& world);

/// As convergence_gap(), for the members of a group that is cut off from the others.
[[nodiscard]] std::string convergence_gap(const World& world, const std::vector<HostId>& group);

}  // namespace rollcall::sim
