// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/time.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// Members that nothing keeps from it agree with the truth and with one another, again and again:
/// no longer than the bound passes between two moments of agreement, or after the last trouble.
///
/// Only for worlds whose members all belong together: it does not excuse islands that know
/// nothing of one another. Watches nothing without a bound.
class AgreementChecker {
 public:
  AgreementChecker(const World& world, const TroubleLog& troubles, std::optional<Duration> bound)
      : world_(world),
        troubles_(troubles),
        bound_(bound) {}

  void look();
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  /// Empty while somebody is in trouble or apart.
  [[nodiscard]] std::vector<HostId> members() const;

  const World& world_;
  const TroubleLog& troubles_;
  std::optional<Duration> bound_;
  Instant agreed_at_{};
  Violations violations_{"agreement"};
};

}  // namespace rollcall::sim
