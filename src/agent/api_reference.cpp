// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "agent/api.hpp"
#include "agent/api_json.hpp"

/// The paths of older systems, so that their users' scripts go on working.
namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;

enum class Only : std::uint8_t { all, suspects };

/// A JSON array of members in the older form.
std::string reference_list(const MemberList& members, Only only, std::size_t& count) {
  std::string json = "[";
  count = 0;
  for (const Member& member : members) {
    if (only == Only::suspects && member.state != MemberState::suspect) continue;
    if (count++ > 0) json += ',';
    append_reference_member(json, member);
  }
  return json + "]";
}

std::string list_mem(const AgentPort& agent) {
  std::size_t count = 0;
  const std::string list = reference_list(agent.members(), Only::all, count);
  return "{\"members\":" + list + ",\"count\":" + std::to_string(count) + "}\n";
}

/// The older field, then all of the member as /v1/self has it.
std::string list_self(const AgentPort& agent) {
  const MemberList members = agent.members();
  std::string member;
  append_member(member, members.self());
  std::string json = "{\"self_id\":";
  append_string(json, reference_id(members.self()));
  return json + "," + member.substr(1) + "\n";
}

std::string display_suspects(const AgentPort& agent) {
  std::size_t count = 0;
  return reference_list(agent.members(), Only::suspects, count) + "\n";
}

void join_introducer(const ApiContext& context, const Request& request,
                     const Responder& responder) {
  const auto introducer = request.parameter("introducer");
  if (!introducer) {
    return responder.respond(
        http::error_response({.code = "invalid-value",
                              .message = "this parameter is missing; allowed: HOST:PORT",
                              .field = "introducer"}));
  }
  join_and_answer(context, {std::string(*introducer)}, "introducer", responder);
}

}  // namespace

void add_older_change(http::Router& router, const ApiContext& context, std::string_view pattern,
                      const std::vector<std::string_view>& parameters,
                      const http::RouteHandler& handler) {
  router.add({.method = "POST", .pattern = pattern, .handler = handler, .parameters = parameters});
  if (!context.config()->settings.http_allow_get_mutations) return;
  router.add({.method = "GET",
              .pattern = pattern,
              .handler = handler,
              .access = http::Access::changes,
              .parameters = parameters});
}

void add_reference_routes(http::Router& router, const ApiContext& context) {
  AgentPort& agent = context.agent;
  const auto read = [&router](std::string_view pattern, auto text) {
    router.add({.method = "GET",
                .pattern = pattern,
                .handler = [text = std::move(text)](const Request&, const PathValues&,
                                                    const Responder& responder) {
                  responder.respond(http::json_response(200, text()));
                }});
  };
  read("/list_mem", [&agent] { return list_mem(agent); });
  read("/list_self", [&agent] { return list_self(agent); });
  read("/display_suspects", [&agent] { return display_suspects(agent); });

  add_older_change(
      router, context, "/join", {"introducer"},
      [context](const Request& request, const PathValues&, const Responder& responder) {
        join_introducer(context, request, responder);
      });
  add_older_change(router, context, "/leave", {},
                   [context](const Request&, const PathValues&, const Responder& responder) {
                     leave_and_answer(context, responder);
                   });
}

}  // namespace rollcall::agent
