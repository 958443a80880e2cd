// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/prng.hpp"
#include "consensus/raft/log.hpp"
#include "consensus/raft/progress.hpp"
#include "consensus/raft/raft.hpp"

namespace rollcall::consensus::raft {

/// What raft.hpp hides. Each input is a handler that changes the state, and then settle(), which
/// asks for everything that the state now calls for. The handlers stand by subject:
/// raft_election.cpp, raft_follower.cpp, raft_leader.cpp, raft_membership.cpp, raft_reads.cpp,
/// raft_snapshot.cpp, raft_store.cpp.
class Raft::State {
 public:
  State(const Config& config, Stored stored, std::uint64_t seed, Instant now);

  void bootstrap(const Membership& membership);
  void on_message(VoterId from, Message& message);
  void on_failed(VoterId replica);
  void on_stored(StoreId id);
  void on_store_refused(StoreId id);
  void on_chunk_stored(ChunkId id);
  void on_chunk_refused(ChunkId id);
  void on_snapshot_saved(std::uint64_t size);
  void on_snapshot_failed();
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;
  std::expected<Position, ProposeError> propose(ByteVector command);
  std::expected<Position, ChangeError> change(const MembershipChange& wanted);
  std::expected<void, ReadError> read(ReadId id);
  std::expected<void, TransferError> transfer(VoterId to);
  [[nodiscard]] VoterId transfer_target() const;
  [[nodiscard]] std::vector<PeerStatus> peers() const;
  void check_invariants() const;

  /// Before and after every input.
  void begin(Instant now, Effects& effects);
  void settle();

  // --- What there is; read by Raft's queries -------------------------------------------------
  Config config;
  Counters counters;
  Log log;
  HardState hard;         // as it should be on the disk
  HardState stored_hard;  // as it is there
  Index stored{};         // the disk has the log's entries up to here
  Index commit{};
  Index applied{};
  std::optional<SnapshotMeta> snapshot;
  Role role = Role::follower;
  VoterId leader{};
  bool store_failing = false;

  [[nodiscard]] const Membership& membership() const { return memberships_.back().membership; }
  [[nodiscard]] bool is_new() const;

 private:
  struct MembershipAt {
    Index index{};
    Membership membership;
  };
  /// The Store that is under way.
  struct StoreUnderWay {
    StoreId id{};
    HardState hard;
    Index last{};  // what it makes stored; less when entries were replaced meanwhile
    Index keep_from{};
    std::optional<SnapshotMeta> install;
    Instant since{};
  };
  struct PendingVote {
    VoterId to{};
    VoteReply reply;
  };
  struct PendingRead {
    ReadId id{};
    Index index{};
  };
  /// A snapshot that arrives.
  struct Receiving {
    SnapshotMeta meta;
    std::uint64_t offset = 0;  // what is written
    ChunkId chunk{};           // being written; none: nothing is
    std::uint64_t chunk_size = 0;
  };
  struct Transfer {
    VoterId to{};
    Instant until{};
    bool asked = false;
  };
  struct Announced {
    Role role = Role::follower;
    Term term{};
    VoterId leader{};
    bool operator==(const Announced&) const = default;
  };

  // raft_election.cpp
  void arm_election();
  void become_follower(Term term, VoterId of);
  void step_down();
  void leave_leadership();
  void campaign(VoteKind kind, CampaignCause cause);
  void become_leader();
  void count_votes();
  void ask_for_votes(const VoteRequest& request);
  [[nodiscard]] bool is_eligible() const;
  [[nodiscard]] bool can_campaign() const;
  [[nodiscard]] bool trusts_leader() const;
  [[nodiscard]] bool knows_is_no_member(VoterId id) const;
  void on(VoterId from, VoteRequest& request);
  void on_pre_vote(VoterId from, const VoteRequest& request);
  void on_vote(VoterId from, const VoteRequest& request);
  void on(VoterId from, VoteReply& reply);
  void on(VoterId from, TimeoutNow& message);
  void settle_election();

  // raft_follower.cpp
  void on(VoterId from, Append& append);
  [[nodiscard]] bool is_well_formed(const Append& append) const;
  [[nodiscard]] bool follow(VoterId from, Term of);
  void refuse_old_leader(VoterId from);
  [[nodiscard]] bool is_beside_base(const Append& append) const;
  void take_entries(Append& append);
  [[nodiscard]] AppendReply mismatch(const Append& append) const;
  void truncate(Index from);
  void settle_replies();

  // raft_leader.cpp
  void on(VoterId from, AppendReply& reply);
  void on_mismatch(Progress& peer, const AppendReply& reply);
  void append_own(EntryKind kind, ByteVector payload);
  void heartbeat();
  void send_append(VoterId to, Progress& peer);
  void send_heartbeat(VoterId to, Progress& peer);
  void pump(VoterId to, Progress& peer);
  void advance_commit();
  [[nodiscard]] bool has_quorum_contact() const;
  [[nodiscard]] bool committed_own_term() const;
  void settle_leader();
  void settle_apply();
  [[nodiscard]] Progress* peer(VoterId id);

  // raft_membership.cpp
  void on(VoterId from, NotMember& message);
  [[nodiscard]] bool has_caught_up(VoterId id);
  void note_membership(Index index, Membership membership);
  void sync_peers();
  void settle_membership();
  void continue_transfer();

  // raft_reads.cpp
  void settle_reads();
  void fail_reads();

  // raft_snapshot.cpp
  void on(VoterId from, InstallChunk& chunk);
  void on(VoterId from, InstallReply& reply);
  void take_chunk(InstallChunk& chunk);
  void reply_install(InstallResult result, Position at, std::uint64_t offset);
  void installed(const SnapshotMeta& meta);
  [[nodiscard]] bool is_snapshot_due() const;
  void settle_snapshot();
  void compact_log();
  void send_chunk(VoterId to, Progress& peer);
  [[nodiscard]] bool somebody_receives() const;

  // raft_store.cpp
  void settle_store();
  [[nodiscard]] bool needs_store() const;
  [[nodiscard]] bool term_stored() const { return stored_hard.term == hard.term; }
  [[nodiscard]] bool installing() const {
    return install_due_.has_value() || (store_ && store_->install);
  }

  void send(VoterId to, Message message);
  void announce();

  Prng prng_;
  Instant now_{};
  Effects* effects_ = nullptr;  // of the input at hand

  /// In the log or before it, by index; the first one is committed, the last one in force.
  std::vector<MembershipAt> memberships_;
  Index membership_settled_{};  // announced as committed up to here

  std::optional<StoreUnderWay> store_;
  std::uint64_t stores_ = 0;
  Instant retry_at_ = never;
  Index keep_from_{};         // entries below may go from the disk
  Index keep_from_stored_{};  // the disk was told

  Instant election_at_ = never;
  Instant leader_heard_{};
  CampaignCause cause_{};
  bool asked_for_votes_ = false;
  std::map<VoterId, Vote> votes_;
  std::optional<PendingVote> vote_reply_;

  Index follower_match_{};  // the log is as this term's leader has it, up to here
  std::optional<AppendReply> reply_;
  bool reply_when_stored_ = false;
  std::uint64_t reply_round_ = 0;
  std::optional<InstallReply> install_reply_;

  std::map<VoterId, Progress> peers_;
  Instant heartbeat_at_ = never;
  Index term_start_{};  // this leader's no-op
  std::size_t uncommitted_bytes_ = 0;
  std::optional<Transfer> transfer_;

  std::uint64_t round_ = 0;
  bool round_open_ = false;
  std::vector<ReadId> reads_waiting_;        // for the next round
  std::vector<PendingRead> reads_open_;      // in the round that is open
  std::deque<PendingRead> reads_confirmed_;  // until applied

  std::optional<Receiving> receiving_;
  std::uint64_t chunks_ = 0;
  std::optional<SnapshotMeta> install_due_;
  std::optional<SnapshotMeta> taking_;
  Index snapshot_retry_at_{};  // after a failure: not before this index

  Announced announced_;
};

}  // namespace rollcall::consensus::raft
