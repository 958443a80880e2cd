// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// What waits in a member, what it remembers, and what it sends in a quiet cluster is bounded; and
/// nothing waits for ever: every queue of updates is seen empty at least once a settle_time.
///
/// Quiet: nothing at all has changed for settle_time. What a member sends then is measured over
/// windows of window_time.
class BoundsChecker {
 public:
  static constexpr Duration settle_time = std::chrono::seconds(20);
  static constexpr Duration window_time = std::chrono::seconds(10);
  /// Datagram bytes a second and member, with links that lose a third and all the suspicions that
  /// come of it; a member of a healthy cluster sends about a fifth of a kilobyte.
  static constexpr std::uint64_t quiet_bytes_max = 6000;
  /// Pushes wait 5 ms at most: for each member so many changes in that time.
  static constexpr std::size_t pushes_a_member_max = 4;
  static constexpr std::size_t pushes_always = 64;
  /// So many tables at most are walked at one look; in larger worlds it is others each time.
  static constexpr std::size_t walks_max = 64;

  BoundsChecker(const World& world, const TroubleLog& troubles)
      : world_(world),
        troubles_(troubles) {}

  void look();
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  void check_queues(HostId host);
  void check_drains(HostId host);
  void check_traffic();

  [[nodiscard]] bool is_walked(HostId host) const {
    const std::size_t turns = (world_.host_count() + walks_max - 1) / walks_max;
    return (index_of(host) + look_count_) % turns == 0;
  }

  const World& world_;
  const TroubleLog& troubles_;
  std::size_t look_count_ = 0;
  std::vector<Instant> drained_at_;
  Instant window_began_{};
  std::vector<std::uint64_t> bytes_before_;
  Violations violations_{"bounds"};
};

}  // namespace rollcall::sim
