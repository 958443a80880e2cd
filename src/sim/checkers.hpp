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
#include "sim/host_id.hpp"
#include "sim/world.hpp"

/// What must hold in every simulation, whatever goes wrong in it. The checkers know the truth
/// (which process runs, which path is open) and compare what members tell their users with it.
namespace rollcall::sim {

/// What was found wrong, in words.
///
/// Limits: the first violations_max are kept, the others counted.
class Violations {
 public:
  static constexpr std::size_t violations_max = 20;

  void add(std::string text);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// A line for each; empty when nothing was wrong.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> kept_;
  std::size_t count_ = 0;
};

/// One life at one observer goes join, then suspect and alive in turn, then at most one end; no
/// life is heard of after a later life of its name; indexes and times grow. A life that came and
/// went unseen may begin with its end.
///
/// An observer that has left, or stood down for its name, forgets everybody and begins anew.
///
/// Limits: O(names) memory for each observer.
class EventOrderChecker {
 public:
  explicit EventOrderChecker(const World& world) : world_(world) {}

  void on_event(const Observation& observation);
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
    bool is_out = false;
    Instant time{};
    std::uint64_t index = 0;
    std::map<std::string, Track, std::less<>> tracks;
  };

  void check_sequence(Observer& observer, const Observation& observation);
  void check_stage(Track& track, const Observation& observation);
  void begin_life(Track& track, const Observation& observation);
  void reap(const Observer& observer, Track& track, const Observation& observation);
  void object(const Observation& observation, const std::string& why);
  [[nodiscard]] static std::optional<Stage> next_stage(Stage stage, core::EventKind kind);

  const World& world_;
  std::map<ProcessId, Observer> observers_;
  Violations violations_;
};

/// Nobody says "failed" of a life that runs, is reachable and was not paused.
///
/// A member that was in trouble may be blamed until grace after the trouble is over; so may any
/// member across a partition. Reachable means: by most of those who are sound and on the
/// observer's side. An accuser with a broken link to the accused, or hardly reachable itself, is
/// not held to this, nor is a side too small to have helpers; what a broken link alone may do is
/// tested by itself.
class AccuracyChecker {
 public:
  AccuracyChecker(const World& world, Duration grace) : world_(world), grace_(grace) {}

  void on_event(const Observation& observation);
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  static constexpr std::size_t peers_min = 3;

  [[nodiscard]] bool is_reachable(HostId target, HostId observer) const;
  [[nodiscard]] bool is_trusted(const std::string& accuser, HostId target) const;

  const World& world_;
  Duration grace_;
  Violations violations_;
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
