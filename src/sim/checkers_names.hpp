// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// A member that runs, is sound and could be asked keeps its name: nobody who started later is
/// let in under it.
class NameChecker {
 public:
  NameChecker(const World& world, const TroubleLog& troubles)
      : world_(world),
        troubles_(troubles) {}

  void on_event(const Observation& observation);
  void look();
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  struct Track {
    std::uint32_t run = 0;
    Instant started = never;
    Instant joined = never;
  };

  void know_hosts();
  [[nodiscard]] bool is_robbed(HostId holder, HostId newcomer) const;

  const World& world_;
  const TroubleLog& troubles_;
  std::vector<Track> tracks_;
  std::unordered_map<std::string, std::vector<HostId>> by_name_;  // looked up only
  std::size_t known_hosts_ = 0;
  Violations violations_{"names"};
};

}  // namespace rollcall::sim
