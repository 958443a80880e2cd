// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "registry/limits.hpp"
#include "registry/registry.hpp"

namespace rollcall::registry {
namespace {

/// Who was in a view, by standing.
using Ids = std::map<std::uint64_t, std::string_view>;

void undo(const ViewDelta& delta, Ids& ids) {
  for (const Member& one : delta.joined) ids.erase(one.standing);
  for (const Departure& one : delta.left) ids.emplace(one.standing, one.id);
}

View view_of(const ViewDelta& delta, const Ids& ids) {
  View view;
  view.group = delta.group;
  view.number = delta.number;
  view.leader = delta.leader;
  view.cause = delta.cause;
  view.term = delta.term;
  view.index = delta.index;
  view.members.reserve(ids.size());
  for (const auto& [standing, id] : ids) view.members.emplace_back(id);
  return view;
}

}  // namespace

std::expected<std::vector<const ViewDelta*>, WatchError> Registry::deltas_since(
    std::string_view group, std::uint64_t after) const {
  const Group* const found = find(group);
  if (found == nullptr) return std::unexpected(WatchError::no_such_group);
  if (after > found->number()) return std::unexpected(WatchError::in_future);
  auto deltas = history_of(group).since(group, after, found->number());
  if (!deltas) return std::unexpected(WatchError::too_old);
  return std::move(*deltas);
}

std::vector<View> Registry::views_since(std::string_view group, std::uint64_t after,
                                        std::size_t count_max) const {
  const Group* const found = find(group);
  if (found == nullptr || after >= found->number()) return {};
  const std::uint64_t wanted = std::min<std::uint64_t>(count_max, found->number() - after);
  Ids ids;
  for (const auto& [standing, member] : found->members()) ids.emplace(standing, member.spec.id);
  std::vector<View> views;
  std::uint64_t number = found->number();
  for (const ViewDelta* delta : history_of(group).latest(group, static_cast<std::size_t>(wanted))) {
    // What is older than a forgotten group of the same name is another group's.
    if (delta->number != number) break;
    views.push_back(view_of(*delta, ids));
    undo(*delta, ids);
    --number;
  }
  std::ranges::reverse(views);
  return views;
}

void Registry::check_invariants() const {
  std::size_t members = 0;
  std::size_t bytes = 0;
  for (const auto& [name, group] : groups_) {
    ROLLCALL_CHECK(name == group.name());
    ROLLCALL_CHECK(group.index() <= index_ && group.term() <= term_);
    ROLLCALL_CHECK(name == cluster_group || group.number() > 0);
    members += group.size();
    for (const auto& [standing, member] : group.members()) {
      bytes += content_bytes(member.spec);
      ROLLCALL_CHECK(member.standing == standing && group.find(member.spec.id) == &member);
      ROLLCALL_CHECK(member.since <= group.number() && member.granted <= index_);
    }
  }
  ROLLCALL_CHECK(members == member_count_ && members <= members_max);
  ROLLCALL_CHECK(bytes == content_bytes_ && bytes <= content_bytes_max);
  ROLLCALL_CHECK(groups_.size() <= groups_max && groups_.contains(cluster_group));
  std::size_t results = 0;
  for (const auto& [client, session] : sessions_.all()) results += session.results.size();
  ROLLCALL_CHECK(results == sessions_.results() && results <= results_max);
}

}  // namespace rollcall::registry
