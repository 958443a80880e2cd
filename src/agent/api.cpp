// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api.hpp"

#include <utility>

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
    case ErrorCode::timeout:
      return {504, "timeout"};
    case ErrorCode::closed:
      return {503, "stopping"};
    case ErrorCode::address_in_use:
    case ErrorCode::cannot_bind:
    case ErrorCode::storage:
      break;
  }
  return {500, "internal-error"};
}

}  // namespace

http::Response failure_response(const Error& error) {
  const Meaning meaning = meaning_of(error.code);
  return http::error_response({.status = meaning.status,
                               .code = meaning.code,
                               .message = error.message,
                               .field = error.field});
}

http::Router make_api(const ApiContext& context, http::Guard guard) {
  http::Router router(std::move(guard));
  add_member_routes(router, context);
  add_status_routes(router, context);
  add_event_routes(router, context);
  add_action_routes(router, context);
  add_reference_routes(router, context);
  return router;
}

}  // namespace rollcall::agent
