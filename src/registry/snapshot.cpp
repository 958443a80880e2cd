// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Layout (big-endian): magic (8 bytes), version (1), cluster (16), term, index, forgotten number
// (8 each), groups, the history of `cluster`, that of the others, sessions, removed lives, and
// hash_bytes() of all of it (8). Lists have a 32-bit count.
#include <utility>

#include "base/check.hpp"
#include "registry/limits.hpp"
#include "registry/member_codec.hpp"
#include "registry/mutants.hpp"
#include "registry/registry.hpp"

namespace rollcall::registry {
namespace {

constexpr std::string_view magic = "rcregist";
constexpr std::uint8_t snapshot_version = 1;
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t head_bytes = magic.size() + 1;

constexpr std::size_t group_bytes_min = 40;
constexpr std::size_t member_bytes_min = spec_bytes_min + 24;
constexpr std::size_t delta_bytes_min = 42;
constexpr std::size_t session_bytes_min = 36;
constexpr std::size_t result_bytes_min = 27;
constexpr std::size_t removal_bytes_min = 35;
constexpr std::size_t group_name_bytes_max = 128;

void write_group(Writer& out, const Group& group) {
  const Group::Heading heading = group.heading();
  out.text(group.name());
  out.word(group.number());
  out.word(heading.next_standing);
  out.choice(heading.cause);
  out.word(heading.term);
  out.word(heading.index);
  out.count(group.size());
  for (const auto& [standing, member] : group.members()) write(out, member);
}

void write_history(Writer& out, const History& history) {
  out.count(history.size());
  for (std::size_t i = 0; i < history.size(); ++i) write(out, history.at(i));
}

void write_sessions(Writer& out, const Sessions& sessions) {
  out.count(sessions.all().size());
  for (const auto& [client, session] : sessions.all()) {
    out.life_id(client);
    out.word(session.used);
    out.word(session.answered_below);
    out.count(session.results.size());
    for (const auto& [sequence, result] : session.results) {
      out.word(sequence);
      out.choice(result.status);
      out.word(result.number);
      out.word(result.granted);
      out.text(result.group);
    }
  }
}

void write_removed_lives(Writer& out, const RemovedLives& lives) {
  out.count(lives.all().size());
  for (const auto& [id, removal] : lives.all()) {
    out.text(id);
    out.life(removal.life);
    out.word(removal.index);
  }
}

Result read_result(Reader& in) {
  Result result;
  result.status = in.choice(Status::malformed);
  result.number = in.word<std::uint64_t>();
  result.granted = in.word<std::uint64_t>();
  result.group = in.text(group_name_bytes_max);
  return result;
}

/// What is wrong with the bytes as a whole, before anything in them is believed.
std::expected<void, RestoreError> check_whole(Bytes snapshot) {
  if (snapshot.size() < magic.size() || as_text(snapshot.first(magic.size())) != magic) {
    return std::unexpected(RestoreError::foreign);
  }
  if (snapshot.size() < head_bytes + checksum_bytes) return std::unexpected(RestoreError::torn);
  if (std::to_integer<std::uint8_t>(snapshot[magic.size()]) > snapshot_version) {
    return std::unexpected(RestoreError::too_new);
  }
  Reader checksum(snapshot.last(checksum_bytes));
  const Bytes body = snapshot.first(snapshot.size() - checksum_bytes);
  if (checksum.word<std::uint64_t>() != hash_bytes(as_text(body))) {
    return std::unexpected(RestoreError::torn);
  }
  return {};
}

}  // namespace

std::string_view to_text(RestoreError error) {
  switch (error) {
    case RestoreError::foreign:
      return "no snapshot of a registry";
    case RestoreError::too_new:
      return "written by a later version of rollcall";
    case RestoreError::torn:
      return "cut short or damaged";
    case RestoreError::other_cluster:
      return "of another cluster";
    case RestoreError::invalid:
      return "whole, but not what a registry can hold";
  }
  ROLLCALL_CHECK(false);
}

ByteVector Registry::snapshot() const {
  ByteVector bytes;
  // One allocation, where growing would hold the bytes twice.
  bytes.reserve(content_bytes_ + history_.bytes() + cluster_history_.bytes() +
                sessions_.results() * 2 * result_bytes_min);
  Writer out(bytes);
  out.bytes(as_bytes(magic));
  out.word(snapshot_version);
  out.life_id(cluster_id_);
  out.word(term_);
  out.word(index_);
  out.word(forgotten_number_);
  out.count(groups_.size());
  for (const auto& [name, group] : groups_) write_group(out, group);
  write_history(out, cluster_history_);
  write_history(out, history_);
  write_sessions(out, sessions_);
  write_removed_lives(out, removed_lives_);
  out.word(hash_bytes(as_text(bytes)));
  return bytes;
}

/// Fills a new registry; whatever does not fit makes the reader bad.
struct Registry::SnapshotReader {
  Registry& registry;
  Reader& in;

  void read_group() {
    std::string name = read_name(in);
    const auto number = in.word<std::uint64_t>();
    Group group(name, number);
    Group::Heading heading;
    heading.next_standing = in.word<std::uint64_t>();
    heading.cause = in.choice(Cause::removed);
    heading.term = in.word<std::uint64_t>();
    heading.index = in.word<std::uint64_t>();
    in.require(heading.index <= registry.index_ && heading.term <= registry.term_);
    in.require((heading.index > 0 && number > 0) || name == cluster_group);
    group.restore(heading);
    const std::size_t count = in.count(members_per_group_max, member_bytes_min);
    for (std::size_t i = 0; i < count && in.is_good(); ++i) {
      Member member = read_member(in);
      registry.content_bytes_ += content_bytes(member.spec);
      in.require(member.granted <= registry.index_);
      in.require(group.restore(std::move(member)));
    }
    registry.member_count_ += count;
    in.require(registry.groups_.empty() || registry.groups_.rbegin()->first < name);
    const bool is_kept = !group.is_empty() || name == cluster_group;
    if (is_mutant(Mutant::empty_groups_lost_in_snapshot) && !is_kept) return;
    registry.groups_.emplace(std::move(name), std::move(group));
  }

  void read_groups() {
    registry.groups_.clear();
    const std::size_t count = in.count(groups_max, group_bytes_min);
    for (std::size_t i = 0; i < count && in.is_good(); ++i) read_group();
    in.require(registry.member_count_ <= members_max &&
               registry.content_bytes_ <= content_bytes_max &&
               registry.groups_.contains(cluster_group));
  }

  void read_history(History& history, std::size_t views_max) {
    const std::size_t count = in.count(views_max, delta_bytes_min);
    for (std::size_t i = 0; i < count && in.is_good(); ++i) {
      ViewDelta delta = read_delta(in);
      in.require(delta.index <= registry.index_);
      in.require((delta.group == cluster_group) == (&history == &registry.cluster_history_));
      history.append(std::move(delta));
    }
    in.require(history.size() == count);
  }

  void read_session() {
    const LifeId client = in.life_id();
    Sessions::Session session;
    session.used = in.word<std::uint64_t>();
    session.answered_below = in.word<std::uint64_t>();
    in.require(session.used <= registry.index_);
    const std::size_t count = in.count(session_results_max, result_bytes_min);
    std::uint64_t latest = 0;
    for (std::size_t i = 0; i < count && in.is_good(); ++i) {
      const auto sequence = in.word<std::uint64_t>();
      in.require(sequence > latest);
      latest = sequence;
      session.results.emplace_hint(session.results.end(), sequence, read_result(in));
    }
    if (is_mutant(Mutant::sessions_lost_in_snapshot)) return;
    in.require(in.is_good() && registry.sessions_.restore(client, std::move(session)));
  }

  void read_removed_life() {
    const std::string id = read_name(in);
    const Life life = in.life();
    const auto index = in.word<std::uint64_t>();
    in.require(index <= registry.index_ && !registry.removed_lives_.all().contains(id));
    if (in.is_good()) registry.removed_lives_.insert(id, life, index);
  }

  void read_all() {
    registry.term_ = in.word<std::uint64_t>();
    registry.index_ = in.word<std::uint64_t>();
    registry.forgotten_number_ = in.word<std::uint64_t>();
    read_groups();
    read_history(registry.cluster_history_, cluster_history_views_max);
    read_history(registry.history_, history_views_max);
    const std::size_t sessions = in.count(sessions_max, session_bytes_min);
    for (std::size_t i = 0; i < sessions && in.is_good(); ++i) read_session();
    const std::size_t lives = in.count(removed_lives_max, removal_bytes_min);
    for (std::size_t i = 0; i < lives && in.is_good(); ++i) read_removed_life();
    in.require(in.left() == 0);
  }
};

std::expected<Registry, RestoreError> Registry::restore(Bytes snapshot, const LifeId& cluster) {
  if (const auto whole = check_whole(snapshot); !whole) return std::unexpected(whole.error());
  const std::size_t body_bytes = snapshot.size() - head_bytes - checksum_bytes;
  Reader in(snapshot.subspan(head_bytes, body_bytes));
  Registry registry(in.life_id());
  if (registry.cluster_id_ != cluster) return std::unexpected(RestoreError::other_cluster);
  SnapshotReader{.registry = registry, .in = in}.read_all();
  if (!in.is_good() || std::to_integer<std::uint8_t>(snapshot[magic.size()]) != snapshot_version) {
    return std::unexpected(RestoreError::invalid);
  }
  registry.responsibility_.set_members(registry.cluster());
  return registry;
}

}  // namespace rollcall::registry
