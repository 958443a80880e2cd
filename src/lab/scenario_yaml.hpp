// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "lab/scenario.hpp"
#include "lab/scenario_problem.hpp"

/// Scenarios as files. The language is described in docs/simulator.md.
namespace rollcall::lab {

/// Reads one scenario, and refuses what cannot be run (check_scenario).
///
/// Errors: everything that is wrong, in the order of the file.
/// Limits: scenario_bytes_max.
std::expected<Scenario, ScenarioProblems> parse_scenario(const std::string& text);
std::expected<Scenario, ScenarioProblems> read_scenario(const std::string& file);

inline constexpr std::size_t scenario_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t members_max = 200'000;

/// The scenario as a file that reads back as the same; defaults are left out.
std::string to_yaml(const Scenario& scenario);

}  // namespace rollcall::lab
