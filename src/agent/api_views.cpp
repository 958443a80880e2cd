// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <expected>
#include <memory>
#include <utility>
#include <vector>

#include "agent/agreement_json.hpp"
#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "agent/watch_hub.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;

constexpr const char* cluster_group = "cluster";

/// {"count","views":[…],"consistency","stale_ms"}
std::string views_json(const std::vector<View>& views,
                       std::optional<std::chrono::nanoseconds> stale_for) {
  std::string json = "{\"count\":" + std::to_string(views.size()) + ",\"views\":[";
  bool is_first = true;
  for (const View& view : views) {
    if (!std::exchange(is_first, false)) json += ',';
    append_view(json, view);
  }
  json += ']';
  append_freshness(json, Consistency::local, stale_for);
  return json + "}\n";
}

void list_views(const ApiContext& context, Groups& groups, std::uint64_t since,
                const Responder& responder) {
  groups.views(since, [responder, stale_for = groups.status().stale_for,
                       run_later = context.run_later](std::expected<std::vector<View>, Error> all) {
    if (!all) return responder.respond(failure_response(all.error()));
    auto views = std::make_shared<const std::vector<View>>(std::move(*all));
    run_later([responder, views, stale_for] {
      responder.respond(http::json_response(200, views_json(*views, stale_for)));
    });
  });
}

void get_views(const ApiContext& context, WatchHub& hub, const Request& request,
               const Responder& responder) {
  const auto since = number_after(request);
  if (!since) return responder.respond(http::error_response(since.error()));
  const auto follows = switch_parameter(request, "follow", false);
  if (!follows) return responder.respond(http::error_response(follows.error()));
  const bool wants_stream =
      request.header("Accept").value_or("").find("text/event-stream") != std::string_view::npos;
  if (*follows || wants_stream) return hub.watch(cluster_group, *since, responder);
  list_views(context, *context.agent.groups(), since->value_or(0), responder);
}

void get_current_view(Groups& groups, const Responder& responder) {
  const auto stale_for = groups.status().stale_for;
  groups.get(
      cluster_group, Consistency::local, Groups::default_timeout,
      [responder, stale_for](const std::expected<Group, Error>& group) {
        if (!group) {
          const bool is_none = group.error().code == ErrorCode::unknown_member;
          return responder.respond(failure_response(
              is_none ? Error{ErrorCode::no_quorum, "the cluster has agreed on no view yet", {}}
                      : group.error()));
        }
        std::string json;
        append_view(json, group->view);
        http::Response response = http::json_response(200, json + "\n");
        // The same view is the same body everywhere; how fresh it is, is each agent's own.
        if (stale_for) {
          std::string stale;
          append_milliseconds(stale, *stale_for);
          response.headers.emplace_back("X-Rollcall-Stale-Ms", std::move(stale));
        }
        responder.respond(std::move(response));
      });
}

/// On the side of a partition that cannot decide, the leader of the last view may have been
/// followed by another elsewhere: it is none.
http::Response leader_response(const Groups& groups) {
  const auto leader = groups.leader();
  if (!leader) return failure_response(leader.error());
  if (const std::string trouble = groups.status().trouble; !trouble.empty()) {
    return failure_response({ErrorCode::no_quorum,
                             trouble + "; the last leader known here is " + leader->name +
                                 ", of view " + std::to_string(leader->view),
                             {}});
  }
  std::string json = "{\"name\":";
  append_string(json, leader->name);
  json += ",\"address\":";
  append_string(json, leader->address);
  json.append(",\"view\":").append(std::to_string(leader->view));
  json.append(",\"term\":").append(std::to_string(leader->term)).append("}\n");
  return http::json_response(200, std::move(json));
}

}  // namespace

void add_view_routes(http::Router& router, const ApiContext& context,
                     const std::shared_ptr<WatchHub>& hub) {
  Groups* const groups = context.agent.groups();
  const auto add = [&](std::string_view pattern, auto answer) {
    router.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [groups, hub, answer = std::move(answer)](
                        const Request& request, const PathValues&, const Responder& responder) {
           if (groups == nullptr || !hub) {
             return responder.respond(agreement_is_off());
           }
           answer(request, responder);
         }});
  };
  add("/v1/views", [context, hub](const Request& request, const Responder& responder) {
    get_views(context, *hub, request, responder);
  });
  add("/v1/views/current", [groups](const Request&, const Responder& responder) {
    get_current_view(*groups, responder);
  });
  add("/v1/leader", [groups](const Request&, const Responder& responder) {
    responder.respond(leader_response(*groups));
  });
}

}  // namespace rollcall::agent
