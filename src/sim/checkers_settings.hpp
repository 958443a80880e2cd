// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "sim/checkers_trouble.hpp"
#include "sim/checkers_violations.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// Members that nothing keeps from it have one version of the cluster's settings, no longer than
/// the bound after the last change of them, the last trouble, or the moment when the last of them
/// met; and one version means the same settings. Settings of one member alone (scope local) are
/// its own matter, but not their version.
class SettingsChecker {
 public:
  SettingsChecker(const World& world, const TroubleLog& troubles, Duration bound)
      : world_(world),
        troubles_(troubles),
        bound_(bound) {}

  void on_event(const Observation& observation);
  void look();
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  /// Who is in, if all are sound, together and list one another; else nobody.
  [[nodiscard]] std::vector<HostId> members() const;
  /// How two of them differ; empty if not.
  [[nodiscard]] std::string gap(HostId one, HostId other) const;
  [[nodiscard]] std::string first_gap() const;

  const World& world_;
  const TroubleLog& troubles_;
  Duration bound_;
  core::SettingsVersion newest_;
  Instant changed_at_{};
  Instant agreed_at_{};
  Violations violations_{"settings"};
};

}  // namespace rollcall::sim
