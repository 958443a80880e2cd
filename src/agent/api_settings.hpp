// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "agent/api.hpp"
#include "agent/cluster_keys.hpp"
#include "rollcall/settings.hpp"

/// What all paths that show or change the cluster's settings have in common.
namespace rollcall::agent {

/// How the fields of a body are called, for naming those at fault.
enum class FieldNames : std::uint8_t {
  keys,      // "suspicion-time", as in a configuration file
  protocol,  // "suspicion_time", as in /v1/protocol
  older      // the same, and "protocol" for the detector
};

/// The settings that a change was decided on, as somebody wrote them.
struct ExpectedSettings {
  std::uint64_t number = 0;
  /// All of the ETag; empty: the number alone was given.
  std::string etag;
  /// Where: "If-Match", or a field of the body.
  std::string field;
};

/// A change that somebody asked for over HTTP.
struct ChangeRequest {
  SettingsChange change;
  /// ?scope=cluster|local
  SettingsScope scope = SettingsScope::cluster;
  std::optional<ExpectedSettings> expected = std::nullopt;
  FieldNames names = FieldNames::keys;
};

/// ?scope= and If-Match, into the change.
std::optional<http::Problem> read_terms(const http::Request& request, ChangeRequest& into);

/// 412, if the change was decided on other settings than those in force.
std::optional<http::Response> objection(const std::optional<ExpectedSettings>& expected,
                                        const SettingsInForce& now);

/// Makes the change and answers with what is in force then; with 400 and all that is wrong with
/// it; or with 412 and the version in force.
using InForceAnswer = std::function<nlohmann::ordered_json(const SettingsInForce&)>;
void change_and_answer(const ApiContext& context, const ChangeRequest& request,
                       const InForceAnswer& answer, const http::Responder& responder);

/// The body as a JSON object. `meant` says what should be in it.
std::expected<nlohmann::ordered_json, http::Problem> parse_object(const http::Request& request,
                                                                  std::string_view meant);

/// 400 with the first problem as the error, and all of them in its "problems".
http::Response problems_response(const std::vector<FieldProblem>& problems);

/// The answer with the version as its ETag.
http::Response settings_response(const nlohmann::ordered_json& json, const SettingsInForce& now);

/// The configuration with the cluster's settings that are in force.
Config config_in_force(const ApiContext& context, const SettingsInForce& now);

/// Every one of the cluster's keys with its value.
nlohmann::ordered_json settings_json(const ClusterSettings& in_force);
std::string suspicion_time_text(const ClusterSettings& settings);

}  // namespace rollcall::agent
