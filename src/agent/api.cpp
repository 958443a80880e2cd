// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api.hpp"

#include <array>
#include <utility>

#include "agent/watch_hub.hpp"

namespace rollcall::agent {
namespace {

struct Meaning {
  unsigned status;
  std::string_view code;
};

Meaning meaning_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_option:
      return {400, "invalid-value"};
    case ErrorCode::unknown_member:
      return {404, "unknown-member"};
    case ErrorCode::name_in_use:
      return {409, "name-in-use"};
    case ErrorCode::not_allowed:
      return {409, "not-allowed"};
    case ErrorCode::join_failed:
      return {502, "join-failed"};
    case ErrorCode::version_mismatch:
      return {412, "version-mismatch"};
    case ErrorCode::timeout:
      return {504, "timeout"};
    case ErrorCode::no_quorum:
      return {503, "no-quorum"};
    case ErrorCode::overloaded:
      return {503, "overloaded"};
    case ErrorCode::gone:
      return {410, "gone"};
    case ErrorCode::frozen:
      return {503, "frozen"};
    case ErrorCode::closed:
      return {503, "stopping"};
    case ErrorCode::address_in_use:
    case ErrorCode::cannot_bind:
    case ErrorCode::storage:
      break;
  }
  return {500, "internal-error"};
}

struct LaterPath {
  std::string_view path;
  std::string_view feature;
};
/// What a later version will answer, with all paths below each.
constexpr std::array<LaterPath, 8> later_paths = {
    {{"/v1/services", "the service registry"},
     {"/v1/self/services", "the service registry"},
     {"/v1/user-events", "user events"},
     {"/v1/queries", "queries"},
     {"/v1/keys", "the keyring"},
     {"/metrics", "metrics"},
     {"/openapi.json", "the description of the API for programs"},
     {"/", "the dashboard"}}};

std::string_view later_feature_at(std::string_view path) {
  for (const LaterPath& later : later_paths) {
    const bool is_below = later.path != "/" && path.starts_with(later.path) &&
                          path.substr(later.path.size()).starts_with('/');
    if (path == later.path || is_below) return later.feature;
  }
  return {};
}

}  // namespace

http::Response failure_response(const Error& error) {
  const Meaning meaning = meaning_of(error.code);
  http::Response response = http::error_response({.status = meaning.status,
                                                  .code = meaning.code,
                                                  .message = error.message,
                                                  .field = error.field});
  const bool is_worth_another_try =
      error.code == ErrorCode::no_quorum || error.code == ErrorCode::overloaded;
  if (is_worth_another_try) response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::expected<bool, http::Problem> switch_parameter(const http::Request& request,
                                                    std::string_view name, bool otherwise) {
  const auto value = request.parameter(name);
  if (!value) return otherwise;
  if (*value == "true" || *value == "false") return *value == "true";
  return std::unexpected(
      http::Problem{.code = "invalid-value",
                    .message = "found '" + std::string(*value) + "'; allowed: true or false",
                    .field = std::string(name)});
}

http::Router make_api(const ApiContext& context, http::Guard guard) {
  http::Router router(std::move(guard));
  router.set_later(later_feature_at);
  add_member_routes(router, context);
  add_status_routes(router, context);
  add_event_routes(router, context);
  add_action_routes(router, context);
  add_fault_routes(router, context);
  add_settings_routes(router, context);
  add_reference_routes(router, context);
  add_switch_routes(router, context);
  Groups* const groups = context.agent.groups();
  const auto hub =
      groups == nullptr ? nullptr : std::make_shared<WatchHub>(*groups, context.wake_streams);
  add_group_routes(router, context, hub);
  add_view_routes(router, context, hub);
  return router;
}

}  // namespace rollcall::agent
