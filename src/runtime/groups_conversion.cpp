// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups_conversion.hpp"

#include <utility>

#include "base/text.hpp"
#include "registry/limits.hpp"
#include "registry/rules.hpp"
#include "runtime/client_target.hpp"

namespace rollcall::runtime {
namespace {

Error invalid(std::string_view field, std::string message) {
  return {ErrorCode::invalid_option, std::move(message), std::string(field)};
}

/// What was found, where it is short enough to be shown.
std::string found_text(const registry::MemberSpec& spec, const std::string& group,
                       std::string_view field) {
  constexpr std::size_t shown_max = 64;
  std::string found;
  if (field == "group") found = group;
  if (field == "id") found = spec.id;
  if (field == "check.target") found = spec.check.target;
  if (field == "ttl") return duration_text(spec.ttl) + " is not allowed; allowed: ";
  if (field == "check.interval") {
    return duration_text(spec.check.interval) + " is not allowed; allowed: ";
  }
  if (field == "check.timeout") {
    return duration_text(spec.check.timeout) + " is not allowed; allowed: ";
  }
  if (field == "check.misses") {
    return std::to_string(spec.check.misses) + " is not allowed; allowed: ";
  }
  if (found.empty() || found.size() > shown_max || !is_utf8(found)) return "allowed: ";
  return "'" + found + "' is not allowed; allowed: ";
}

Error problem_error(const registry::SpecProblem& problem, const registry::MemberSpec& spec,
                    const std::string& group) {
  return invalid(problem.field,
                 found_text(spec, group, problem.field) + std::string(problem.allowed));
}

registry::CheckKind to_kind(CheckType type) {
  switch (type) {
    case CheckType::none:
      return registry::CheckKind::none;
    case CheckType::tcp:
      return registry::CheckKind::tcp;
    case CheckType::http:
      return registry::CheckKind::http;
  }
  return registry::CheckKind::none;
}

CheckType to_type(registry::CheckKind kind) {
  switch (kind) {
    case registry::CheckKind::none:
      return CheckType::none;
    case registry::CheckKind::tcp:
      return CheckType::tcp;
    case registry::CheckKind::http:
      return CheckType::http;
  }
  return CheckType::none;
}

/// Where nothing is said of the target, it is the member's address.
registry::Check to_check(const GroupMemberSpec& member) {
  registry::Check check;
  check.kind = to_kind(member.check.type);
  if (check.kind == registry::CheckKind::none) return check;
  check.target = member.check.target;
  if (check.target.empty() && !member.address.empty()) {
    const bool is_http = check.kind == registry::CheckKind::http;
    check.target = is_http ? "http://" + member.address + "/" : member.address;
  }
  check.interval = member.check.interval;
  check.timeout = member.check.timeout;
  check.misses = member.check.misses;
  return check;
}

registry::MemberSpec to_spec(const GroupMemberSpec& member) {
  registry::MemberSpec spec;
  spec.id = member.id;
  spec.address = member.address;
  spec.ttl = member.ttl;
  spec.meta.reserve(member.meta.size());
  for (const auto& [key, value] : member.meta) spec.meta.push_back({key, value});
  spec.check = to_check(member);
  return spec;
}

/// A target that nobody can be asked at would remove the member for no fault of its own.
std::optional<Error> check_target(const registry::Check& check) {
  if (check.kind == registry::CheckKind::none || parse_target(check)) return std::nullopt;
  const bool is_http = check.kind == registry::CheckKind::http;
  return invalid("check.target",
                 "'" + check.target + "' cannot be checked; allowed: " +
                     (is_http ? "http://HOST:PORT/PATH, or nothing where the member's address is "
                                "HOST:PORT"
                              : "HOST:PORT, or nothing where the member's address is that"));
}

GroupMemberSpec to_public(const registry::MemberSpec& spec) {
  GroupMemberSpec member;
  member.id = spec.id;
  member.address = spec.address;
  member.ttl = spec.ttl;
  for (const registry::MetaEntry& entry : spec.meta) {
    member.meta.emplace_hint(member.meta.end(), entry.key, entry.value);
  }
  member.check.type = to_type(spec.check.kind);
  if (spec.check.kind == registry::CheckKind::none) return member;
  member.check.target = spec.check.target;
  member.check.interval = spec.check.interval;
  member.check.timeout = spec.check.timeout;
  member.check.misses = spec.check.misses;
  return member;
}

/// Why a command that was committed changed nothing.
Error refused(registry::Status status, const std::string& group, const std::string& id) {
  using registry::Status;
  const auto full = [](std::string message) {
    return Error{ErrorCode::not_allowed, std::move(message), "group"};
  };
  switch (status) {
    case Status::no_such_group:
      return unknown_group(group);
    case Status::lease_renewed:
      return {ErrorCode::not_allowed, "'" + id + "' has just joined again; try again", "id"};
    case Status::too_many_groups:
      return full("there are " + std::to_string(registry::groups_max) +
                  " groups already, and no more are allowed; join one of them");
    case Status::too_many_members:
      return full("all groups together have " + std::to_string(registry::members_max) +
                  " members, and no more are allowed; let some leave");
    case Status::group_full:
      return full("the group '" + group + "' has " +
                  std::to_string(registry::members_per_group_max) +
                  " members, and no more are allowed; join another one");
    case Status::registry_full:
      return full("all that members say of themselves would be more than " +
                  std::to_string(registry::content_bytes_max >> 20U) +
                  " MiB, and no more is allowed; say less in meta, or let some leave");
    case Status::too_many_requests:
      return {
          ErrorCode::overloaded, "too many requests of this agent are under way; try again", {}};
    case Status::unknown_session:
    case Status::already_answered:
    case Status::malformed:
      return {ErrorCode::timeout,
              "nobody knows any more whether this was done; read the group, and decide anew",
              {}};
    case Status::done:
    case Status::unchanged:
    case Status::no_such_member:
    case Status::stale_life:
    case Status::removed_life:
      break;
  }
  return unknown_client(group, id);
}

}  // namespace

std::expected<registry::Join, Error> checked_join(const std::string& group,
                                                  const GroupMemberSpec& member) {
  registry::Join join{.group = group, .member = to_spec(member)};
  if (const auto problem = registry::problem_with_group_name(group)) {
    return std::unexpected(problem_error(*problem, join.member, group));
  }
  if (const auto problem = registry::problem_with(join.member)) {
    return std::unexpected(problem_error(*problem, join.member, group));
  }
  if (auto error = check_target(join.member.check)) return std::unexpected(std::move(*error));
  return join;
}

std::expected<void, Error> check_client(const std::string& group, const std::string& id) {
  registry::MemberSpec spec;
  spec.id = id;
  if (const auto problem = registry::problem_with_group_name(group)) {
    return std::unexpected(problem_error(*problem, spec, group));
  }
  if (const auto problem = registry::problem_with_id(id)) {
    return std::unexpected(problem_error(*problem, spec, group));
  }
  return {};
}

std::expected<void, Error> check_removal(const std::string& group, const std::string& id) {
  if (group != registry::cluster_group) return check_client(group, id);
  return check_client(std::string(registry::default_group), id);
}

GroupMember to_public(const registry::Member& member, std::string_view group,
                      const registry::Registry& registry) {
  const bool is_looked_after =
      member.spec.ttl > Duration::zero() || member.spec.check.kind != registry::CheckKind::none;
  GroupMember shown{.spec = to_public(member.spec), .since = member.since, .responsible = {}};
  if (is_looked_after) shown.responsible = registry.responsible(group, member.spec.id);
  return shown;
}

View to_public(registry::View view) {
  return {.group = std::move(view.group),
          .number = view.number,
          .leader = std::move(view.leader),
          .members = std::move(view.members),
          .cause = std::string(to_text(view.cause)),
          .term = view.term,
          .index = view.index};
}

View to_public_heading(const registry::ViewDelta& delta) {
  return {.group = delta.group,
          .number = delta.number,
          .leader = delta.leader,
          .members = {},
          .cause = std::string(to_text(delta.cause)),
          .term = delta.term,
          .index = delta.index};
}

std::shared_ptr<const ViewChange> to_public(const registry::ViewDelta& delta,
                                            const registry::Registry& registry, MembersTold told) {
  auto change = std::make_shared<ViewChange>();
  const registry::Group* const group = registry.find(delta.group);
  const bool is_present = group != nullptr && group->number() == delta.number;
  const bool is_told =
      told == MembersTold::if_few && is_present &&
      (delta.group == registry::cluster_group || group->size() <= ViewChange::members_told_max);
  change->view = is_told ? to_public(group->view()) : to_public_heading(delta);
  for (const registry::Departure& one : delta.left) {
    change->left.push_back({one.id, std::string(to_text(one.cause))});
  }
  for (const registry::Member& one : delta.joined) {
    change->joined.push_back(to_public(one, delta.group, registry));
  }
  for (const registry::Member& one : delta.updated) {
    change->updated.push_back(to_public(one, delta.group, registry));
  }
  return change;
}

std::expected<GroupOutcome, Error> to_outcome(const registry::Result& result,
                                              const std::string& group, const std::string& id) {
  using registry::Status;
  if (result.status != Status::done && result.status != Status::unchanged) {
    return std::unexpected(refused(result.status, group, id));
  }
  return GroupOutcome{.changed = result.status == Status::done,
                      .group = result.group.empty() ? group : result.group,
                      .view = result.number,
                      .leads = false};
}

std::expected<void, Error> to_heartbeat_answer(registry::Heartbeat heartbeat,
                                               const std::string& group, const std::string& id) {
  switch (heartbeat) {
    case registry::Heartbeat::renewed:
      return {};
    case registry::Heartbeat::not_leading:
      return std::unexpected(to_error(consensus::RequestFailure::no_leader, {}));
    case registry::Heartbeat::no_such_lease:
    case registry::Heartbeat::expiring:
      break;
  }
  return std::unexpected(
      Error{ErrorCode::unknown_member,
            "'" + id + "' has no lease in the group '" + group + "' (any more); it must join again",
            "id"});
}

Error to_error(consensus::RequestFailure failure, const std::string& trouble) {
  const std::string why = trouble.empty() ? "" : ": " + trouble;
  switch (failure) {
    case consensus::RequestFailure::no_leader:
      return {
          ErrorCode::no_quorum,
          "nothing was done, for nobody can decide now" +
              (trouble.empty() ? std::string(": no leader of the log was found in time") : why) +
              "; try again",
          {}};
    case consensus::RequestFailure::timeout:
      return {ErrorCode::timeout,
              "this was not committed within the time given" + why +
                  "; it may still be: ask again, or read what has become of it",
              {}};
    case consensus::RequestFailure::overloaded:
      return {
          ErrorCode::overloaded,
          "nothing was done, for too many requests wait at this agent; try again a little later",
          {}};
    case consensus::RequestFailure::too_large:
      break;
  }
  return {ErrorCode::invalid_option,
          "nothing was done, for what this member says of itself is too long; say less", "meta"};
}

Error unknown_group(const std::string& group) {
  return {ErrorCode::unknown_member,
          "there is no group '" + group + "'; it begins when its first member joins", "group"};
}

Error unknown_client(const std::string& group, const std::string& id) {
  return {ErrorCode::unknown_member,
          "the group '" + group + "' has no member '" + id + "'; it must join first", "id"};
}

}  // namespace rollcall::runtime
