// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/settings/cluster_settings.hpp"
#include "lab/scenario_map.hpp"

/// Settings that are changed while a cluster runs, as a scenario writes them.
namespace rollcall::lab {

/// Of the map under `settings`, with the names that an agent's configuration gives them.
std::span<const std::string_view> change_keys();

/// Notes what cannot be read, and a map that changes nothing.
core::SettingsChange read_change(const MapReader& map);
/// "{detector: gossip, suspicion: disabled}", in the order of change_keys().
std::string change_text(const core::SettingsChange& change);

}  // namespace rollcall::lab
