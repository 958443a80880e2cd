// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/effects.hpp"
#include "core/node.hpp"
#include "core/settings/cluster_settings.hpp"
#include "rollcall/options.hpp"
#include "rollcall/settings.hpp"

/// Settings as the core has them, and as programs that embed rollcall do.
namespace rollcall::runtime {

core::SettingsChange to_core(const SettingsChange& change);
core::SettingsScope to_core(SettingsScope scope);
/// The life that an origin names; nobody, where it is the id of none.
LifeId to_origin(const std::string& origin);
/// What the options say of the cluster's settings.
core::ClusterSettings to_core_settings(const Options& options);
core::ClusterSettings to_core(const ClusterSettings& settings);

ClusterSettings to_public(const core::ClusterSettings& settings);
SettingsVersion to_public(const core::SettingsVersion& version);
SettingsInForce to_public(const core::VersionedSettings& settings);
std::shared_ptr<const SettingsNews> to_public(const core::Publish::SettingsNews& news);

}  // namespace rollcall::runtime
