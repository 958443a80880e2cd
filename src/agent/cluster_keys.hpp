// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "agent/schema.hpp"
#include "agent/settings.hpp"
#include "rollcall/error.hpp"
#include "rollcall/settings.hpp"

/// The keys of the schema that are the cluster's settings, changed while it runs.
namespace rollcall::agent {

/// What a configuration says of the cluster's settings.
ClusterSettings cluster_settings(const Settings& settings);
/// The configuration with the cluster's settings as they are.
Settings with_cluster_settings(Settings settings, const ClusterSettings& in_force);

/// The keys named, and no others, as a change. Every name must be the canonical one of a key of
/// the cluster's.
SettingsChange change_of(const Settings& settings,
                         const std::set<std::string_view, std::less<>>& keys);

/// A change as somebody wrote it, key by key.
class ChangeReader {
 public:
  /// A value as JSON: text as in a configuration file, or a number.
  void read(const std::string& name, const nlohmann::ordered_json& value);

  /// Everything that is wrong with it, in the order read; fields are called as they were written.
  [[nodiscard]] const std::vector<FieldProblem>& problems() const { return problems_; }
  /// Of the keys that nothing is wrong with.
  [[nodiscard]] SettingsChange change() const { return change_of(settings_, keys_); }

 private:
  Settings settings_;
  std::set<std::string_view, std::less<>> keys_;
  std::vector<FieldProblem> problems_;
};

}  // namespace rollcall::agent
