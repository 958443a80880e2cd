// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/config.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// How long a life may be over before everybody who could know must know. Zero: as long as the
/// configuration makes it at worst.
struct EndingBounds {
  /// A process ended, and its host says so.
  Duration process{};
  /// Nothing answers any more.
  Duration silence{};
};

/// The longest that members of this configuration may take to miss one that went silent: a probe
/// interval, the waits of a probe, the longest suspicion, and room for members that went
/// together.
[[nodiscard]] Duration silence_bound(const core::Config& config, std::size_t members);

/// Every end of a life is known, within its bound, to every member that could know: that has been
/// sound and not alone for so long. Trouble of any kind (not the ends of other processes) starts
/// the time anew. Who hears of the life when it is over already, from one that could not know, has
/// as long from then: it must not take that one's word for the end (PROTOCOL.md, "Nobody fails a
/// member on hearsay").
///
/// Limits: an end is followed until all know it, or as long again as its bound.
class CompletenessChecker {
 public:
  CompletenessChecker(const World& world, const TroubleLog& troubles, const EndingBounds& bounds)
      : world_(world),
        troubles_(troubles),
        bounds_(bounds) {}

  void look();
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  struct Track {
    LifeId life;
    bool runs = false;
    /// Since when it could have learned of an end; never while it cannot.
    Instant hears_since = never;
    /// Whom it heard at the last look.
    HostId heard{};
  };
  struct Ending {
    LifeId life;
    HostId host{};
    Instant at{};
    bool is_silent = false;
    std::set<HostId> objected{};
    /// Since when each process has listed the life, of those that do.
    std::map<ProcessId, Instant> listed{};
  };

  void follow(HostId host);
  void follow_hearing(HostId host);
  /// True while there is something left to wait for.
  bool judge(Ending& ending);
  [[nodiscard]] bool hears_somebody(HostId observer);
  [[nodiscard]] bool hears(HostId observer, HostId peer) const;
  [[nodiscard]] Duration bound(const Ending& ending, HostId observer) const;

  const World& world_;
  const TroubleLog& troubles_;
  EndingBounds bounds_;
  std::vector<Track> tracks_;
  std::vector<Ending> endings_;
  Violations violations_{"completeness"};
};

/// Nobody says "failed" of a member that has left, if the leaver and the accuser could reach one
/// another when it left.
///
/// A verdict of before the departure, or of one that could not hear of it, goes on to those who
/// come later (PROTOCOL.md, "Tombstones"), and to them its accuser may have no name any more: they
/// are not blamed for repeating it.
class DepartureChecker {
 public:
  DepartureChecker(const World& world, const TroubleLog& troubles, Duration grace)
      : world_(world),
        troubles_(troubles),
        grace_(grace) {}

  void on_event(const Observation& observation);
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  struct Departure {
    Instant at{};
    HostId host{};
  };

  void note_departure(const Observation& observation);
  void on_verdict(const Observation& observation);
  /// The host of the member that passed the verdict; nothing if it is unknown, or does not run.
  [[nodiscard]] std::optional<HostId> accuser(const Observation& observation) const;
  [[nodiscard]] bool could_hear(HostId member, const Departure& departure) const;

  const World& world_;
  const TroubleLog& troubles_;
  Duration grace_;
  std::map<LifeId, Departure> departures_;
  /// Lives of which "failed" was said by somebody whom the departure does not bind.
  std::set<LifeId> failed_without_blame_;
  Violations violations_{"departures"};
};

}  // namespace rollcall::sim
