// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "lab/scenario.hpp"
#include "lab/scenario_map.hpp"

namespace rollcall::lab {

/// The longest that a scenario may run.
inline constexpr Duration scenario_time_max = std::chrono::hours(24 * 7);
inline constexpr std::size_t occurrences_max = 100'000;

/// The keys of a link, and all those of the network.
std::span<const std::string_view> link_keys();
std::span<const std::string_view> network_keys();
LinkChange read_link(const MapReader& map);

/// The list under `faults`.
std::vector<Fault> read_faults(const YAML::Node& list, ScenarioProblems& problems);

}  // namespace rollcall::lab
