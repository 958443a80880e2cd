// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <expected>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "agent/values.hpp"
#include "base/peer_address.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Problem;
using http::Request;
using http::Responder;
using Json = nlohmann::ordered_json;

constexpr std::uint16_t member_port = 7420;
constexpr std::size_t seeds_max = 64;

Problem invalid(std::string message, std::string field = {}) {
  return {.code = "invalid-value", .message = std::move(message), .field = std::move(field)};
}

/// The body as a JSON object with no other fields than the one allowed.
std::expected<Json, Problem> parse_body(const Request& request, std::string_view only_field) {
  const std::string field(only_field);
  if (request.body.empty()) {
    return std::unexpected(invalid("there is no body; send a JSON object with " + field, field));
  }
  auto body = json_in(request.body, "send a JSON object with " + field);
  if (!body) return body;
  if (!body->is_object()) {
    return std::unexpected(invalid("the body must be a JSON object with " + field));
  }
  for (const auto& [name, value] : body->items()) {
    if (name == only_field) continue;
    std::string message = "there is no field '";
    message.append(shown(name)).append("' here; allowed: ").append(field);
    return std::unexpected(invalid(std::move(message), shown(name)));
  }
  if (!body->contains(only_field)) {
    return std::unexpected(invalid("the field " + field + " is missing", field));
  }
  return body;
}

/// The seeds of {"addresses":["HOST:PORT",…]} or of ?address=HOST:PORT.
std::expected<std::vector<std::string>, Problem> parse_addresses(const Request& request) {
  if (const auto address = request.parameter("address")) {
    return std::vector<std::string>{std::string(*address)};
  }
  const auto body = parse_body(request, "addresses");
  if (!body) return std::unexpected(body.error());
  std::vector<std::string> seeds;
  const Json& addresses = body->at("addresses");
  if (!addresses.is_array()) {
    return std::unexpected(invalid("must be a list of HOST:PORT", "addresses"));
  }
  for (const Json& address : addresses) {
    if (!address.is_string()) {
      return std::unexpected(invalid("must be a list of HOST:PORT, as text", "addresses"));
    }
    seeds.push_back(address.get<std::string>());
  }
  return seeds;
}

std::expected<TagChanges, Problem> parse_tags(const Request& request) {
  const auto body = parse_body(request, "tags");
  if (!body) return std::unexpected(body.error());
  const Json& tags = body->at("tags");
  if (!tags.is_object()) return std::unexpected(invalid("must be an object", "tags"));
  TagChanges changes;
  for (const auto& [name, value] : tags.items()) {
    if (!value.is_string() && !value.is_null()) {
      return std::unexpected(invalid("a tag is text, or null to remove it", "tags." + name));
    }
    changes[name] = value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
  }
  return changes;
}

/// The body calls "tags" what a file and a flag call "tag".
Error as_in_body(Error error) {
  if (error.field == "tag") error.field = "tags";
  return error;
}

std::optional<Problem> check_seeds(const std::vector<std::string>& seeds,
                                   const std::string& field) {
  if (seeds.empty()) return invalid("give at least one HOST:PORT of a member", field);
  if (seeds.size() > seeds_max) {
    return invalid("more than " + std::to_string(seeds_max) + " addresses; allowed: fewer", field);
  }
  for (const std::string& seed : seeds) {
    if (parse_peer_address(seed, member_port)) continue;
    return invalid("'" + shown(seed) +
                       "' is no HOST:PORT of a member; allowed: " + std::string(peer_address_rule),
                   field);
  }
  return std::nullopt;
}

std::string report_json(const JoinReport& report) {
  Json attempts = Json::array();
  std::size_t joined = 0;
  for (const JoinAttempt& attempt : report.attempts) {
    if (attempt.joined) ++joined;
    attempts.push_back(
        {{"seed", attempt.seed}, {"joined", attempt.joined}, {"outcome", attempt.outcome}});
  }
  const Json json = {{"joined", joined}, {"attempts", std::move(attempts)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

void join_and_answer(const ApiContext& context, const std::vector<std::string>& seeds,
                     const std::string& field, const Responder& responder) {
  if (const auto problem = check_seeds(seeds, field)) {
    return responder.respond(http::error_response(*problem));
  }
  context.agent.join(seeds, [responder](const std::expected<JoinReport, Error>& report) {
    responder.respond(report ? http::json_response(200, report_json(*report))
                             : failure_response(report.error()));
  });
}

void leave_and_answer(const ApiContext& context, const Responder& responder) {
  context.agent.leave([responder](const std::expected<void, Error>& done) {
    responder.respond(done ? http::json_response(200, "{\"left\":true}\n")
                           : failure_response(done.error()));
  });
}

void add_action_routes(http::Router& router, const ApiContext& context) {
  router.add({.method = "POST",
              .pattern = "/v1/join",
              .handler =
                  [context](const Request& request, const PathValues&, const Responder& responder) {
                    const auto seeds = parse_addresses(request);
                    if (!seeds) return responder.respond(http::error_response(seeds.error()));
                    join_and_answer(context, *seeds,
                                    request.parameter("address") ? "address" : "addresses",
                                    responder);
                  },
              .parameters = {"address"}});

  router.add({.method = "DELETE",
              .pattern = "/v1/join",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                context.agent.cancel_join();
                responder.respond(http::json_response(200, "{\"cancelled\":true}\n"));
              }});

  router.add({.method = "POST",
              .pattern = "/v1/leave",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                leave_and_answer(context, responder);
              }});

  router.add(
      {.method = "POST",
       .pattern = "/v1/members/{name}/force-leave",
       .handler = [context](const Request&, const PathValues& values, const Responder& responder) {
         context.agent.force_leave(
             values.front(), [responder](const std::expected<void, Error>& done) {
               responder.respond(done ? http::json_response(200, "{\"left\":true}\n")
                                      : failure_response(done.error()));
             });
       }});

  router.add(
      {.method = "PATCH",
       .pattern = "/v1/self",
       .handler = [context](const Request& request, const PathValues&, const Responder& responder) {
         const auto changes = parse_tags(request);
         if (!changes) return responder.respond(http::error_response(changes.error()));
         context.agent.change_tags(*changes, [responder](const std::expected<Tags, Error>& tags) {
           if (!tags) return responder.respond(failure_response(as_in_body(tags.error())));
           const Json json = {{"tags", *tags}};
           responder.respond(http::json_response(
               200, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
         });
       }});
}

}  // namespace rollcall::agent
