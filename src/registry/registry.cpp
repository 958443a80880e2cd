// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "registry/limits.hpp"
#include "registry/mutants.hpp"

namespace rollcall::registry {
namespace {

constexpr History::Limits cluster_history_limits = {.views_max = cluster_history_views_max,
                                                    .bytes_max = cluster_history_bytes_max};
constexpr History::Limits history_limits = {.views_max = history_views_max,
                                            .bytes_max = history_bytes_max};

bool is_empty(const ViewDelta& draft) {
  return draft.left.empty() && draft.joined.empty() && draft.updated.empty();
}

Result result_of(Status status, std::uint64_t number = 0) {
  Result result;
  result.status = status;
  result.number = number;
  return result;
}
Result granted(Status status, std::uint64_t index) {
  Result result;
  result.status = status;
  result.granted = index;
  return result;
}

/// Whether the life that is meant is the one that is there.
bool is_meant(const Life& meant, const Life& present) {
  return meant.id.is_nobody() || meant == present;
}

}  // namespace

Registry::Registry(LifeId cluster)
    : cluster_id_(cluster),
      cluster_history_(cluster_history_limits),
      history_(history_limits) {
  const std::string name(cluster_group);
  groups_.emplace(name, Group(name, 0));
}

std::expected<Applied, CommandError> Registry::apply(const Committed& entry) {
  ROLLCALL_CHECK(entry.index > index_);
  ROLLCALL_CHECK(entry.term >= term_);
  const auto command = decode_command(entry.command);
  if (!command && command.error() == CommandError::too_new) {
    return std::unexpected(CommandError::too_new);
  }
  term_ = entry.term;
  index_ = entry.index;
  if (!command) {
    Applied applied;
    applied.result = result_of(Status::malformed);
    return applied;
  }
  return run(*command);
}

Applied Registry::run(const Command& command) {
  Sessions::Ruling ruling = sessions_.admit(command.request, index_);
  Applied applied;
  const bool is_answered = ruling.kind == Sessions::Ruling::Kind::answer;
  if (is_answered && !is_mutant(Mutant::retries_done_again)) {
    applied.result = std::move(ruling.result);
    return applied;
  }
  applied.result =
      std::visit([&](const auto& action) { return run(action, applied); }, command.action);
  if (!is_answered) sessions_.record(command.request, applied.result);
  ROLLCALL_CHECK(member_count_ <= members_max && groups_.size() <= groups_max);
  return applied;
}

Result Registry::run(const Join& join, Applied& applied) {
  const bool is_auto = join.group == auto_group;
  Group* const group = find_or_make(is_auto ? choose_group(join.member.id) : join.group);
  if (group == nullptr) return result_of(Status::too_many_groups);
  ViewDelta draft;
  Result result = join_group(*group, join.member, draft);
  if (result.status == Status::unchanged) {
    applied.renewed = {.group = group->name(), .id = join.member.id, .granted = result.granted};
  }
  commit(*group, draft, applied);
  result.number = group->number();
  if (is_auto) result.group = group->name();
  // A group that was made for a member that was refused is no group.
  if (group->index() == 0) groups_.erase(groups_.find(group->name()));
  return result;
}

Result Registry::join_group(Group& group, const MemberSpec& spec, ViewDelta& draft) {
  const Member* const member = group.find(spec.id);
  if (member != nullptr && is_meant(spec.life, member->spec.life)) {
    return renew(group, *member, spec, draft);
  }
  const Status status =
      member == nullptr ? add(group, spec, draft) : replace_life(group, *member, spec, draft);
  return granted(status, status == Status::done ? index_ : 0);
}

/// The life that is there says something new of itself, or only that it is still there.
Result Registry::renew(Group& group, const Member& member, const MemberSpec& spec,
                       ViewDelta& draft) {
  MemberSpec next = spec;
  next.life = member.spec.life;
  const std::size_t before = content_bytes(member.spec);
  const std::size_t after = content_bytes(next);
  if (content_bytes_ - before + after > content_bytes_max) return result_of(Status::registry_full);
  const bool is_same = next == member.spec;
  if (is_same) {
    group.grant(member, index_);
  } else {
    group.update(member, std::move(next), index_, draft);
    content_bytes_ = content_bytes_ - before + after;
  }
  return granted(is_same ? Status::unchanged : Status::done, index_);
}

Status Registry::replace_life(Group& group, const Member& member, const MemberSpec& spec,
                              ViewDelta& draft) {
  const bool is_old = spec.life.boot < member.spec.life.boot;
  if (is_old && !is_mutant(Mutant::old_life_accepted)) return Status::stale_life;
  const std::size_t freed = content_bytes(member.spec);
  if (content_bytes_ - freed + content_bytes(spec) > content_bytes_max) {
    return Status::registry_full;
  }
  remove(group, member, Cause::rejoined, draft);
  return add(group, spec, draft);
}

Status Registry::add(Group& group, const MemberSpec& spec, ViewDelta& draft) {
  if (group.size() >= members_per_group_max) return Status::group_full;
  if (member_count_ >= members_max) return Status::too_many_members;
  const std::size_t bytes = content_bytes(spec);
  if (content_bytes_ + bytes > content_bytes_max) return Status::registry_full;
  group.add(spec, index_, draft);
  ++member_count_;
  content_bytes_ += bytes;
  return Status::done;
}

void Registry::remove(Group& group, const Member& member, Cause cause, ViewDelta& draft) {
  content_bytes_ -= content_bytes(member.spec);
  --member_count_;
  group.remove(member, cause, draft);
}

Result Registry::run(const Leave& leave, Applied& applied) {
  Group* const group = find_mutable(leave.group);
  if (group == nullptr) return result_of(Status::no_such_group);
  const Member* const member = group->find(leave.id);
  if (member == nullptr || !is_meant(leave.life, member->spec.life)) {
    return result_of(Status::no_such_member, group->number());
  }
  ViewDelta draft;
  remove(*group, *member, Cause::left, draft);
  commit(*group, draft, applied);
  return result_of(Status::done, group->number());
}

Result Registry::run(const Evict& evict, Applied& applied) {
  std::map<std::string_view, ViewDelta> drafts;
  Status status = Status::unchanged;
  for (const LeaseName& lease : evict.leases) {
    Group* const group = find_mutable(lease.group);
    const Member* const member = group == nullptr ? nullptr : group->find(lease.id);
    if (member == nullptr) {
      status = group == nullptr ? Status::no_such_group : Status::no_such_member;
    } else if (member->granted != lease.granted && !is_mutant(Mutant::evicts_whoever_is_there)) {
      status = Status::lease_renewed;
    } else {
      remove(*group, *member, evict.cause, drafts[group->name()]);
    }
  }
  for (auto& [name, draft] : drafts) commit(*find_mutable(name), draft, applied);
  const std::uint64_t number = applied.changes.empty() ? 0 : applied.changes.back().number;
  return result_of(applied.changes.empty() ? status : Status::done, number);
}

Result Registry::run(const ChangeCluster& change, Applied& applied) {
  Group& group = *find_mutable(cluster_group);
  ViewDelta draft;
  Status status = Status::unchanged;
  for (const ClusterRemoval& removal : change.removed) {
    const Member* const member = group.find(removal.id);
    if (member == nullptr || member->spec.life != removal.life) {
      status = Status::no_such_member;
      continue;
    }
    removed_lives_.insert(removal.id, removal.life, index_);
    remove(group, *member, removal.cause, draft);
  }
  for (const MemberSpec& spec : change.joined) {
    const Status joined = join_cluster(group, spec, draft);
    if (joined != Status::done && joined != Status::unchanged) status = joined;
  }
  const bool is_changed = !is_empty(draft);
  commit(group, draft, applied);
  if (is_changed) responsibility_.set_members(group);
  return result_of(is_changed ? Status::done : status, group.number());
}

Status Registry::join_cluster(Group& cluster, const MemberSpec& spec, ViewDelta& draft) {
  if (removed_lives_.contains(spec.id, spec.life)) return Status::removed_life;
  const Member* const member = cluster.find(spec.id);
  const Life old_life = member == nullptr ? spec.life : member->spec.life;
  const Status status = join_group(cluster, spec, draft).status;
  if (status == Status::done && old_life != spec.life) {
    removed_lives_.insert(spec.id, old_life, index_);
  }
  return status;
}

void Registry::commit(Group& group, ViewDelta& draft, Applied& applied) {
  if (is_empty(draft)) return;
  group.commit(draft, term_, index_);
  history_of(group.name()).append(draft);
  applied.changes.push_back(std::move(draft));
}

std::string Registry::choose_group(std::string_view id) const {
  const Group* smallest = nullptr;
  for (const auto& [name, group] : groups_) {
    if (name == cluster_group) continue;
    if (group.find(id) != nullptr) return name;
    if (smallest == nullptr || group.size() < smallest->size()) smallest = &group;
  }
  return smallest == nullptr ? std::string(default_group) : smallest->name();
}

Group* Registry::find_or_make(std::string_view name) {
  if (Group* const group = find_mutable(name)) return group;
  if (groups_.size() >= groups_max && !forget_an_empty_group()) return nullptr;
  return &groups_.emplace(name, Group(std::string(name), forgotten_number_)).first->second;
}

/// The one that has been empty for longest, which is the one that changed longest ago.
bool Registry::forget_an_empty_group() {
  auto oldest = groups_.end();
  for (auto at = groups_.begin(); at != groups_.end(); ++at) {
    if (!at->second.is_empty() || at->first == cluster_group) continue;
    if (oldest == groups_.end() || at->second.index() < oldest->second.index()) oldest = at;
  }
  if (oldest == groups_.end()) return false;
  forgotten_number_ = std::max(forgotten_number_, oldest->second.number());
  groups_.erase(oldest);
  return true;
}

const Group* Registry::find(std::string_view group) const {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second;
}
Group* Registry::find_mutable(std::string_view group) {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second;
}
const History& Registry::history_of(std::string_view group) const {
  return group == cluster_group ? cluster_history_ : history_;
}
History& Registry::history_of(std::string_view group) {
  return group == cluster_group ? cluster_history_ : history_;
}

}  // namespace rollcall::registry
