// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/mutants.hpp"
#include "consensus/raft/raft_state.hpp"

/// Snapshots: taking them, sending them in pieces, receiving and installing them.
///
/// Source: Ongaro 2014, chapter 5.
namespace rollcall::consensus::raft {
namespace {

/// A larger one is not taken: the disk could not keep it.
constexpr std::uint64_t snapshot_bytes_max = std::uint64_t{1} << 31U;

}  // namespace

// --- taking ------------------------------------------------------------------------------------
bool Raft::State::somebody_receives() const {
  return std::ranges::any_of(peers_, [this](const auto& item) {
    const Progress& peer = item.second;
    return peer.mode == Progress::Mode::snapshot && now_ - peer.heard < config.election_timeout;
  });
}

bool Raft::State::is_snapshot_due() const {
  const Index since = snapshot ? snapshot->last.index : Index::none;
  const std::uint64_t grown = distance(since, applied);
  if (grown == 0 || applied < snapshot_retry_at_) return false;
  // Whoever receives the present one should have the time to; but not without end.
  constexpr std::uint64_t patience = 4;
  const std::uint64_t times = somebody_receives() ? patience : 1;
  return grown >= times * config.snapshot_entries || log.bytes() >= times * config.log_bytes_max;
}

void Raft::State::settle_snapshot() {
  // Never while one is installed: which of the two is newer would depend on the disk.
  if (taking_ || installing() || !is_snapshot_due()) return;
  const Position at{.term = log.term_at(applied).value(), .index = applied};
  const MembershipAt& then =
      is_mutant(Mutant::snapshot_of_later_voters) ? memberships_.back() : memberships_.front();
  taking_ = SnapshotMeta{.last = at, .membership = then.membership, .size = 0};
  effects_->add(TakeSnapshot{.last = at, .membership = taking_->membership});
}

void Raft::State::on_snapshot_saved(std::uint64_t size) {
  if (!taking_) return;
  snapshot = std::exchange(taking_, std::nullopt);
  snapshot->size = size;
  compact_log();
}

/// Keeps the trailing entries, but no more than half of what makes the next snapshot due.
void Raft::State::compact_log() {
  const std::uint64_t covered = distance(log.base().index, snapshot->last.index);
  if (covered > config.trailing_entries) {
    log.compact(advanced(log.base().index, covered - config.trailing_entries));
  }
  while (log.bytes() > config.log_bytes_max / 2 && log.base().index < snapshot->last.index) {
    log.compact(next(log.base().index));
  }
  keep_from_ = std::max(keep_from_, log.first());
}

void Raft::State::on_snapshot_failed() {
  if (!taking_) return;
  taking_.reset();
  constexpr std::uint64_t retries_per_snapshot = 4;
  snapshot_retry_at_ =
      advanced(applied, std::max<std::uint64_t>(1, config.snapshot_entries / retries_per_snapshot));
}

// --- sending -----------------------------------------------------------------------------------
void Raft::State::send_chunk(VoterId to, Progress& peer) {
  if (peer.sending != *snapshot) peer.begin_snapshot(*snapshot);
  if (peer.waiting) return;
  peer.waiting = true;
  peer.chunk_sent = now_;
  effects_->add(SendChunk{
      .to = to,
      .term = hard.term,
      .snapshot = peer.sending,
      .offset = peer.offset,
      .size = std::min<std::uint64_t>(config.chunk_bytes, peer.sending.size - peer.offset),
      .round = round_});
}

void Raft::State::on(VoterId from, InstallReply& reply) {
  if (reply.term > hard.term) return become_follower(reply.term, VoterId::nobody);
  Progress* sender = peer(from);
  if (role != Role::leader || reply.term < hard.term || sender == nullptr) return;
  if (reply.snapshot.index > log.last().index || reply.round > round_) {
    ++counters.impossible_messages;
    return;
  }
  sender->heard = now_;
  sender->round = std::max(sender->round, reply.round);
  if (reply.result == InstallResult::installed) sender->matched(reply.snapshot.index);
  if (sender->mode != Progress::Mode::snapshot) return;
  if (reply.result == InstallResult::installed) {
    // With a newer snapshot at hand, what follows this one may be gone: then pump() begins anew.
    sender->begin_replicate();
    return;
  }
  if (reply.snapshot != sender->sending.last || reply.next_offset > sender->sending.size) return;
  // A doubled answer: the piece that it asks for is on its way already.
  if (sender->waiting && reply.next_offset == sender->offset && sender->offset > 0) return;
  sender->offset = reply.next_offset;
  sender->waiting = false;
}

// --- receiving ---------------------------------------------------------------------------------
void Raft::State::on(VoterId from, InstallChunk& chunk) {
  const SnapshotMeta& meta = chunk.snapshot;
  const bool sound = meta.membership.is_valid() && !meta.membership.voters.empty() &&
                     meta.last.index > Index::none && meta.last.term <= chunk.term &&
                     meta.size <= snapshot_bytes_max && chunk.offset <= meta.size &&
                     chunk.data.size() <= meta.size - chunk.offset &&
                     (!chunk.data.empty() || meta.size == 0);
  if (!sound) {
    ++counters.messages_refused;
    return;
  }
  if (!follow(from, chunk.term) || installing()) return;
  reply_round_ = std::max(reply_round_, chunk.round);
  if (meta.last.index <= applied) {
    return reply_install(InstallResult::installed, meta.last, meta.size);
  }
  if (log.contains(meta.last) && !is_mutant(Mutant::snapshot_cuts_log)) {
    // The log has all of it, and it is committed: entries after it, which may be acknowledged
    // already, must not go.
    follower_match_ = std::max(follower_match_, meta.last.index);
    commit = std::max(commit, meta.last.index);
    if (follower_match_ <= stored) {
      reply_ = AppendReply{.result = AppendResult::accepted};
    } else {
      reply_when_stored_ = true;
    }
    return;
  }
  take_chunk(chunk);
}

void Raft::State::take_chunk(InstallChunk& chunk) {
  const SnapshotMeta& meta = chunk.snapshot;
  if (!receiving_ || receiving_->meta != meta) receiving_ = Receiving{.meta = meta};
  if (receiving_->chunk != ChunkId::none) return;  // still writing; answers then
  if (chunk.offset != receiving_->offset) {
    return reply_install(InstallResult::more, meta.last, receiving_->offset);
  }
  receiving_->chunk = ChunkId{++chunks_};
  receiving_->chunk_size = chunk.data.size();
  effects_->add(StoreChunk{.id = receiving_->chunk,
                           .snapshot = meta,
                           .offset = chunk.offset,
                           .data = std::move(chunk.data)});
}

void Raft::State::reply_install(InstallResult result, Position at, std::uint64_t offset) {
  install_reply_ = InstallReply{.result = result, .snapshot = at, .next_offset = offset};
}

void Raft::State::on_chunk_stored(ChunkId id) {
  if (!receiving_ || receiving_->chunk != id) return;
  receiving_->chunk = ChunkId::none;
  receiving_->offset += receiving_->chunk_size;
  const SnapshotMeta& meta = receiving_->meta;
  if (receiving_->offset < meta.size) {
    return reply_install(InstallResult::more, meta.last, receiving_->offset);
  }
  // Entries may have come meanwhile, and made it superfluous.
  const bool wanted = meta.last.index > commit &&
                      (!log.contains(meta.last) || is_mutant(Mutant::snapshot_cuts_log));
  if (wanted && role == Role::follower) install_due_ = meta;
  receiving_.reset();
}

void Raft::State::on_chunk_refused(ChunkId id) {
  if (!receiving_ || receiving_->chunk != id) return;
  receiving_.reset();  // the leader sends again after a while, and is told to begin anew
}

/// The disk has the snapshot and no log.
void Raft::State::installed(const SnapshotMeta& meta) {
  ROLLCALL_CHECK(meta.last.index > commit);
  ++counters.snapshots_installed;
  log = Log(meta.last);
  stored = commit = applied = meta.last.index;
  snapshot = meta;
  keep_from_ = keep_from_stored_ = log.first();
  memberships_ = {{.index = meta.last.index, .membership = meta.membership}};
  membership_settled_ = meta.last.index;
  // What is committed is in the log of every later leader.
  follower_match_ = std::max(follower_match_, meta.last.index);
  effects_->add(RestoreSnapshot{meta});
  effects_->add(MembershipChanged{meta.membership, meta.last.index, Settled::committed});
  reply_install(InstallResult::installed, meta.last, meta.size);
  if (role != Role::leader) arm_election();
}

}  // namespace rollcall::consensus::raft
