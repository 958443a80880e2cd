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

/// {"saved-peers":1,"seeds":3,…}: how often each stage of looking for the cluster has begun.
Json join_tries(const Status& status) {
  Json tries = Json::object();
  for (const JoinStage stage :
       {JoinStage::saved_peers, JoinStage::seeds, JoinStage::hosts_file, JoinStage::lan}) {
    tries[std::string(to_text(stage))] = status.join_stages.at(static_cast<std::size_t>(stage));
  }
  return tries;
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

/// How the agreed side is doing: {"engine","role","term",…,"stale_ms","trouble"}.
Json agreement_json(const Groups* groups) {
  if (groups == nullptr) return {{"engine", "off"}};
  const AgreementStatus now = groups->status();
  Json json = {{"engine", now.engine},   {"role", now.role},      {"term", now.term},
               {"leader", now.leader},   {"log", now.log},        {"commit", now.commit},
               {"applied", now.applied}, {"voters", now.voters},  {"learners", now.learners},
               {"stale_ms", nullptr},    {"trouble", now.trouble}};
  if (now.stale_for) json["stale_ms"] = milliseconds(*now.stale_for);
  return json;
}

Json status_json(const Status& status, const MemberList& members, const Groups* groups) {
  const auto uptime = std::chrono::round<std::chrono::milliseconds>(status.uptime);
  Json json = {{"cluster", status.cluster},
               {"name", status.name},
               {"id", members.self().id},
               {"address", members.self().address},
               {"version", version()},
               {"phase", to_text(status.phase)},
               {"join_stage", to_text(status.join_stage)},
               {"uptime_s", static_cast<double>(uptime.count()) / 1000},
               {"health", status.health},
               {"loop_lag_ms", milliseconds(status.loop_lag)},
               {"event_index", status.event_index},
               {"faults", status.faults},
               {"members", member_counts(members)},
               {"join_tries", join_tries(status)},
               {"agreement", agreement_json(groups)}};
  json.update(counters_json(status));
  return json;
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
    return json_answer(200, status_json(agent.status(), agent.members(), agent.groups()));
  });
  add("/healthz", [](const Request&) { return json_answer(200, {{"status", "ok"}}); });
  add("/readyz",
      [&agent, config](const Request&) { return readiness(agent.status().phase, *config()); });
}

}  // namespace rollcall::agent
