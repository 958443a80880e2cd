// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consensus/frames.hpp"
#include "consensus/log.hpp"
#include "consensus/raft/raft.hpp"

namespace rollcall::consensus {

struct ReplicaConfig {
  std::string self;  // this member's name
  /// raft.self is the data directory's voter id; nobody: there is no data directory, and this
  /// member follows without a vote for ever.
  raft::Config raft;
  /// Begins a log alone, at once, where it has none (--is-introducer).
  bool begins_alone = false;
  /// Begins a log together with so many members that say the same number; 0: does not.
  std::uint16_t bootstrap_expect = 0;
  /// The log that the data directory had a part in and holds no more. The others may still have it:
  /// this member begins no other, and lets nobody begin one.
  LogId lost_log;
  std::uint64_t seed = 0;

  // --- what the leader does ---
  std::size_t voters_wanted = 3;                            // 1, 3 or 5
  Duration voter_replace_after = std::chrono::seconds(30);  // a failed voter is replaced then

  // --- following without a vote ---
  Duration fetch_patience = std::chrono::milliseconds(500);
  Duration fetch_timeout = std::chrono::seconds(2);
  Duration fetch_retry_min = std::chrono::milliseconds(20);
  Duration fetch_retry_max = std::chrono::seconds(1);
  std::size_t fetch_bytes_max = 256U << 10U;
  std::size_t fetches_held_max = 4096;

  Duration begin_promise = std::chrono::seconds(10);
  /// A read or write sent on to a leader is given up after this without a word.
  Duration forward_timeout = std::chrono::seconds(2);
};

/// What the data directory gave back; empty for a new one or where there is none.
struct ReplicaStored {
  LogId log;
  raft::Stored raft;
};

/// To a member, by name. Lost where there is no way to it.
struct SendFrame {
  std::string to;
  Frame frame;
};
/// Make durable before any Store that follows: the log's id, beside the voter's id. Not confirmed
/// on its own.
struct KeepLog {
  LogId log;
};
/// Read `size` bytes at `offset` of the own snapshot and send them to the member as
/// `reply` with reply.what = FetchedPiece. What cannot be read is not sent.
struct SendFetchedPiece {
  std::string to;
  FetchReply reply;
  raft::Position snapshot;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
/// Give the own snapshot, which is on the disk, up as Restored.
struct GiveUpSnapshot {
  raft::SnapshotMeta snapshot;
};
/// The raft core's own, performed as raft/effects.hpp says. Apply, RestoreSnapshot and
/// TakeSnapshot are about the *copy*: a second registry on voters that is fed by these alone, and
/// that snapshots are taken of; so commits never wait for a snapshot. SendChunk goes to `to`'s
/// name by SendFrame's rules as an InstallChunk in a RaftFrame.
struct SendRaftChunk {
  std::string to;
  RaftFrame head;  // its message is an InstallChunk without data
  std::uint64_t size = 0;
};

using ReplicaEffect = std::variant<SendFrame, KeepLog, raft::Store, raft::StoreChunk, SendRaftChunk,
                                   raft::Apply, raft::RestoreSnapshot, raft::TakeSnapshot,
                                   SendFetchedPiece, GiveUpSnapshot, LogEvent>;
using ReplicaEffects = std::vector<ReplicaEffect>;

/// Since the start; each only grows.
struct ReplicaCounters {
  std::uint64_t frames_of_another_log = 0;
  std::uint64_t frames_late = 0;         // answers to what is asked no more
  std::uint64_t frames_misdirected = 0;  // to another voter, or not for the log at all
  std::uint64_t sends_without_name = 0;  // to a voter whose member nobody knows
  std::uint64_t fetches_failed = 0;
  std::uint64_t snapshots_fetched = 0;
};

/// One member's part in the log that voters among the members keep: a voter or a learner where the
/// leader made it one, a follower without a vote else; and the leader's care for who votes.
///
/// Sans-I/O, deterministic, as raft::Raft. The world performs each effect once, in order, before
/// the next input; for Apply it calls entry().
///
/// A replica whose data directory has a snapshot gives it up (RestoreSnapshot, GiveUpSnapshot) with
/// its first input, whichever that is; next_deadline() is at once until then.
///
/// Order:   on_peers() comes once whoever was to be joined has been asked: begins_alone begins with
///          the first one that shows nobody with a log, be it here or not. LogEvents give every
///          committed command once, in order, whether it came from the own log or from a voter's;
///          Restored may skip some.
/// Errors:  no frame is an error; what does not fit is dropped and counted.
/// Limits:  those of raft::Config, and fetches_held_max.
/// Threads: none; the caller serialises calls.
/// Source:  Ongaro 2014; following by fetches as in Kafka's KRaft (KIP-595).
class Replica {
 public:
  static std::expected<Replica, raft::RestoreError> create(const ReplicaConfig& config,
                                                           ReplicaStored stored, Instant now);
  ~Replica();
  Replica(Replica&&) noexcept;
  Replica& operator=(Replica&&) noexcept;

  /// The failure detector's members changed; all of them, by name, self included.
  void on_peers(const Peers& peers, Instant now, ReplicaEffects& effects);
  void on_frame(const std::string& from, Frame frame, Instant now, ReplicaEffects& effects);
  /// The stream to a member broke or could not be opened: what is on its way to it is lost.
  void on_unreachable(const std::string& peer, Instant now, ReplicaEffects& effects);

  void on_stored(raft::StoreId id, Instant now, ReplicaEffects& effects);
  void on_store_refused(raft::StoreId id, Instant now, ReplicaEffects& effects);
  void on_chunk_stored(raft::ChunkId id, Instant now, ReplicaEffects& effects);
  void on_chunk_refused(raft::ChunkId id, Instant now, ReplicaEffects& effects);
  void on_snapshot_saved(std::uint64_t size, Instant now, ReplicaEffects& effects);
  void on_snapshot_failed(Instant now, ReplicaEffects& effects);

  void propose(ProposalToken token, ByteVector command, Instant now, ReplicaEffects& effects);
  /// What this member decided as the leader of a term: dropped without a word unless it still leads
  /// that very term, and never sent on to another leader, who may know better.
  void propose_as_leader(ProposalToken token, ByteVector command, std::uint64_t term, Instant now,
                         ReplicaEffects& effects);
  void read(ReadToken token, Instant now, ReplicaEffects& effects);
  /// This member is about to leave: hands leadership to another voter if it leads.
  /// has_handed_over() tells when that is done or was not needed.
  void prepare_to_leave(Instant now, ReplicaEffects& effects);
  [[nodiscard]] bool has_handed_over() const;

  void on_deadline(Instant now, ReplicaEffects& effects);
  [[nodiscard]] Instant next_deadline() const;

  /// For Apply, until the next input.
  [[nodiscard]] const raft::Entry& entry(raft::Index index) const;
  [[nodiscard]] LogStatus status(Instant now) const;
  [[nodiscard]] const LogId& log() const;
  [[nodiscard]] const ReplicaCounters& counters() const;
  /// Null where there is no data directory.
  [[nodiscard]] const raft::Raft* raft() const;
  void check_invariants() const;

 private:
  class State;
  explicit Replica(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rollcall::consensus
