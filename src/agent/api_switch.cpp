// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "agent/api_settings.hpp"
#include "agent/config_file.hpp"
#include "base/text.hpp"

/// Settings as older systems ask for them: /switch, /set, /get and /display_protocol.
namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Problem;
using http::Request;
using http::Responder;
using Json = nlohmann::ordered_json;
using Change = std::expected<SettingsChange, Problem>;

std::unexpected<Problem> refused(std::string message, std::string field) {
  return std::unexpected(
      Problem{.code = "invalid-value", .message = std::move(message), .field = std::move(field)});
}

// --- /switch ------------------------------------------------------------------------------------

constexpr std::string_view time_example = "a positive duration like '3000ms', of at most 10000h";

std::string text_in(const Json& body, const char* field) {
  const auto found = body.find(field);
  if (found == body.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : shown_json(*found);
}

/// The time of a suspicion that is to be on.
std::expected<Duration, Problem> required_time(const std::string& text) {
  if (text.empty()) {
    return refused(
        "suspicion_time is required when enabling suspicion: " + std::string(time_example),
        "suspicion_time");
  }
  const auto time = parse_duration(text);
  if (time && *time > Duration::zero()) return *time;
  return refused(
      "invalid suspicion_time '" + shown(text) + "', must be " + std::string(time_example),
      "suspicion_time");
}

/// {"protocol","suspicion","suspicion_time"}, all of them.
Change read_switch_body(const Json& body) {
  SettingsChange change;
  const std::string protocol = text_in(body, "protocol");
  if (protocol != "gossip" && protocol != "pingack") {
    return refused("found '" + shown(protocol) + "'; protocol must be one of: gossip, pingack",
                   "protocol");
  }
  change.detector = protocol == "gossip" ? Detector::gossip : Detector::pingack;
  const std::string suspicion = text_in(body, "suspicion");
  if (suspicion != "enabled" && suspicion != "disabled") {
    return refused("found '" + shown(suspicion) + "'; suspicion must be one of: enabled, disabled",
                   "suspicion");
  }
  change.suspicion = suspicion == "enabled";
  const std::string time = text_in(body, "suspicion_time");
  if (!*change.suspicion && (time.empty() || parse_duration(time))) return change;
  const auto required = required_time(time);
  if (!required) return std::unexpected(required.error());
  change.suspicion_time = *required;
  return change;
}

/// ?mechanism=gossip|ping&suspicion=suspect|nosuspect
Change read_switch_query(const Request& request) {
  const std::string_view mechanism = request.parameter("mechanism").value_or("");
  if (mechanism != "gossip" && mechanism != "ping") {
    return refused("mechanism must be 'gossip' or 'ping'", "mechanism");
  }
  const std::string_view suspicion = request.parameter("suspicion").value_or("");
  if (suspicion != "suspect" && suspicion != "nosuspect") {
    return refused("suspicion must be 'suspect' or 'nosuspect'", "suspicion");
  }
  SettingsChange change;
  change.detector = mechanism == "gossip" ? Detector::gossip : Detector::pingack;
  change.suspicion = suspicion == "suspect";
  return change;
}

Change read_switch(const Request& request) {
  if (request.body.empty() && request.parameter("mechanism")) return read_switch_query(request);
  const auto body = parse_object(request, "protocol, suspicion and suspicion_time");
  if (!body) return std::unexpected(body.error());
  return read_switch_body(*body);
}

Json switch_json(const SettingsInForce& now) {
  const bool suspicion = now.settings.suspicion;
  return {{"protocol", to_text(now.settings.detector)},
          {"suspicion", suspicion ? "enabled" : "disabled"},
          {"suspicion_time", suspicion ? suspicion_time_text(now.settings) : "0s"},
          {"new_version", now.version.number},
          {"effective", settings_json(now.settings)}};
}

void switch_and_answer(const ApiContext& context, const Request& request,
                       const Responder& responder) {
  const Change read = read_switch(request);
  if (!read) return responder.respond(http::error_response(read.error()));
  ChangeRequest change{.change = *read, .names = FieldNames::older};
  if (const auto problem = read_terms(request, change)) {
    return responder.respond(http::error_response(*problem));
  }
  change_and_answer(context, change, switch_json, responder);
}

// --- /set ---------------------------------------------------------------------------------------

/// The configuration file read anew; what is wrong with it otherwise.
std::expected<Config, http::Response> reread(const std::string& file) {
  auto config = load_config_file(file);
  if (config) return std::move(*config);
  const ConfigProblem& first = config.error().front();
  if (first.key.empty() && first.where.line == 0) {
    return std::unexpected(
        http::error_response({.status = 500,
                              .code = "config-unreadable",
                              .message = "failed to load config: " + to_text(first)}));
  }
  std::vector<FieldProblem> problems;
  for (const ConfigProblem& problem : config.error()) {
    problems.push_back({problem.key, to_text(problem)});
  }
  return std::unexpected(problems_response(problems));
}

/// What the file says of the cluster's settings; what it does not name stays.
SettingsChange change_in(const Config& config, const ClusterSettings& now) {
  std::set<std::string_view, std::less<>> keys;
  for (const Key& key : all_keys()) {
    if (key.reload == Reload::live && config.origins.contains(key.name)) keys.insert(key.name);
  }
  // As at a start, an interval that is too short for the time-out in force shortens that too.
  const bool is_shorter = config.settings.probe_interval < now.probe_timeout;
  if (keys.contains("probe-interval") && is_shorter) keys.insert("probe-timeout");
  return change_of(config.settings, keys);
}

http::Response whole_config(const ApiContext& context) {
  const auto now = context.agent.settings();
  return settings_response(config_json(config_in_force(context, *now)), *now);
}

void reload_and_answer(const ApiContext& context, const Request& request,
                       const Responder& responder) {
  const std::string file = context.config()->file;
  if (file.empty()) {
    return responder.respond(http::error_response(
        {.status = 409,
         .code = "not-allowed",
         .message = "this agent was started without a configuration file, so there is none to "
                    "read again; change settings with PATCH /v1/config"}));
  }
  ChangeRequest change;
  if (const auto problem = read_terms(request, change)) {
    return responder.respond(http::error_response(*problem));
  }
  context.run_later([context, file, change, responder]() mutable {
    const auto config = reread(file);
    if (!config) return responder.respond(config.error());
    change.change = change_in(*config, context.agent.settings()->settings);
    if (change.change == SettingsChange{}) {
      const auto refused = objection(change.expected, *context.agent.settings());
      return responder.respond(refused ? *refused : whole_config(context));
    }
    const auto answer = [context](const SettingsInForce& now) {
      return config_json(config_in_force(context, now));
    };
    change_and_answer(context, change, answer, responder);
  });
}

std::string display_protocol(const ClusterSettings& settings) {
  return "{\"protocol\":\"" + std::string(to_text(settings.detector)) + "\",\"suspicion\":\"" +
         (settings.suspicion ? "enabled" : "disabled") + "\"}\n";
}

}  // namespace

void add_switch_routes(http::Router& router, const ApiContext& context) {
  router.add({.method = "GET",
              .pattern = "/display_protocol",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                responder.respond(
                    http::json_response(200, display_protocol(context.agent.settings()->settings)));
              }});
  router.add({.method = "GET",
              .pattern = "/get",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                responder.respond(whole_config(context));
              }});
  add_older_change(
      router, context, "/switch", {"mechanism", "suspicion", "scope"},
      [context](const Request& request, const PathValues&, const Responder& responder) {
        switch_and_answer(context, request, responder);
      });
  add_older_change(
      router, context, "/set", {"scope"},
      [context](const Request& request, const PathValues&, const Responder& responder) {
        reload_and_answer(context, request, responder);
      });
}

}  // namespace rollcall::agent
