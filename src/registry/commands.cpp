// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/commands.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"
#include "registry/limits.hpp"
#include "registry/member_codec.hpp"

namespace rollcall::registry {
namespace {

enum class Kind : std::uint8_t { join, leave, evict, change_cluster };

constexpr std::size_t lease_bytes_min = 14;
constexpr std::size_t removal_bytes_min = 28;

bool is_request(const RequestId& request) {
  if (request.client.is_nobody()) return request == RequestId{};
  return request.answered_below >= 1 && request.sequence >= request.answered_below;
}
bool is_eviction(Cause cause) {
  return cause == Cause::expired || cause == Cause::check_failed || cause == Cause::removed;
}
bool is_removal(Cause cause) {
  return cause == Cause::left || cause == Cause::failed || cause == Cause::removed;
}
bool is_cluster_member(const MemberSpec& spec) {
  return !spec.life.id.is_nobody() && spec.ttl == Duration::zero() &&
         spec.check.kind == CheckKind::none;
}

/// Nobody is said twice, or one view would hold two changes of one member.
template <class Entry>
bool is_each_once(const std::vector<Entry>& entries) {
  std::set<std::string_view> ids;
  return std::ranges::all_of(entries, [&](const Entry& one) { return ids.insert(one.id).second; });
}

/// A group that clients may change.
std::string read_group(Reader& in) {
  std::string group = read_name(in);
  in.require(group != cluster_group);
  return group;
}

void write_fields(Writer& out, const Join& join) {
  out.text(join.group);
  write(out, join.member);
}
void write_fields(Writer& out, const Leave& leave) {
  out.text(leave.group);
  out.text(leave.id);
  out.life(leave.life);
}
void write_fields(Writer& out, const Evict& evict) {
  out.choice(evict.cause);
  out.count(evict.leases.size());
  for (const LeaseName& lease : evict.leases) {
    out.text(lease.group);
    out.text(lease.id);
    out.word(lease.granted);
  }
}
void write_fields(Writer& out, const ChangeCluster& change) {
  out.count(change.removed.size());
  for (const ClusterRemoval& removal : change.removed) {
    out.text(removal.id);
    out.life(removal.life);
    out.choice(removal.cause);
  }
  out.count(change.joined.size());
  for (const MemberSpec& spec : change.joined) write(out, spec);
}

Join read_join(Reader& in) {
  Join join;
  join.group = read_group(in);
  join.member = read_spec(in);
  return join;
}
Leave read_leave(Reader& in) {
  Leave leave;
  leave.group = read_group(in);
  leave.id = read_name(in);
  leave.life = in.life();
  in.require(!leave.life.id.is_nobody() || leave.life.boot == 0);
  return leave;
}
Evict read_evict(Reader& in) {
  Evict evict;
  evict.cause = in.choice(Cause::removed);
  in.require(is_eviction(evict.cause));
  const std::size_t count = in.count(batch_entries_max, lease_bytes_min);
  in.require(count > 0);
  for (std::size_t i = 0; i < count && in.is_good(); ++i) {
    LeaseName lease;
    lease.group = read_group(in);
    lease.id = read_name(in);
    lease.granted = in.word<std::uint64_t>();
    evict.leases.push_back(std::move(lease));
  }
  return evict;
}
ClusterRemoval read_removal(Reader& in) {
  ClusterRemoval removal;
  removal.id = read_name(in);
  removal.life = in.life();
  removal.cause = in.choice(Cause::removed);
  in.require(is_removal(removal.cause) && !removal.life.id.is_nobody());
  return removal;
}
ChangeCluster read_change(Reader& in) {
  ChangeCluster change;
  const std::size_t removed = in.count(batch_entries_max, removal_bytes_min);
  for (std::size_t i = 0; i < removed && in.is_good(); ++i) {
    change.removed.push_back(read_removal(in));
  }
  const std::size_t joined = in.count(batch_entries_max, spec_bytes_min);
  for (std::size_t i = 0; i < joined && in.is_good(); ++i) {
    change.joined.push_back(read_spec(in));
    in.require(is_cluster_member(change.joined.back()));
  }
  in.require(removed + joined > 0 && removed + joined <= batch_entries_max);
  in.require(is_each_once(change.removed) && is_each_once(change.joined));
  return change;
}

Kind kind_of(const Command& command) {
  return static_cast<Kind>(command.action.index());
}

RequestId read_request(Reader& in) {
  RequestId request;
  request.client = in.life_id();
  request.sequence = in.word<std::uint64_t>();
  request.answered_below = in.word<std::uint64_t>();
  in.require(is_request(request));
  return request;
}

Command read_command(Reader& in) {
  const Kind kind = in.choice(Kind::change_cluster);
  Command command;
  command.request = read_request(in);
  switch (kind) {
    case Kind::join:
      command.action = read_join(in);
      break;
    case Kind::leave:
      command.action = read_leave(in);
      break;
    case Kind::evict:
      command.action = read_evict(in);
      break;
    case Kind::change_cluster:
      command.action = read_change(in);
      break;
  }
  return command;
}

}  // namespace

std::string_view to_text(CommandError error) {
  switch (error) {
    case CommandError::too_new:
      return "of a later version of rollcall";
    case CommandError::too_large:
      return "larger than 1 MiB";
    case CommandError::malformed:
      return "malformed";
  }
  ROLLCALL_CHECK(false);
}

std::expected<Command, CommandError> decode_command(Bytes bytes) {
  if (bytes.empty()) return std::unexpected(CommandError::malformed);
  Reader in(bytes);
  const auto version = in.word<std::uint8_t>();
  if (version > command_version) return std::unexpected(CommandError::too_new);
  if (bytes.size() > command_bytes_max) return std::unexpected(CommandError::too_large);
  in.require(version == command_version);
  Command command = read_command(in);
  if (!in.is_whole()) return std::unexpected(CommandError::malformed);
  return command;
}

std::optional<RequestId> peek_request(Bytes bytes) {
  Reader in(bytes);
  in.require(in.word<std::uint8_t>() == command_version);
  in.choice(Kind::change_cluster);
  const RequestId request = read_request(in);
  if (!in.is_good()) return std::nullopt;
  return request;
}

ByteVector encode(const Command& command) {
  ByteVector bytes;
  Writer out(bytes);
  out.word(command_version);
  out.choice(kind_of(command));
  out.life_id(command.request.client);
  out.word(command.request.sequence);
  out.word(command.request.answered_below);
  std::visit([&](const auto& action) { write_fields(out, action); }, command.action);
  ROLLCALL_CHECK(!is_small_enough(bytes) || decode_command(bytes).has_value());
  return bytes;
}

bool is_small_enough(Bytes command) {
  return command.size() <= command_bytes_max;
}

}  // namespace rollcall::registry
