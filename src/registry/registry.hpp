// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "registry/commands.hpp"
#include "registry/group.hpp"
#include "registry/history.hpp"
#include "registry/removed_lives.hpp"
#include "registry/responsibility.hpp"
#include "registry/sessions.hpp"
#include "registry/types.hpp"

namespace rollcall::registry {

/// What the log hands over once it is committed.
struct Committed {
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  Bytes command;
};

/// What one command did: the answer for whoever proposed it, and what watchers are told.
struct Applied {
  Result result;
  std::vector<ViewDelta> changes;  // at most one a group
  /// A join that said nothing new: no view, but the lease has another name and begins again.
  std::optional<LeaseName> renewed;
};

enum class RestoreError : std::uint8_t {
  foreign,        // no snapshot of a registry at all
  too_new,        // of a later version of rollcall
  torn,           // cut short, or not what was written
  other_cluster,  // of another cluster
  invalid,        // whole, but with contents that no registry has
};
std::string_view to_text(RestoreError error);

/// Why the deltas of a group cannot be given.
enum class WatchError : std::uint8_t {
  no_such_group,
  too_old,    // forgotten: begin again with the present view
  in_future,  // this replica has not got so far; wait, or ask another
};

/// The agreed state: named groups with their members and views, as the committed commands make it.
///
/// Pure and without a clock: whether a lease has run out, or a member has failed, is decided by
/// the leader and comes as a command. Two registries that applied the same commands are equal, and
/// give the same snapshot, byte for byte.
///
/// A group begins with its first member. An empty one keeps its number; only when groups_max is
/// reached, the one that has been empty for longest is forgotten, and no group begins below its
/// number again: the number of a view is a fencing token, whatever happens to the group.
///
/// Whoever joins the group `auto` is put where the id already is, else into the smallest group of
/// clients (of equals the first by name), else into `default`; the result says where.
///
/// Order:   apply() in the order of the log; indexes grow (checked), gaps are the log's own
/// entries. Errors:  no committed bytes are an error but those of a later version, which must stop
/// this
///          replica before it differs from the others. A refused command makes no view.
/// Limits:  limits.hpp. A command costs O(log members) a member that it names; a join of `auto`
///          and one that needs a new group beyond groups_max, O(groups log members).
/// Threads: none; the caller serialises calls.
class Registry {
 public:
  /// `cluster` names the cluster for good: snapshots of others are refused.
  explicit Registry(LifeId cluster);

  /// Too new: nothing has happened, and nothing may be applied any more by this program.
  [[nodiscard]] std::expected<Applied, CommandError> apply(const Committed& entry);

  // --- what is agreed ---
  /// Of the latest command that was applied.
  [[nodiscard]] std::uint64_t term() const { return term_; }
  [[nodiscard]] std::uint64_t index() const { return index_; }
  [[nodiscard]] const LifeId& cluster_id() const { return cluster_id_; }
  /// By name; `cluster` is always there.
  [[nodiscard]] const std::map<std::string, Group, std::less<>>& groups() const { return groups_; }
  [[nodiscard]] const Group* find(std::string_view group) const;
  [[nodiscard]] const Group& cluster() const { return groups_.find(cluster_group)->second; }
  [[nodiscard]] std::size_t member_count() const { return member_count_; }
  /// The cluster member that looks after a client; empty: the cluster has no members.
  [[nodiscard]] std::string_view responsible(std::string_view group, std::string_view id) const {
    return responsibility_.of(group, id);
  }
  /// Whether this life of a cluster member was removed: it must come back as a new one.
  [[nodiscard]] bool is_removed(std::string_view id, const Life& life) const {
    return removed_lives_.contains(id, life);
  }

  /// Whether the answers to this client's requests are kept: its session has begun, and is not
  /// forgotten.
  [[nodiscard]] bool has_session(const LifeId& client) const { return sessions_.contains(client); }

  // --- for readers that resume ---
  /// What followed view `after`, oldest first; empty if it is the present one.
  [[nodiscard]] std::expected<std::vector<const ViewDelta*>, WatchError> deltas_since(
      std::string_view group, std::uint64_t after) const;
  /// The views after number `after`, whole, oldest first: those still known, at most the latest
  /// `count_max`. O(views x members).
  [[nodiscard]] std::vector<View> views_since(std::string_view group, std::uint64_t after,
                                              std::size_t count_max) const;

  // --- snapshots ---
  [[nodiscard]] ByteVector snapshot() const;
  /// An error leaves nothing half done: there is no registry.
  [[nodiscard]] static std::expected<Registry, RestoreError> restore(Bytes snapshot,
                                                                     const LifeId& cluster);

  /// Whole-state facts, for tests and simulation; O(members).
  void check_invariants() const;

 private:
  struct SnapshotReader;

  Applied run(const Command& command);
  Result run(const Join& join, Applied& applied);
  Result run(const Leave& leave, Applied& applied);
  Result run(const Evict& evict, Applied& applied);
  Result run(const ChangeCluster& change, Applied& applied);

  Result join_group(Group& group, const MemberSpec& spec, ViewDelta& draft);
  Result renew(Group& group, const Member& member, const MemberSpec& spec, ViewDelta& draft);
  Status replace_life(Group& group, const Member& member, const MemberSpec& spec, ViewDelta& draft);
  Status add(Group& group, const MemberSpec& spec, ViewDelta& draft);
  void remove(Group& group, const Member& member, Cause cause, ViewDelta& draft);
  Status join_cluster(Group& cluster, const MemberSpec& spec, ViewDelta& draft);
  void commit(Group& group, ViewDelta& draft, Applied& applied);

  [[nodiscard]] std::string choose_group(std::string_view id) const;
  Group* find_or_make(std::string_view name);
  bool forget_an_empty_group();
  [[nodiscard]] Group* find_mutable(std::string_view group);
  [[nodiscard]] const History& history_of(std::string_view group) const;
  [[nodiscard]] History& history_of(std::string_view group);

  LifeId cluster_id_;
  std::uint64_t term_ = 0;
  std::uint64_t index_ = 0;
  std::map<std::string, Group, std::less<>> groups_;
  std::size_t member_count_ = 0;
  std::size_t content_bytes_ = 0;
  /// The highest number of any group that was forgotten; new ones begin above it.
  std::uint64_t forgotten_number_ = 0;
  History cluster_history_;
  History history_;
  Sessions sessions_;
  RemovedLives removed_lives_;
  Responsibility responsibility_;  // follows from the group `cluster`
};

}  // namespace rollcall::registry
