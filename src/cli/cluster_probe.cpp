// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_probe.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"

namespace rollcall::cli {

std::expected<launcher::AgentView, std::string> probe_agent(const std::string& http) {
  using namespace std::chrono_literals;
  const AgentOptions agent{.http = http};
  const auto status = ask(agent, {.what = "cluster", .target = "/v1/status", .timeout = 2s});
  if (!status) return std::unexpected(status.error().why);
  const auto list = ask(agent, {.what = "cluster", .target = "/v1/members", .timeout = 2s});
  if (!list) return std::unexpected(list.error().why);
  if (!list->is_object() || !list->contains("members") || !list->at("members").is_array()) {
    return std::unexpected("its list of members is none");
  }
  launcher::AgentView view{.phase = field_text(*status, "phase"), .alive = {}};
  for (const Json& member : list->at("members")) {
    ++view.members;
    if (field_text(member, "state") == "alive") view.alive.push_back(field_text(member, "name"));
  }
  std::ranges::sort(view.alive);
  return view;
}

std::expected<void, launcher::FaultRefusal> set_agent_faults(const std::string& http,
                                                             const std::string& document) {
  using namespace std::chrono_literals;
  const auto done = ask({.http = http}, {.what = "cluster",
                                         .method = document.empty() ? "DELETE" : "POST",
                                         .target = "/v1/faults",
                                         .body = document,
                                         .timeout = 2s});
  if (done) return {};
  return std::unexpected(launcher::FaultRefusal{
      .why = done.error().why, .has_answered = done.error().code != ExitCode::no_agent});
}

}  // namespace rollcall::cli
