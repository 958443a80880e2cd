// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/settings.hpp"

/// The one table of what an agent can be told. Flags, environment, files, dumps, /v1/config and
/// the reference in docs/configuration.md are all made from it.
namespace rollcall::agent {

// --- Kinds of values ----------------------------------------------------------------------------

struct TextField {
  std::string Settings::* at;
  /// Refuses what is no member name.
  enum class Rule : std::uint8_t { any, name } rule = Rule::any;
};
/// A file or directory; a daemon makes it absolute before it changes its directory.
struct PathField {
  std::string Settings::* at;
};
/// HOST:PORT. A bare host gets the default port; "off" is the empty text, where it is allowed.
struct AddressField {
  std::string Settings::* at;
  std::uint16_t default_port = 0;
  enum class Off : std::uint8_t { refused, allowed } off = Off::refused;
};
struct AddressListField {
  std::vector<std::string> Settings::* at;
};
struct SwitchField {
  bool Settings::* at;
  std::string_view on = "true";
  std::string_view off = "false";
};
struct CountField {
  std::size_t Settings::* at;
  /// The word for 0; empty if there is none.
  std::string_view zero_word = {};
};
struct DurationField {
  Duration Settings::* at;
  std::string_view zero_word = {};
};
struct ShareField {
  double Settings::* at;
};
struct NumberField {
  double Settings::* at;
  /// The word for 0.
  std::string_view zero_word;
};
struct Choice {
  std::string_view word;
  std::string_view canonical;
};
struct ChoiceField {
  std::string Settings::* at;
  std::span<const Choice> choices;
  /// Words that a later version will take.
  std::span<const std::string_view> later = {};
};
struct TagsField {
  Tags Settings::* at;
};
using Field =
    std::variant<TextField, PathField, AddressField, AddressListField, SwitchField, CountField,
                 DurationField, ShareField, NumberField, ChoiceField, TagsField>;

// --- Keys ---------------------------------------------------------------------------------------

enum class Scope : std::uint8_t {
  local,   // may differ from member to member
  cluster  // should be the same on every member
};
/// When a change of a running agent's configuration is taken.
enum class Reload : std::uint8_t {
  at_start,
  on_sighup,
  live  // one of the cluster's settings: changed while it runs, for all members at once
};

struct Key {
  /// As in a file and, after "--", as a flag: "probe-interval".
  std::string_view name;
  Field field;
  /// One sentence for --help and the reference.
  std::string_view help;
  Scope scope = Scope::local;
  Reload reload = Reload::at_start;
  /// Further names, in files and as flags.
  std::span<const std::string_view> aliases = {};
};

std::span<const Key> all_keys();

/// The key of that name or alias; '-', '_' and '.' count as the same.
const Key* find_key(std::string_view name);

/// "the DNS service" for a key that a later version will know; empty for all others.
std::string_view later_feature(std::string_view name);

/// The known name nearest to what was typed; empty if none is near.
std::string_view nearest_key(std::string_view name);

/// "ROLLCALL_PROBE_INTERVAL" for "probe-interval".
std::string variable_name(const Key& key);

/// "DURATION", "enabled|disabled", …, for help and messages.
std::string value_name(const Key& key);

}  // namespace rollcall::agent
