// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/failure.hpp"
#include "lab/scenario_problem.hpp"

namespace rollcall::cli {

/// Why `command` does nothing with the scenario in `file`: its first problem, and the others below
/// it. There is at least one.
Failure failure_of(const lab::ScenarioProblems& problems, const std::string& file,
                   std::string command);

}  // namespace rollcall::cli
