// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups_copies.hpp"

#include <algorithm>
#include <utility>

#include "runtime/groups_conversion.hpp"
#include "runtime/groups_impl.hpp"

namespace rollcall::runtime {
namespace {

Error closed_error() {
  return {ErrorCode::closed, "the agent is closed", {}};
}

Error gone_error(const std::string& group) {
  return {ErrorCode::gone,
          "so old changes of the group '" + group +
              "' are no longer kept; read the group as it is now, and go on from its view",
          {}};
}

/// One copy under way: step() after step() until it has answered.
template <class Copy>
void run_slices(AgreementLoop& loop, const std::shared_ptr<Copy>& copy) {
  if (loop.is_stopped()) return copy->done(std::unexpected(closed_error()));
  if (copy->step(loop)) return;
  loop.run_later([&loop, copy] { run_slices(loop, copy); });
}

// --- One group -------------------------------------------------------------------------------

struct GroupCopy {
  std::string name;
  Groups::Callback<Group> done;
  std::vector<std::uint64_t> standings = {};  // of the members copied so far, ascending
  std::vector<GroupMember> members = {};
  bool has_begun = false;
  std::uint64_t number = 0;  // of the view at the first slice

  /// True: it has answered.
  bool step(AgreementLoop& loop);

 private:
  void begin(const registry::Group& group);
  bool catch_up(const registry::Registry& registry);
  void undo(std::uint64_t standing);
  void replace(const registry::Member& member, const registry::Registry& registry);
  void answer(const registry::Group& group);
};

void GroupCopy::begin(const registry::Group& group) {
  has_begun = true;
  number = group.number();
  standings.clear();
  members.clear();
  standings.reserve(group.size());
  members.reserve(group.size());
}

bool GroupCopy::step(AgreementLoop& loop) {
  const registry::Registry& registry = loop.registry();
  const registry::Group* const group = registry.find(name);
  if (group == nullptr) {
    done(std::unexpected(unknown_group(name)));
    return true;
  }
  if (!has_begun) begin(*group);
  auto at =
      standings.empty() ? group->members().begin() : group->members().upper_bound(standings.back());
  for (std::size_t i = 0; i < copy_slice_max && at != group->members().end(); ++i, ++at) {
    standings.push_back(at->first);
    members.push_back(to_public(at->second, name, registry));
  }
  if (at != group->members().end()) return false;
  if (!catch_up(registry)) {
    has_begun = false;  // too much has changed to tell: anew
    return false;
  }
  answer(*group);
  return true;
}

/// Puts right what had been copied before it changed. Who has joined since is at the end, and was
/// copied last.
bool GroupCopy::catch_up(const registry::Registry& registry) {
  const auto deltas = registry.deltas_since(name, number);
  if (!deltas) return false;
  for (const registry::ViewDelta* delta : *deltas) {
    for (const registry::Departure& one : delta->left) undo(one.standing);
    for (const registry::Member& one : delta->updated) replace(one, registry);
  }
  return true;
}

void GroupCopy::undo(std::uint64_t standing) {
  const auto at = std::ranges::lower_bound(standings, standing);
  if (at == standings.end() || *at != standing) return;
  members.erase(members.begin() + (at - standings.begin()));
  standings.erase(at);
}

void GroupCopy::replace(const registry::Member& member, const registry::Registry& registry) {
  const auto at = std::ranges::lower_bound(standings, member.standing);
  if (at == standings.end() || *at != member.standing) return;
  members[static_cast<std::size_t>(at - standings.begin())] = to_public(member, name, registry);
}

void GroupCopy::answer(const registry::Group& group) {
  Group result;
  result.view = {.group = name,
                 .number = group.number(),
                 .leader = {},
                 .members = {},
                 .cause = std::string(to_text(group.cause())),
                 .term = group.term(),
                 .index = group.index()};
  result.view.members.reserve(members.size());
  for (const GroupMember& one : members) result.view.members.push_back(one.spec.id);
  if (!members.empty()) result.view.leader = members.front().spec.id;
  result.members = std::move(members);
  done(std::move(result));
}

// --- All groups ------------------------------------------------------------------------------

struct ViewsCopy {
  Groups::Callback<std::vector<View>> done;
  std::vector<View> views = {};

  bool step(AgreementLoop& loop) {
    const auto& groups = loop.registry().groups();
    auto at = views.empty() ? groups.begin() : groups.upper_bound(views.back().group);
    for (std::size_t copied = 0; copied < copy_slice_max && at != groups.end(); ++at) {
      views.push_back(to_public(at->second.view()));
      copied += 1 + at->second.size();
    }
    if (at != groups.end()) return false;
    done(std::move(views));
    return true;
  }
};

// --- Changes ---------------------------------------------------------------------------------

struct ChangesCopy {
  using Changes = std::vector<std::shared_ptr<const ViewChange>>;

  std::string name;
  std::uint64_t after = 0;
  Groups::Callback<Changes> done;
  Changes changes = {};

  bool step(AgreementLoop& loop) {
    const registry::Registry& registry = loop.registry();
    const auto deltas = registry.deltas_since(name, after);
    if (!deltas) {
      done(std::unexpected(error_of(deltas.error())));
      return true;
    }
    const std::size_t count = std::min(deltas->size(), copy_slice_max);
    for (std::size_t i = 0; i < count; ++i) changes.push_back(change_of(*(*deltas)[i], registry));
    if (count < deltas->size()) {
      after = changes.back()->view.number;
      return false;
    }
    tell_members(registry);
    done(std::move(changes));
    return true;
  }

 private:
  /// The latest changes say who the members are, as those of on_change() do.
  void tell_members(const registry::Registry& registry) {
    const std::size_t size = std::max<std::size_t>(registry.find(name)->size(), 1);
    const bool is_large = name != registry::cluster_group && size > ViewChange::members_told_max;
    if (is_large) return;
    const std::size_t told = std::min(changes.size(), GroupsImpl::view_members_max / size);
    auto change = changes.end() - static_cast<std::ptrdiff_t>(told);
    if (told == 0) return;
    for (registry::View& view : registry.views_since(name, (*change)->view.number - 1, told)) {
      if (change == changes.end() || (*change)->view.number != view.number) return;
      auto whole = std::make_shared<ViewChange>(**change);
      whole->view.members = std::move(view.members);
      *change++ = std::move(whole);
    }
  }
  /// Like those that on_change() tells, but the members are left out.
  static std::shared_ptr<const ViewChange> change_of(const registry::ViewDelta& delta,
                                                     const registry::Registry& registry) {
    return to_public(delta, registry, MembersTold::no);
  }
  [[nodiscard]] Error error_of(registry::WatchError error) const {
    switch (error) {
      case registry::WatchError::no_such_group:
        return unknown_group(name);
      case registry::WatchError::too_old:
        break;
      case registry::WatchError::in_future:
        return {ErrorCode::gone,
                "this agent has not got as far as view " + std::to_string(after) +
                    " of the group '" + name + "'; ask again, or begin with the present view",
                {}};
    }
    return gone_error(name);
  }
};

}  // namespace

void copy_group(AgreementLoop& loop, const std::string& group, Groups::Callback<Group> done) {
  run_slices(loop, std::make_shared<GroupCopy>(GroupCopy{.name = group, .done = std::move(done)}));
}

void copy_views(AgreementLoop& loop, Groups::Callback<std::vector<View>> done) {
  run_slices(loop, std::make_shared<ViewsCopy>(ViewsCopy{.done = std::move(done)}));
}

void copy_changes(AgreementLoop& loop, const std::string& group, std::uint64_t after,
                  Groups::Callback<std::vector<std::shared_ptr<const ViewChange>>> done) {
  run_slices(loop, std::make_shared<ChangesCopy>(
                       ChangesCopy{.name = group, .after = after, .done = std::move(done)}));
}

}  // namespace rollcall::runtime
