// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "agent/schema.hpp"
#include "agent/settings.hpp"

namespace rollcall::agent {

/// Where a value came from.
struct Origin {
  enum class Source : std::uint8_t { built_in, file, environment, flag, cluster };
  Source source = Source::built_in;
  /// The file, variable or flag; where the cluster's settings were changed, and when.
  std::string name = {};
  /// Only in files; 1 is the first.
  int line = 0;
  int column = 0;
};
/// "agent.yaml:3:5", "environment variable ROLLCALL_NAME", "flag --name", "default", "the cluster,
/// version 3".
std::string to_text(const Origin& origin);

/// What was found, for a message: cut where it is long.
std::string shown(std::string_view text);

/// A value as it was written, not yet understood.
struct RawValue {
  enum class Shape : std::uint8_t { scalar, list, map };
  Shape shape = Shape::scalar;
  /// One item for a scalar; "K=V" for each entry of a map.
  std::vector<std::string> items;
};

/// Understands a value and puts it into its field.
///
/// Errors: half a sentence with what was found and what is allowed; the settings are unchanged.
std::expected<void, std::string> assign(Settings& settings, const Key& key, const RawValue& value);

/// The value as /v1/config shows it: durations as text, lists as arrays, tags as an object.
nlohmann::ordered_json value_json(const Settings& settings, const Key& key);

/// The value as one word, as a flag would take it.
std::string value_text(const Settings& settings, const Key& key);

}  // namespace rollcall::agent
