// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <map>
#include <string>

#include "core/settings/cluster_settings.hpp"

namespace rollcall::runtime {

/// Settings as rows of a table: a name and a value each, written as in a configuration file.
using SettingRows = std::map<std::string, std::string, std::less<>>;

SettingRows to_rows(const core::VersionedSettings& settings);

/// Reads rows back.
///
/// Errors: half a sentence about the first row that is missing, unknown or no value. Rows that
///         hold together may still be out of range: core::validate() tells.
std::expected<core::VersionedSettings, std::string> from_rows(SettingRows rows);

}  // namespace rollcall::runtime
