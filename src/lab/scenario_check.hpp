// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lab/scenario.hpp"
#include "lab/scenario_problem.hpp"

namespace rollcall::lab {

/// What cannot be in a scenario whose every value can: members that do not exist, more crashes
/// than members, faults after the end, bounds that nothing can meet or that nothing asks about.
[[nodiscard]] ScenarioProblems check_scenario(const Scenario& scenario);

}  // namespace rollcall::lab
