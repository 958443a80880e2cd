// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lab/scenario.hpp"

namespace rollcall::lab {

/// One thing that is wrong with a scenario.
struct ScenarioProblem {
  Place place{};
  /// "faults[2].crash"; empty when it is about no single key.
  std::string key = {};
  /// What was found and what is allowed.
  std::string message = {};
};
using ScenarioProblems = std::vector<ScenarioProblem>;

/// "outage.yaml:12:5: faults[2].crash: found …; allowed: …"
std::string to_text(const ScenarioProblem& problem, const std::string& file);

}  // namespace rollcall::lab
