// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/membership/record.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// What a member lists only moves forward, in one order for all: no life after a later one, no
/// life in a life that is over, no suspicion lifted but by a higher incarnation; and no
/// incarnation is higher than the member's own.
///
/// Says the order of PROTOCOL.md in its own words, and does not ask the core's.
///
/// Limits: O(members) memory for each member, O(members) time for a look, at most one look a
///         millisecond and record.
class RecordChecker {
 public:
  /// A table is looked at again only after so long for each of its records.
  static constexpr Duration pace = std::chrono::milliseconds(1);

  explicit RecordChecker(const World& world) : world_(world) {}

  /// Looks at the host's member. Call between two of its inputs; true if its table has changed
  /// since the last look.
  bool look_at(HostId host);
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  struct Seen {
    bool used = false;
    std::uint64_t name_hash = 0;
    core::Standing standing{};
  };
  struct Observer {
    std::uint32_t run = 0;
    std::uint64_t version = 0;
    Instant next_look{};
    std::vector<Seen> seen{};  // by slot
  };

  void compare(HostId host, const Seen& before, const core::Record& now);
  void check_incarnation(HostId host, const core::Record& record);
  [[nodiscard]] static const char* objection(const core::Standing& before,
                                             const core::Standing& now);

  const World& world_;
  std::vector<Observer> observers_;
  Violations violations_{"records"};
};

}  // namespace rollcall::sim
