// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api.hpp"
#include "agent/version.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;
using Json = nlohmann::ordered_json;

http::Response json_answer(unsigned status, const Json& json) {
  return http::json_response(status,
                             json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(
             std::chrono::round<std::chrono::microseconds>(time))
      .count();
}

Json member_counts(const MemberList& members) {
  Json counts = Json::object();
  for (const MemberState state :
       {MemberState::alive, MemberState::suspect, MemberState::failed, MemberState::left}) {
    counts[std::string(to_text(state))] = members.count(state);
  }
  return counts;
}

Json counters_json(const Status& status) {
  return {{"datagrams_sent", status.datagrams_sent},
          {"datagrams_received", status.datagrams_received},
          {"datagrams_refused", status.datagrams_refused},
          {"datagrams_dropped", status.datagrams_dropped},
          {"wrong_cluster", status.wrong_cluster},
          {"wrong_version", status.wrong_version},
          {"streams_refused", status.streams_refused},
          {"bytes_sent", status.bytes_sent},
          {"bytes_received", status.bytes_received},
          {"probes", status.probes},
          {"probes_failed", status.probes_failed},
          {"suspicions", status.suspicions},
          {"refutations", status.refutations},
          {"failures", status.failures},
          {"pauses", status.pauses}};
}

Json status_json(const Status& status, const MemberList& members) {
  const auto uptime = std::chrono::round<std::chrono::milliseconds>(status.uptime);
  Json json = {{"cluster", status.cluster},
               {"name", status.name},
               {"id", members.self().id},
               {"address", members.self().address},
               {"version", version()},
               {"phase", to_text(status.phase)},
               {"uptime_s", static_cast<double>(uptime.count()) / 1000},
               {"health", status.health},
               {"loop_lag_ms", milliseconds(status.loop_lag)},
               {"event_index", status.event_index},
               {"members", member_counts(members)}};
  json.update(counters_json(status));
  return json;
}

Json protocol_json(const Config& config) {
  const Settings& settings = config.settings;
  // Settings that change while the cluster runs will raise the version; these cannot yet.
  return {{"detector", settings.detector},
          {"suspicion", settings.suspicion ? "enabled" : "disabled"},
          {"suspicion_time", value_text(settings, *find_key("suspicion-time"))},
          {"version", 1},
          {"profile", settings.profile}};
}

/// Joined, or alone on purpose.
bool is_ready(Phase phase, const Config& config) {
  return phase == Phase::joined || (phase == Phase::alone && config.settings.is_introducer);
}

http::Response readiness(Phase phase, const Config& config) {
  const Json json = {{"phase", to_text(phase)}};
  if (is_ready(phase, config)) {
    return json_answer(200, {{"status", "ready"}, {"phase", to_text(phase)}});
  }
  return json_answer(503, {{"error",
                            {{"code", "not-ready"},
                             {"message", "this member is not in the cluster: its phase is " +
                                             std::string(to_text(phase))}}},
                           {"phase", to_text(phase)}});
}

}  // namespace

void add_status_routes(http::Router& router, const ApiContext& context) {
  AgentPort& agent = context.agent;
  const auto config = context.config;
  const auto add = [&router](std::string_view pattern, auto answer) {
    router.add({.method = "GET",
                .pattern = pattern,
                .handler = [answer = std::move(answer)](const Request& request, const PathValues&,
                                                        const Responder& responder) {
                  responder.respond(answer(request));
                }});
  };

  add("/v1/status", [&agent](const Request&) {
    return json_answer(200, status_json(agent.status(), agent.members()));
  });
  add("/v1/protocol",
      [config](const Request&) { return json_answer(200, protocol_json(*config())); });
  add("/v1/config", [config](const Request& request) {
    const auto details = switch_parameter(request, "details", false);
    if (!details) return http::error_response(details.error());
    return json_answer(200, *details ? config_details_json(*config()) : config_json(*config()));
  });
  add("/healthz", [](const Request&) { return json_answer(200, {{"status", "ok"}}); });
  add("/readyz",
      [&agent, config](const Request&) { return readiness(agent.status().phase, *config()); });
}

}  // namespace rollcall::agent
