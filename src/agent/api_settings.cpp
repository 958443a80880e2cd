// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "base/ids.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Problem;
using http::Request;
using http::Responder;
using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Problem invalid(std::string message, std::string field) {
  return {.code = "invalid-value", .message = std::move(message), .field = std::move(field)};
}

constexpr std::size_t mark_digits = 8;

/// "3-68eee7e9": the version, and the beginning of its origin. What this agent alone has is told
/// apart by its values: "0-1b0b6a9f" as started, "3-5cc1f6d2-local" changed for itself.
std::string etag_of(const SettingsInForce& now) {
  const bool is_own = now.version.number == 0 || now.is_local;
  std::string mark = now.version.origin;
  if (is_own) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016" PRIx64,
                  hash_bytes(settings_json(now.settings).dump()));
    mark = digits.data();
  }
  return std::to_string(now.version.number) + "-" + mark.substr(0, mark_digits) +
         (now.is_local ? "-local" : "");
}

std::string quoted(const std::string& etag) {
  return "\"" + etag + "\"";
}

/// Reads "3-68eee7e9", "3-5cc1f6d2-local", or the number alone, each in quotes or without.
std::optional<ExpectedSettings> parse_etag(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  ExpectedSettings expected;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, expected.number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest(end, static_cast<std::size_t>(last - end));
  if (rest.empty()) return expected;
  if (rest.ends_with("-local")) rest.remove_suffix(std::string_view("-local").size());
  const bool is_mark = rest.size() == 1 + mark_digits && rest.starts_with('-') &&
                       rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
  if (!is_mark) return std::nullopt;
  expected.etag = text;
  return expected;
}

std::string named(std::string field, FieldNames names) {
  if (names == FieldNames::keys) return field;
  if (names == FieldNames::older && field == "detector") return "protocol";
  std::ranges::replace(field, '-', '_');
  return field;
}

/// Whose settings these are: number, and, for those that were changed, where.
void append_version(Json& json, const SettingsInForce& now) {
  json["version"] = now.version.number;
  if (now.version.number != 0) {
    json["origin"] = now.version.origin;
    json["by"] = now.by;
  }
  if (now.is_local) json["local"] = true;
  json["etag"] = etag_of(now);
}

http::Response mismatch_response(const std::string& message, const std::string& field,
                                 const SettingsInForce& now) {
  Json json = {{"error", {{"code", "version-mismatch"}, {"message", message}, {"field", field}}}};
  append_version(json, now);
  http::Response response = http::json_response(412, dumped(json));
  response.headers.emplace_back("ETag", quoted(etag_of(now)));
  return response;
}

http::Response refusal(const Error& error, const ChangeRequest& request,
                       const SettingsInForce& now) {
  if (error.code == ErrorCode::version_mismatch && request.expected) {
    return mismatch_response(error.message, request.expected->field, now);
  }
  if (error.problems.empty()) return failure_response(error);
  std::vector<FieldProblem> problems = error.problems;
  for (FieldProblem& problem : problems) {
    problem.field = named(std::move(problem.field), request.names);
  }
  return problems_response(problems);
}

Json protocol_json(const SettingsInForce& now, const std::string& profile) {
  Json json = {{"detector", to_text(now.settings.detector)},
               {"suspicion", now.settings.suspicion ? "enabled" : "disabled"},
               {"suspicion_time", suspicion_time_text(now.settings)}};
  append_version(json, now);
  json["profile"] = profile;
  return json;
}

Json change_json(const SettingsInForce& now) {
  Json json = Json::object();
  append_version(json, now);
  json["settings"] = settings_json(now.settings);
  return json;
}

/// Where the settings of the cluster's keys came from, for /v1/config?details=true.
Origin origin_of(const SettingsInForce& now) {
  std::string name = "version " + std::to_string(now.version.number);
  if (!now.by.empty()) name += ", changed at " + now.by;
  if (now.is_local) name += ", and for this member alone since";
  return {.source = Origin::Source::cluster, .name = std::move(name)};
}

// --- PUT /v1/protocol ---------------------------------------------------------------------------

/// What GET shows besides what can be changed; it may be sent back as it was.
bool is_shown_only(const std::string& field) {
  constexpr std::array shown{"origin", "by", "local"};
  return std::ranges::find(shown, field) != shown.end();
}

struct ProtocolBody {
  ChangeReader reader;
  std::vector<FieldProblem> problems;
  std::optional<ExpectedSettings> version;
  std::optional<ExpectedSettings> etag;
};

std::optional<ExpectedSettings> read_etag_field(const Json& value) {
  auto expected = value.is_string() ? parse_etag(value.get<std::string>()) : std::nullopt;
  if (expected) expected->field = "etag";
  return expected;
}

void read_protocol_field(const std::string& field, const Json& value, const std::string& profile,
                         ProtocolBody& body) {
  const auto report = [&](std::string message) {
    body.problems.push_back({shown(field), std::move(message)});
  };
  if (is_shown_only(field)) return;
  if (field == "version") {
    if (!value.is_number_unsigned()) return report("allowed: a whole number from 0 on");
    body.version = ExpectedSettings{value.get<std::uint64_t>(), {}, field};
  } else if (field == "etag") {
    body.etag = read_etag_field(value);
    if (!body.etag) report("found " + shown_json(value) + "; allowed: as GET shows it");
  } else if (field == "profile") {
    if (value != profile) report("this cannot be changed while the cluster runs");
  } else if (field == "detector" || field == "suspicion" || field == "suspicion_time") {
    body.reader.read(field, value);
  } else {
    report("there is no such field here; allowed: detector, suspicion, suspicion_time");
  }
}

void put_protocol(const ApiContext& context, const Request& request, const Responder& responder) {
  const std::string profile = context.config()->settings.profile;
  const auto json = parse_object(request, "detector, suspicion or suspicion_time");
  if (!json) return responder.respond(http::error_response(json.error()));
  ProtocolBody body;
  for (const auto& [field, value] : json->items()) {
    read_protocol_field(field, value, profile, body);
  }
  const auto& further = body.reader.problems();
  body.problems.insert(body.problems.end(), further.begin(), further.end());
  if (!body.problems.empty()) return responder.respond(problems_response(body.problems));
  ChangeRequest change{.change = body.reader.change(),
                       .expected = body.etag ? body.etag : body.version,
                       .names = FieldNames::protocol};
  if (change.change == SettingsChange{}) {
    return responder.respond(http::error_response(
        invalid("name at least one of detector, suspicion, suspicion_time", "detector")));
  }
  if (const auto problem = read_terms(request, change)) {
    return responder.respond(http::error_response(*problem));
  }
  change_and_answer(
      context, change,
      [profile](const SettingsInForce& now) { return protocol_json(now, profile); }, responder);
}

// --- PATCH /v1/config ---------------------------------------------------------------------------

void patch_config(const ApiContext& context, const Request& request, const Responder& responder) {
  const auto json = parse_object(request, "keys of the cluster's settings");
  if (!json) return responder.respond(http::error_response(json.error()));
  ChangeReader reader;
  for (const auto& [key, value] : json->items()) reader.read(key, value);
  if (!reader.problems().empty()) return responder.respond(problems_response(reader.problems()));
  ChangeRequest change{.change = reader.change()};
  if (change.change == SettingsChange{}) {
    return responder.respond(
        http::error_response(invalid("name at least one key of the cluster's settings", {})));
  }
  if (const auto problem = read_terms(request, change)) {
    return responder.respond(http::error_response(*problem));
  }
  change_and_answer(context, change, change_json, responder);
}

}  // namespace

std::optional<Problem> read_terms(const Request& request, ChangeRequest& into) {
  const std::string_view scope = request.parameter("scope").value_or("cluster");
  if (scope != "cluster" && scope != "local") {
    return invalid("found '" + shown(scope) + "'; allowed: cluster or local", "scope");
  }
  into.scope = scope == "local" ? SettingsScope::local : SettingsScope::cluster;
  const auto match = request.header("If-Match");
  if (!match || *match == "*") return std::nullopt;
  into.expected = parse_etag(*match);
  if (!into.expected) {
    return invalid("found '" + shown(*match) +
                       "'; allowed: one ETag as /v1/config has it, such as \"3-68eee7e9\", or the "
                       "number of a version, or *",
                   "If-Match");
  }
  into.expected->field = "If-Match";
  return std::nullopt;
}

std::optional<http::Response> objection(const std::optional<ExpectedSettings>& expected,
                                        const SettingsInForce& now) {
  if (!expected) return std::nullopt;
  const bool is_whole = !expected->etag.empty();
  if (is_whole ? expected->etag == etag_of(now) : expected->number == now.version.number) {
    return std::nullopt;
  }
  const std::string found = is_whole ? etag_of(now) : std::to_string(now.version.number);
  const std::string wanted = is_whole ? expected->etag : std::to_string(expected->number);
  return mismatch_response("the settings in force are of version " + found + ", not " + wanted +
                               "; read them again, and decide anew",
                           expected->field, now);
}

void change_and_answer(const ApiContext& context, const ChangeRequest& request,
                       const InForceAnswer& answer, const Responder& responder) {
  const auto now = context.agent.settings();
  if (const auto refused = objection(request.expected, *now)) return responder.respond(*refused);
  std::optional<SettingsVersion> expected;
  if (request.expected) expected = SettingsVersion{request.expected->number, {}};
  // Those that were compared just now must still be the ones when the change is made.
  if (request.expected && !request.expected->etag.empty()) expected = now->version;
  context.agent.change_settings(
      request.change, request.scope, expected,
      [responder, answer, request,
       &agent = context.agent](const std::expected<SettingsInForce, Error>& done) {
        responder.respond(done ? settings_response(answer(*done), *done)
                               : refusal(done.error(), request, *agent.settings()));
      });
}

std::expected<Json, Problem> parse_object(const Request& request, std::string_view meant) {
  const std::string wanted = "send a JSON object with " + std::string(meant);
  if (request.body.empty()) return std::unexpected(invalid("there is no body; " + wanted, {}));
  auto body = json_in(request.body, wanted);
  if (body && !body->is_object()) {
    return std::unexpected(invalid("the body is no JSON object; " + wanted, {}));
  }
  return body;
}

http::Response problems_response(const std::vector<FieldProblem>& problems) {
  Json list = Json::array();
  std::string message;
  for (const FieldProblem& problem : problems) {
    list.push_back({{"field", problem.field}, {"message", problem.message}});
    if (!message.empty()) message += "; ";
    // Where there is one, its field is beside it.
    if (problems.size() > 1 && !problem.field.empty()) message += problem.field + ": ";
    message += problem.message;
  }
  const Json json = {{"error",
                      {{"code", "invalid-value"},
                       {"message", std::move(message)},
                       {"field", problems.front().field},
                       {"problems", std::move(list)}}}};
  return http::json_response(400, dumped(json));
}

http::Response settings_response(const Json& json, const SettingsInForce& now) {
  http::Response response = http::json_response(200, dumped(json));
  response.headers.emplace_back("ETag", quoted(etag_of(now)));
  return response;
}

Config config_in_force(const ApiContext& context, const SettingsInForce& now) {
  Config config = *context.config();
  config.settings = with_cluster_settings(std::move(config.settings), now.settings);
  if (now.version.number == 0 && !now.is_local) return config;
  for (const Key& key : all_keys()) {
    if (key.reload != Reload::live) continue;
    config.origins.insert_or_assign(std::string(key.name), origin_of(now));
  }
  return config;
}

Json settings_json(const ClusterSettings& in_force) {
  const Settings settings = with_cluster_settings({}, in_force);
  Json json = Json::object();
  for (const Key& key : all_keys()) {
    if (key.reload == Reload::live) json[std::string(key.name)] = value_json(settings, key);
  }
  return json;
}

std::string suspicion_time_text(const ClusterSettings& settings) {
  return value_text(with_cluster_settings({}, settings), *find_key("suspicion-time"));
}

void add_settings_routes(http::Router& router, const ApiContext& context) {
  const auto add = [&router](std::string_view method, std::string_view pattern, auto handler) {
    // "scope" of what changes; a path that reads takes any parameter.
    std::vector<std::string_view> parameters;
    if (method != "GET") parameters = {"scope"};
    router.add({.method = method,
                .pattern = pattern,
                .handler = [handler = std::move(handler)](
                               const Request& request, const PathValues&,
                               const Responder& responder) { handler(request, responder); },
                .parameters = std::move(parameters)});
  };
  add("GET", "/v1/protocol", [context](const Request&, const Responder& responder) {
    const auto now = context.agent.settings();
    responder.respond(
        settings_response(protocol_json(*now, context.config()->settings.profile), *now));
  });
  add("GET", "/v1/config", [context](const Request& request, const Responder& responder) {
    const auto details = switch_parameter(request, "details", false);
    if (!details) return responder.respond(http::error_response(details.error()));
    const auto now = context.agent.settings();
    const Config config = config_in_force(context, *now);
    responder.respond(
        settings_response(*details ? config_details_json(config) : config_json(config), *now));
  });
  add("PUT", "/v1/protocol", [context](const Request& request, const Responder& responder) {
    put_protocol(context, request, responder);
  });
  add("PATCH", "/v1/config", [context](const Request& request, const Responder& responder) {
    patch_config(context, request, responder);
  });
}

}  // namespace rollcall::agent
