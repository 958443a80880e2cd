// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/sessions.hpp"

#include "base/check.hpp"
#include "registry/limits.hpp"

namespace rollcall::registry {
namespace {

Sessions::Ruling answer(Status status) {
  Sessions::Ruling ruling;
  ruling.kind = Sessions::Ruling::Kind::answer;
  ruling.result.status = status;
  return ruling;
}

}  // namespace

std::string_view to_text(Status status) {
  switch (status) {
    case Status::done:
      return "done";
    case Status::unchanged:
      return "unchanged";
    case Status::no_such_group:
      return "no-such-group";
    case Status::no_such_member:
      return "no-such-member";
    case Status::lease_renewed:
      return "lease-renewed";
    case Status::stale_life:
      return "stale-life";
    case Status::removed_life:
      return "removed-life";
    case Status::too_many_groups:
      return "too-many-groups";
    case Status::too_many_members:
      return "too-many-members";
    case Status::group_full:
      return "group-full";
    case Status::registry_full:
      return "registry-full";
    case Status::unknown_session:
      return "unknown-session";
    case Status::already_answered:
      return "already-answered";
    case Status::too_many_requests:
      return "too-many-requests";
    case Status::malformed:
      return "malformed";
  }
  ROLLCALL_CHECK(false);
}

Sessions::Ruling Sessions::admit(const RequestId& request, std::uint64_t index) {
  if (request.client.is_nobody()) return {};
  auto at = sessions_.find(request.client);
  if (at == sessions_.end()) {
    if (request.answered_below > 1) return answer(Status::unknown_session);
    at = sessions_.try_emplace(request.client).first;
  }
  Session& session = at->second;
  touch(request.client, session, index);
  forget_answered(session, request.answered_below);
  if (request.sequence < session.answered_below) return answer(Status::already_answered);
  const auto known = session.results.find(request.sequence);
  if (known != session.results.end()) {
    return {.kind = Ruling::Kind::answer, .result = known->second};
  }
  if (session.results.size() >= session_results_max) return answer(Status::too_many_requests);
  make_room(request.client);
  return {};
}

void Sessions::record(const RequestId& request, Result result) {
  if (request.client.is_nobody()) return;
  const auto at = sessions_.find(request.client);
  ROLLCALL_CHECK(at != sessions_.end());
  const bool is_new = at->second.results.emplace(request.sequence, std::move(result)).second;
  ROLLCALL_CHECK(is_new);
  ++results_;
  ROLLCALL_CHECK(results_ <= results_max && sessions_.size() <= sessions_max);
}

void Sessions::touch(const LifeId& client, Session& session, std::uint64_t index) {
  by_use_.erase({session.used, client});
  session.used = index;
  by_use_.emplace(index, client);
}

void Sessions::forget_answered(Session& session, std::uint64_t answered_below) {
  if (answered_below <= session.answered_below) return;
  session.answered_below = answered_below;
  const auto end = session.results.lower_bound(answered_below);
  results_ -= static_cast<std::size_t>(std::distance(session.results.begin(), end));
  session.results.erase(session.results.begin(), end);
}

/// Before one more result: whoever was used longest ago makes room, but never the one that asks.
void Sessions::make_room(const LifeId& but) {
  while (sessions_.size() > sessions_max || results_ >= results_max) {
    const auto oldest = by_use_.begin();
    ROLLCALL_CHECK(oldest != by_use_.end() && oldest->second != but);
    const auto at = sessions_.find(oldest->second);
    results_ -= at->second.results.size();
    sessions_.erase(at);
    by_use_.erase(oldest);
  }
}

bool Sessions::restore(const LifeId& client, Session session) {
  if (client.is_nobody() || session.results.size() > session_results_max ||
      results_ + session.results.size() > results_max || sessions_.size() >= sessions_max ||
      session.answered_below == 0 ||
      (!session.results.empty() && session.results.begin()->first < session.answered_below)) {
    return false;
  }
  const std::uint64_t used = session.used;
  const std::size_t results = session.results.size();
  if (!sessions_.emplace(client, std::move(session)).second) return false;
  by_use_.emplace(used, client);
  results_ += results;
  return true;
}

}  // namespace rollcall::registry
