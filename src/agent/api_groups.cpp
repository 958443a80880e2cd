// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "agent/agreement_json.hpp"
#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "agent/group_request.hpp"
#include "agent/values.hpp"
#include "agent/watch_hub.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Problem;
using http::Request;
using http::Responder;
using Outcome = std::expected<GroupOutcome, Error>;

/// A larger one is written on a thread that may take its time.
constexpr std::size_t small_group_members_max = 256;
constexpr std::string_view cluster_group = "cluster";

/// One member of a group, as the path of a change names it.
struct Asked {
  std::string group;
  std::string id;
  Groups::Timeout timeout{};
};

/// A condition that is passed over would make "only if nobody is there yet" a plain change.
std::expected<void, Problem> no_condition(const Request& request) {
  for (const std::string_view header : {"If-Match", "If-None-Match"}) {
    if (!request.header(header)) continue;
    return std::unexpected(Problem{.code = "invalid-value",
                                   .message = "members of groups cannot be changed on a condition; "
                                              "allowed: a request without this header",
                                   .field = std::string(header)});
  }
  return {};
}

std::expected<Asked, Problem> asked_in(const Request& request, const PathValues& values) {
  if (auto good = check_name(values.at(0), "group"); !good) return std::unexpected(good.error());
  if (auto good = check_name(values.at(1), "id"); !good) return std::unexpected(good.error());
  if (auto good = no_condition(request); !good) return std::unexpected(good.error());
  auto timeout = timeout_of(request);
  if (!timeout) return std::unexpected(std::move(timeout).error());
  return Asked{values.at(0), values.at(1), *timeout};
}

/// Only the cluster itself decides who is in it; an operator may remove a member.
std::optional<http::Response> objection_to_cluster(const std::string& group) {
  if (group != cluster_group) return std::nullopt;
  return http::error_response(
      {.status = 409,
       .code = "not-allowed",
       .message = "the group cluster is that of the cluster's own members: they join and leave it "
                  "with the cluster; an operator takes one out with DELETE and cause=removed"});
}

/// {"group","id","view","changed"}, and "leads" of a member that has joined.
std::string outcome_json(const GroupOutcome& outcome, const Asked& asked, bool has_joined) {
  std::string json = "{\"group\":";
  append_string(json, outcome.group.empty() ? asked.group : outcome.group);
  json += ",\"id\":";
  append_string(json, asked.id);
  json.append(",\"view\":").append(std::to_string(outcome.view));
  json.append(",\"changed\":").append(outcome.changed ? "true" : "false");
  if (has_joined) json.append(",\"leads\":").append(outcome.leads ? "true" : "false");
  return json + "}\n";
}

/// A group that nobody ever joined has no member either; both are the member's matter here.
http::Response member_failure(const Error& error, const Asked& asked,
                              std::string_view advice = {}) {
  if (error.code != ErrorCode::unknown_member) return failure_response(error);
  return http::error_response({.status = 404,
                               .code = "unknown-member",
                               .message = "the group " + asked.group + " has no member " +
                                          asked.id + " (any more)" + std::string(advice),
                               .field = "id"});
}

void put_member(Groups& groups, const Request& request, const PathValues& values,
                const Responder& responder) {
  const auto asked = asked_in(request, values);
  if (!asked) return responder.respond(http::error_response(asked.error()));
  if (auto objection = objection_to_cluster(asked->group)) return responder.respond(*objection);
  const auto spec = member_in(request, asked->id);
  if (!spec) return responder.respond(http::error_response(spec.error()));
  groups.join(asked->group, *spec, asked->timeout,
              [responder, asked = *asked](const Outcome& done) {
                responder.respond(done ? http::json_response(200, outcome_json(*done, asked, true))
                                       : failure_response(done.error()));
              });
}

/// ?cause=left|removed: by its own word, or by an operator's.
std::expected<bool, Problem> is_removal(const Request& request) {
  const auto cause = request.parameter("cause");
  if (!cause || *cause == "left") return false;
  if (*cause == "removed") return true;
  return std::unexpected(
      Problem{.code = "invalid-value",
              .message = "found '" + shown(*cause) + "'; allowed: left or removed",
              .field = "cause"});
}

void delete_member(Groups& groups, const Request& request, const PathValues& values,
                   const Responder& responder) {
  const auto asked = asked_in(request, values);
  if (!asked) return responder.respond(http::error_response(asked.error()));
  const auto removal = is_removal(request);
  if (!removal) return responder.respond(http::error_response(removal.error()));
  if (const auto good = no_body(request); !good) {
    return responder.respond(http::error_response(good.error()));
  }
  const auto answer = [responder, asked = *asked](const Outcome& done) {
    responder.respond(done ? http::json_response(200, outcome_json(*done, asked, false))
                           : member_failure(done.error(), asked));
  };
  if (*removal) return groups.remove(asked->group, asked->id, asked->timeout, answer);
  if (auto objection = objection_to_cluster(asked->group)) return responder.respond(*objection);
  groups.leave(asked->group, asked->id, asked->timeout, answer);
}

void post_heartbeat(Groups& groups, const Request& request, const PathValues& values,
                    const Responder& responder) {
  const auto asked = asked_in(request, values);
  if (!asked) return responder.respond(http::error_response(asked.error()));
  if (auto objection = objection_to_cluster(asked->group)) return responder.respond(*objection);
  if (const auto good = no_body(request); !good) {
    return responder.respond(http::error_response(good.error()));
  }
  groups.heartbeat(
      asked->group, asked->id, asked->timeout,
      [responder, asked = *asked](const std::expected<void, Error>& done) {
        if (!done) {
          return responder.respond(member_failure(done.error(), asked, "; let it join again"));
        }
        std::string json = "{\"group\":";
        append_string(json, asked.group);
        json += ",\"id\":";
        append_string(json, asked.id);
        responder.respond(http::json_response(200, json + ",\"renewed\":true}\n"));
      });
}

// --- Reading ------------------------------------------------------------------------------------

/// How a reading is asked for.
struct Reading {
  Consistency consistency{};
  Groups::Timeout timeout{};
};
std::expected<Reading, Problem> reading_in(const Request& request) {
  const auto consistency = consistency_of(request);
  if (!consistency) return std::unexpected(consistency.error());
  const auto timeout = timeout_of(request);
  if (!timeout) return std::unexpected(timeout.error());
  return Reading{*consistency, *timeout};
}

std::string group_json(const Group& group, Consistency consistency,
                       std::optional<std::chrono::nanoseconds> stale_for) {
  std::string json;
  append_group(json, group);
  json.pop_back();  // the group goes on
  append_freshness(json, consistency, stale_for);
  return json + "}\n";
}

void get_group(const ApiContext& context, Groups& groups, const Request& request,
               const PathValues& values, const Responder& responder) {
  const std::string& name = values.at(0);
  if (const auto good = check_name(name, "group"); !good) {
    return responder.respond(http::error_response(good.error()));
  }
  const auto reading = reading_in(request);
  if (!reading) return responder.respond(http::error_response(reading.error()));
  // Before the read: what is read then can only be newer.
  const auto stale_for = groups.status().stale_for;
  groups.get(
      name, reading->consistency, reading->timeout,
      [responder, name, consistency = reading->consistency, stale_for,
       run_later = context.run_later](std::expected<Group, Error> group) {
        if (!group) return responder.respond(group_failure(group.error(), name));
        if (group->members.size() <= small_group_members_max) {
          return responder.respond(
              http::json_response(200, group_json(*group, consistency, stale_for)));
        }
        auto large = std::make_shared<const Group>(std::move(*group));
        run_later([responder, large, consistency, stale_for] {
          responder.respond(http::json_response(200, group_json(*large, consistency, stale_for)));
        });
      });
}

/// {"count","groups":[{"group","view","leader","members"}],"consistency","stale_ms"}, where
/// "members" is how many.
std::string list_json(const std::vector<View>& views, Consistency consistency,
                      std::optional<std::chrono::nanoseconds> stale_for) {
  std::string json = "{\"count\":" + std::to_string(views.size()) + ",\"groups\":[";
  bool is_first = true;
  for (const View& view : views) {
    if (!std::exchange(is_first, false)) json += ',';
    json += "{\"group\":";
    append_string(json, view.group);
    json.append(",\"view\":").append(std::to_string(view.number)).append(",\"leader\":");
    append_string(json, view.leader);
    json.append(",\"members\":").append(std::to_string(view.members.size())).append("}");
  }
  json += ']';
  append_freshness(json, consistency, stale_for);
  return json + "}\n";
}

void list_groups(const ApiContext& context, Groups& groups, const Request& request,
                 const Responder& responder) {
  const auto reading = reading_in(request);
  if (!reading) return responder.respond(http::error_response(reading.error()));
  const auto stale_for = groups.status().stale_for;
  groups.list(
      reading->consistency, reading->timeout,
      [responder, consistency = reading->consistency, stale_for,
       run_later = context.run_later](std::expected<std::vector<View>, Error> views) {
        if (!views) return responder.respond(failure_response(views.error()));
        auto list = std::make_shared<const std::vector<View>>(std::move(*views));
        run_later([responder, list, consistency, stale_for] {
          responder.respond(http::json_response(200, list_json(*list, consistency, stale_for)));
        });
      });
}

void add_changes(http::Router& router, Groups& groups) {
  using Change = void (*)(Groups&, const Request&, const PathValues&, const Responder&);
  const auto add = [&](std::string_view method, std::string_view pattern, Change change,
                       std::vector<std::string_view> parameters) {
    router.add(
        {.method = method,
         .pattern = pattern,
         .handler = [&groups, change](
                        const Request& request, const PathValues& values,
                        const Responder& responder) { change(groups, request, values, responder); },
         .parameters = std::move(parameters)});
  };
  add("PUT", "/v1/groups/{group}/members/{id}", put_member, {"timeout"});
  add("DELETE", "/v1/groups/{group}/members/{id}", delete_member, {"timeout", "cause"});
  add("POST", "/v1/groups/{group}/members/{id}/heartbeat", post_heartbeat, {"timeout"});
}

/// The paths, where there is nothing to answer from.
void add_refusals(http::Router& router) {
  const auto refuse = [](const Request&, const PathValues&, const Responder& responder) {
    responder.respond(agreement_is_off());
  };
  for (const std::string_view pattern :
       {"/v1/groups", "/v1/groups/{group}", "/v1/groups/{group}/watch"}) {
    router.add({.method = "GET", .pattern = pattern, .handler = refuse});
  }
  for (const std::string_view method : {"PUT", "DELETE"}) {
    router.add({.method = method,
                .pattern = "/v1/groups/{group}/members/{id}",
                .handler = refuse,
                .parameters = {"timeout", "cause"}});
  }
  router.add({.method = "POST",
              .pattern = "/v1/groups/{group}/members/{id}/heartbeat",
              .handler = refuse,
              .parameters = {"timeout"}});
}

}  // namespace

std::expected<std::optional<std::uint64_t>, Problem> number_after(const Request& request) {
  // The header wins: a browser that reconnects repeats the URL, with what it said at first.
  const std::string_view last_seen = request.header("Last-Event-ID").value_or("");
  const auto since = last_seen.empty() ? request.parameter("since") : std::optional(last_seen);
  if (!since) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = since->data() + since->size();
  const auto [stopped, error] = std::from_chars(since->data(), end, number);
  if (error == std::errc{} && stopped == end) return number;
  return std::unexpected(
      Problem{.code = "invalid-value",
              .message = "found '" + shown(*since) + "'; allowed: the number of a view, from 0 on",
              .field = last_seen.empty() ? "since" : "Last-Event-ID"});
}

void add_group_routes(http::Router& router, const ApiContext& context,
                      const std::shared_ptr<WatchHub>& hub) {
  Groups* const groups = context.agent.groups();
  if (groups == nullptr || !hub) return add_refusals(router);
  add_changes(router, *groups);
  router.add({.method = "GET",
              .pattern = "/v1/groups",
              .handler =
                  [context, groups](const Request& request, const PathValues&,
                                    const Responder& responder) {
                    list_groups(context, *groups, request, responder);
                  },
              .parameters = {"consistency", "timeout"}});
  router.add({.method = "GET",
              .pattern = "/v1/groups/{group}",
              .handler =
                  [context, groups](const Request& request, const PathValues& values,
                                    const Responder& responder) {
                    get_group(context, *groups, request, values, responder);
                  },
              .parameters = {"consistency", "timeout"}});
  router.add({.method = "GET",
              .pattern = "/v1/groups/{group}/watch",
              .handler = [hub](const Request& request, const PathValues& values,
                               const Responder& responder) {
                if (const auto good = check_name(values.at(0), "group"); !good) {
                  return responder.respond(http::error_response(good.error()));
                }
                const auto since = number_after(request);
                if (!since) return responder.respond(http::error_response(since.error()));
                hub->watch(values.at(0), *since, responder);
              }});
}

}  // namespace rollcall::agent
