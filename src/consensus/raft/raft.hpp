// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consensus/raft/config.hpp"
#include "consensus/raft/effects.hpp"
#include "consensus/raft/membership.hpp"
#include "consensus/raft/messages.hpp"
#include "consensus/raft/types.hpp"

namespace rollcall::consensus::raft {

/// What the disk gave back at start; all empty for a replica that is new.
struct Stored {
  HardState hard;
  std::optional<SnapshotMeta> snapshot;
  /// Without a gap; beginning at or below the snapshot's end + 1 (at 1 without a snapshot).
  std::vector<Entry> entries;
};

enum class RestoreError : std::uint8_t {
  config,      // validate() refuses the config
  gap,         // entries are missing between, or between snapshot and log
  order,       // terms that fall from entry to entry, or above the kept term
  membership,  // an entry or the snapshot has a membership that does not decode
};
std::string_view to_text(RestoreError error);

enum class ProposeError : std::uint8_t {
  not_leader,    // ask leader()
  transferring,  // leadership is being handed over: ask the next leader soon
  too_large,     // above Config::command_bytes_max
  backlog        // too much is uncommitted: try again when some of it is
};
std::string_view to_text(ProposeError error);

enum class ChangeError : std::uint8_t {
  not_leader,     //
  transferring,   //
  not_ready,      // nothing of this leader's own term is committed yet: try again soon
  in_progress,    // an earlier change is not committed yet
  not_caught_up,  // the learner lacks too much of the log, or is silent
  invalid         // does not apply to the membership in force
};
std::string_view to_text(ChangeError error);

enum class ReadError : std::uint8_t { not_leader, backlog };
std::string_view to_text(ReadError error);

enum class TransferError : std::uint8_t {
  not_leader,  //
  busy,        // another transfer is under way
  not_voter    // only another voter can lead
};
std::string_view to_text(TransferError error);

/// Counters since the start; each only grows.
struct Counters {
  std::uint64_t campaigns = 0;
  std::uint64_t elections_won = 0;
  std::uint64_t stepped_down = 0;
  std::uint64_t stores_refused = 0;
  std::uint64_t messages_refused = 0;  // malformed, or from before
  /// What no correct replica says: two leaders of a term, a change of committed entries. Each was
  /// dropped; one is reason for an alarm.
  std::uint64_t impossible_messages = 0;
  std::uint64_t snapshots_installed = 0;
};

/// How far a peer is, as its leader knows.
struct PeerStatus {
  VoterId id{};
  Index match{};
  Instant heard{};
  bool receives_snapshot = false;
};

/// One replica of the log: elections, replication, membership, reads and snapshots of Raft.
///
/// Sans-I/O: reads no clock, opens no socket, starts no thread. Two replicas given the same config,
/// stored state, seed and inputs append the same effects, byte for byte.
///
/// Durability: nothing is voted, acknowledged or counted before the Store that has it was
/// confirmed;
///          a leader's entries travel to the others while its own disk writes, and count for it
///          once that is done. Nothing is applied that is not stored here.
/// Units:   times are Instants of the replica's own monotonic clock; never a peer's.
/// Order:   now must not decrease from call to call (checked).
/// Errors:  after create() no input is an error: messages that are late, doubled, malformed or from
///          strangers are dropped and counted. A disk that refuses makes a leader step down and
///          keeps a replica from voting and acknowledging until a store succeeds.
/// Limits:  memory for the log since the last snapshot, and the windows of Config.
/// Threads: none; the caller serialises calls.
/// Source:  Ongaro, "Consensus: Bridging Theory and Practice", 2014; for the membership changes
/// also
///          Ongaro, "bug in single-server membership changes", raft-dev, 10 July 2015.
class Raft {
 public:
  static std::expected<Raft, RestoreError> create(const Config& config, Stored stored,
                                                  std::uint64_t seed, Instant now);
  ~Raft();
  Raft(Raft&&) noexcept;
  Raft& operator=(Raft&&) noexcept;

  /// Begins a new group, on a replica that stored nothing so far (checked: is_new()). All who begin
  /// the same group must give the same voters; everybody else joins as a learner and only waits.
  void bootstrap(const Membership& membership, Instant now, Effects& effects);

  void on_message(VoterId from, Message message, Instant now, Effects& effects);

  /// A failure detector has found that this replica, if it leads, does so no more. A hint, which
  /// may be wrong: a follower of it votes for others from now on and campaigns soon, not after an
  /// election timeout; a leader that is heard after all is followed again. Others are no reason.
  void on_failed(VoterId replica, Instant now, Effects& effects);

  void on_stored(StoreId id, Instant now, Effects& effects);
  void on_store_refused(StoreId id, Instant now, Effects& effects);

  void on_chunk_stored(ChunkId id, Instant now, Effects& effects);
  void on_chunk_refused(ChunkId id, Instant now, Effects& effects);

  /// The snapshot that TakeSnapshot asked for is durable, with `size` bytes; older ones may go.
  void on_snapshot_saved(std::uint64_t size, Instant now, Effects& effects);
  void on_snapshot_failed(Instant now, Effects& effects);

  /// Call when now >= next_deadline(), after all input that had arrived by then was given; calling
  /// early is harmless and does nothing.
  void on_deadline(Instant now, Effects& effects);
  /// The one timer the world must keep. Recompute after every call.
  [[nodiscard]] Instant next_deadline() const;

  /// Appends a command. It is committed when Apply hands over this very position; it is lost when
  /// another term's entry is applied at that index; until then its outcome is open.
  [[nodiscard]] std::expected<Position, ProposeError> propose(ByteVector command, Instant now,
                                                              Effects& effects);
  [[nodiscard]] std::expected<Position, ChangeError> change(const MembershipChange& change,
                                                            Instant now, Effects& effects);
  /// Asks for a linearizable read: ReadReady or ReadFailed follows, exactly once.
  [[nodiscard]] std::expected<void, ReadError> read(ReadId id, Instant now, Effects& effects);
  /// Hands leadership to another voter: RoleChanged or TransferFailed follows.
  [[nodiscard]] std::expected<void, TransferError> transfer(VoterId to, Instant now,
                                                            Effects& effects);
  /// The voter that has most of the log besides this leader; nobody if there is none.
  [[nodiscard]] VoterId transfer_target() const;

  // --- Queries -------------------------------------------------------------------------------
  [[nodiscard]] const Config& config() const;
  [[nodiscard]] bool is_new() const;
  [[nodiscard]] Role role() const;
  [[nodiscard]] Term term() const;
  [[nodiscard]] VoterId leader() const;
  [[nodiscard]] Index commit() const;
  [[nodiscard]] Index applied() const;
  [[nodiscard]] Position last() const;
  /// Up to where the disk has what the log has.
  [[nodiscard]] Index stored() const;
  /// The oldest entry kept.
  [[nodiscard]] Index first() const;
  /// An entry from first() to last(); valid until the next input.
  [[nodiscard]] const Entry& entry(Index index) const;
  [[nodiscard]] const std::optional<SnapshotMeta>& snapshot() const;
  /// In force: the last one in the log, committed or not.
  [[nodiscard]] const Membership& membership() const;
  [[nodiscard]] const HardState& stored_hard() const;
  /// Whether the disk refused the last store.
  [[nodiscard]] bool store_failing() const;
  [[nodiscard]] const Counters& counters() const;
  /// Empty unless leader; by id.
  [[nodiscard]] std::vector<PeerStatus> peers() const;

  /// Ends the process when the replica contradicts itself. Called after every input.
  void check_invariants() const;

 private:
  class State;
  explicit Raft(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rollcall::consensus::raft
