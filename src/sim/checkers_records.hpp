// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/membership/record.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// What a look at a member's table has found since the look before.
struct TableChanges {
  /// The first look, or the first after it was out: everything is new.
  bool is_first = false;
  std::vector<core::Slot> slots;
  /// Names that had a record in a slot that has another's now, or nobody's.
  std::vector<std::string> gone;
};

/// What a member lists only moves forward, in one order for all: no life after a later one, no
/// life in a life that is over, no suspicion lifted but by a higher incarnation; and no
/// incarnation is higher than the member's own.
///
/// Says the order of PROTOCOL.md in its own words, and does not ask the core's.
///
/// Order:  the one reader of World::take_changed_members().
/// Limits: O(changes) time for a look, O(members that changed) memory for each member, all of
///         them for one that was not started as one of a formed cluster.
class RecordChecker {
 public:
  explicit RecordChecker(World& world) : world_(world) {}

  /// Looks at what has changed in the table of the host's member. Call between two of its inputs;
  /// nothing if it is out, or nothing has changed since the last look.
  std::optional<TableChanges> look_at(HostId host);
  /// Looks at every record of the host's member, whatever it says of changes.
  void look_at_all_of(HostId host);
  /// The member goes out: it forgets the living, and may meet others in another cluster.
  void forget(HostId host);
  [[nodiscard]] const Violations& violations() const { return violations_; }
  /// Why one record of a name may not follow another; null if it may.
  [[nodiscard]] static const char* objection(const core::Standing& before,
                                             const core::Standing& now);

 private:
  struct Seen {
    std::string name;  // empty: the slot was not in use
    core::Standing standing{};
  };
  struct Observer {
    std::uint32_t run = 0;
    std::uint32_t was_out_in_run = 0;
    std::uint64_t version = 0;
    /// What it began with is not in `seen` until it changes.
    const core::MemberTable* roster = nullptr;
    std::unordered_map<core::Slot, Seen> seen{};  // looked up only, never iterated
  };

  [[nodiscard]] Observer& observer_of(HostId host);
  /// What was in the slot at the last look; nothing if nothing was.
  [[nodiscard]] static std::optional<Seen> before(const Observer& observer, core::Slot slot);
  void look_at(HostId host, Observer& observer, core::Slot slot, TableChanges& changes);
  void compare(HostId host, const core::Standing& before, const core::Record& now);
  void check_incarnation(HostId host, const core::Record& record);

  World& world_;
  std::vector<Observer> observers_;
  Violations violations_{"records"};
};

}  // namespace rollcall::sim
