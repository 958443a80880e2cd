// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/settings/cluster_settings.hpp"
#include "wire/messages.hpp"

/// Settings as the numbers that members send one another. Shares are kept to the millionth.
namespace rollcall::core {

wire::SettingValues values_of(const ClusterSettings& settings);
/// Nothing where a number is no value of its setting. Whether they go together, validate() says.
std::optional<ClusterSettings> settings_of(const wire::SettingValues& values);

}  // namespace rollcall::core
