// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/agent_port.hpp"
#include "agent/config.hpp"
#include "http/router.hpp"

/// The HTTP API of an agent. What each path takes and gives is in docs/http.md.
namespace rollcall::agent {

class WatchHub;

/// What the routes work on; it outlives them.
struct ApiContext {
  AgentPort& agent;
  /// The configuration that the agent was started with; it may be replaced by another thread, never
  /// changed. The cluster's settings in force are the agent's to tell.
  std::function<std::shared_ptr<const Config>()> config;
  /// Runs what may wait, such as for a file, on a thread that may.
  std::function<void(std::function<void()>)> run_later = [](const std::function<void()>& work) {
    work();
  };
  /// Has the server ask its streams again: there may be more for them. Any thread.
  std::function<void()> wake_streams = [] {};
};

/// All routes, ready for Server::start().
///
/// Threads: the router is used by one thread, the server's.
http::Router make_api(const ApiContext& context, http::Guard guard);

// One function a family of paths.
void add_member_routes(http::Router& router, const ApiContext& context);     // api_members.cpp
void add_status_routes(http::Router& router, const ApiContext& context);     // api_status.cpp
void add_event_routes(http::Router& router, const ApiContext& context);      // api_events.cpp
void add_action_routes(http::Router& router, const ApiContext& context);     // api_actions.cpp
void add_fault_routes(http::Router& router, const ApiContext& context);      // api_faults.cpp
void add_settings_routes(http::Router& router, const ApiContext& context);   // api_settings.cpp
void add_reference_routes(http::Router& router, const ApiContext& context);  // api_reference.cpp
void add_switch_routes(http::Router& router, const ApiContext& context);     // api_switch.cpp
// The hub lives as long as the router; null where there is no agreed side.
void add_group_routes(http::Router& router, const ApiContext& context,
                      const std::shared_ptr<WatchHub>& hub);  // api_groups.cpp
void add_view_routes(http::Router& router, const ApiContext& context,
                     const std::shared_ptr<WatchHub>& hub);  // api_views.cpp

/// Adds a path that changes something, as older clients ask for it: with POST, and with GET where
/// http.allow_get_mutations says so. `parameters` is what its query may have.
void add_older_change(http::Router& router, const ApiContext& context, std::string_view pattern,
                      const std::vector<std::string_view>& parameters,
                      const http::RouteHandler& handler);

/// How an error of the embedding API is answered.
http::Response failure_response(const Error& error);

/// The value of a parameter that is true or false; `otherwise` where it is not given.
std::expected<bool, http::Problem> switch_parameter(const http::Request& request,
                                                    std::string_view name, bool otherwise);

/// The view after which a reader goes on, by Last-Event-ID or ?since=; nothing if it says neither.
std::expected<std::optional<std::uint64_t>, http::Problem> number_after(
    const http::Request& request);

/// Joins the seeds, as written, and answers with what became of each. `field` is the parameter
/// that they came from.
void join_and_answer(const ApiContext& context, const std::vector<std::string>& seeds,
                     const std::string& field, const http::Responder& responder);
void leave_and_answer(const ApiContext& context, const http::Responder& responder);

}  // namespace rollcall::agent
