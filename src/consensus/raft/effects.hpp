// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "consensus/raft/membership.hpp"
#include "consensus/raft/messages.hpp"
#include "consensus/raft/types.hpp"

/// What a replica asks of the world, in order. The world performs each effect once, in the order
/// given and before the next input, and reports results as inputs (raft.hpp).
namespace rollcall::consensus::raft {

enum class StoreId : std::uint64_t { none = 0 };
enum class ChunkId : std::uint64_t { none = 0 };
enum class ReadId : std::uint64_t {};

/// Make durable, all of it or nothing: then on_stored(), or on_store_refused() when the disk still
/// is as it was before. Only one is under way at a time. In this order:
/// 1. keep `hard`;
/// 2. with `install`: the received snapshot becomes the snapshot, and the whole log is deleted;
/// 3. delete log entries below `keep_from`, and at or above `from`;
/// 4. add `entries`, which begin at `from` without a gap.
struct Store {
  StoreId id{};
  HardState hard;
  std::optional<SnapshotMeta> install;
  Index keep_from{};
  Index from{};
  std::vector<Entry> entries;
};

struct Send {
  VoterId to{};
  Message message;
};

/// Read `size` bytes at `offset` of the own snapshot `snapshot` (the one of the last
/// on_snapshot_saved() or RestoreSnapshot) and send them as InstallChunk. What cannot be read is
/// not sent; it is asked for again.
struct SendChunk {
  VoterId to{};
  Term term{};
  SnapshotMeta snapshot;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t round = 0;
};

/// Write a piece of a snapshot that arrives; a piece at offset 0 begins anew. Durable only with the
/// Store that installs it, but readable then: on_chunk_stored() or on_chunk_refused().
struct StoreChunk {
  ChunkId id{};
  SnapshotMeta snapshot;
  std::uint64_t offset = 0;
  ByteVector data;
};

/// Hand entries first to last, which are committed, to the state machine: Raft::entry(). Every
/// index comes once, in order, between a start (or RestoreSnapshot) and the end.
struct Apply {
  Index first{};
  Index last{};
};

/// Replace the state machine by this snapshot, which is installed.
struct RestoreSnapshot {
  SnapshotMeta snapshot;
};

/// Save the state machine as it is now, after entry `last`, aside from the log; then
/// on_snapshot_saved() or on_snapshot_failed(). Only one is under way at a time.
struct TakeSnapshot {
  Position last;
  Membership membership;
};

enum class Role : std::uint8_t {
  follower,       // also: learner, or no member
  pre_candidate,  // asks who would vote for it
  candidate,      //
  leader
};
std::string_view to_text(Role role);

/// Role, term, or the known leader changed.
struct RoleChanged {
  Role role{};
  Term term{};
  VoterId leader{};  // nobody: not known
};

enum class Settled : std::uint8_t { appended, committed };
/// Another membership is in force (appended, or back after entries were replaced), or is final.
struct MembershipChanged {
  Membership membership;
  Index index{};
  Settled settled{};
};

/// The state machine, as it is when this effect is performed, has everything that was committed
/// when the read was asked for.
struct ReadReady {
  ReadId id{};
  Index index{};
};
/// This replica leads no longer; the read was not confirmed.
struct ReadFailed {
  ReadId id{};
};

/// The transfer of leadership asked for did not happen in time; this replica leads on.
struct TransferFailed {
  VoterId to{};
};

/// A member that hears a leader says that this replica is no member any more.
struct Removed {
  VoterId by{};
  Term term{};
};

using Effect =
    std::variant<Store, Send, SendChunk, StoreChunk, Apply, RestoreSnapshot, TakeSnapshot,
                 RoleChanged, MembershipChanged, ReadReady, ReadFailed, TransferFailed, Removed>;

/// The ordered list of effects of one input.
class Effects {
 public:
  void add(Effect effect) { list_.push_back(std::move(effect)); }
  [[nodiscard]] const std::vector<Effect>& list() const { return list_; }
  /// For a world that moves the payloads out.
  [[nodiscard]] std::vector<Effect>& list() { return list_; }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  void clear() { list_.clear(); }

 private:
  std::vector<Effect> list_;
};

}  // namespace rollcall::consensus::raft
