// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "agent/api.hpp"
#include "agent/fault_json.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;

bool is_allowed(const ApiContext& context) {
  return context.config()->settings.allow_faults;
}

http::Response not_allowed() {
  return http::error_response(
      {.status = 403,
       .code = "faults-not-allowed",
       .message = "this agent lets nobody set faults; start it with --allow-faults (not in "
                  "production) to have some"});
}

void set_and_answer(const ApiContext& context, const FaultPlan& plan, const Responder& responder) {
  context.agent.set_faults(
      plan, [&agent = context.agent, responder](const std::expected<void, Error>& done) {
        responder.respond(done ? http::json_response(200, faults_json(agent.faults(), true))
                               : failure_response(done.error()));
      });
}

}  // namespace

void add_fault_routes(http::Router& router, const ApiContext& context) {
  router.add({.method = "GET",
              .pattern = "/v1/faults",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                responder.respond(http::json_response(
                    200, faults_json(context.agent.faults(), is_allowed(context))));
              }});

  router.add(
      {.method = "POST",
       .pattern = "/v1/faults",
       .handler = [context](const Request& request, const PathValues&, const Responder& responder) {
         if (!is_allowed(context)) return responder.respond(not_allowed());
         const auto plan = parse_fault_plan(request.body);
         if (!plan) return responder.respond(http::error_response(plan.error()));
         set_and_answer(context, *plan, responder);
       }});

  router.add({.method = "DELETE",
              .pattern = "/v1/faults",
              .handler = [context](const Request&, const PathValues&, const Responder& responder) {
                if (!is_allowed(context)) return responder.respond(not_allowed());
                set_and_answer(context, {}, responder);
              }});
}

}  // namespace rollcall::agent
