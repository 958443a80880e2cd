// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/replica.hpp"

#include <utility>

#include "base/check.hpp"
#include "consensus/replica_state.hpp"

namespace rollcall::consensus {

std::expected<Replica, raft::RestoreError> Replica::create(const ReplicaConfig& config,
                                                           ReplicaStored stored, Instant now) {
  std::optional<raft::Raft> raft;
  if (config.raft.self != raft::VoterId::nobody) {
    // A directory that has a log without its id lost a part of what it had.
    const bool empty = stored.raft.entries.empty() && !stored.raft.snapshot;
    if (stored.log.is_nobody() && !empty) return std::unexpected(raft::RestoreError::gap);
    auto made = raft::Raft::create(config.raft, std::move(stored.raft),
                                   hash_combine(config.seed, hash_bytes("raft")), now);
    if (!made) return std::unexpected(made.error());
    raft.emplace(std::move(*made));
  }
  return Replica(std::make_unique<State>(config, stored.log, std::move(raft), now));
}

Replica::Replica(std::unique_ptr<State> state) : state_(std::move(state)) {}
Replica::~Replica() = default;
Replica::Replica(Replica&&) noexcept = default;
Replica& Replica::operator=(Replica&&) noexcept = default;

void Replica::on_peers(const Peers& peers, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->on_peers(peers);
  state_->settle();
}

void Replica::on_frame(const std::string& from, Frame frame, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->on_frame(from, frame);
  state_->settle();
}

void Replica::on_unreachable(const std::string& peer, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->on_unreachable(peer);
  state_->settle();
}

void Replica::on_stored(raft::StoreId id, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft(
      [&](raft::Raft& raft, Instant at, raft::Effects& out) { raft.on_stored(id, at, out); });
  state_->settle();
}

void Replica::on_store_refused(raft::StoreId id, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    raft.on_store_refused(id, at, out);
  });
  state_->settle();
}

void Replica::on_chunk_stored(raft::ChunkId id, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft(
      [&](raft::Raft& raft, Instant at, raft::Effects& out) { raft.on_chunk_stored(id, at, out); });
  state_->settle();
}

void Replica::on_chunk_refused(raft::ChunkId id, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    raft.on_chunk_refused(id, at, out);
  });
  state_->settle();
}

void Replica::on_snapshot_saved(std::uint64_t size, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    raft.on_snapshot_saved(size, at, out);
  });
  state_->settle();
}

void Replica::on_snapshot_failed(Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->with_raft(
      [](raft::Raft& raft, Instant at, raft::Effects& out) { raft.on_snapshot_failed(at, out); });
  state_->settle();
}

void Replica::propose(ProposalToken token, ByteVector command, Instant now,
                      ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->propose(token, std::move(command));
  state_->settle();
}

void Replica::propose_as_leader(ProposalToken token, ByteVector command, std::uint64_t term,
                                Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->propose_as_leader(token, std::move(command), raft::Term{term});
  state_->settle();
}

void Replica::read(ReadToken token, Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->read(token);
  state_->settle();
}

void Replica::prepare_to_leave(Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->prepare_to_leave();
  state_->settle();
}

bool Replica::has_handed_over() const {
  return state_->has_handed_over();
}

void Replica::on_deadline(Instant now, ReplicaEffects& effects) {
  state_->begin(now, effects);
  state_->on_deadline();
  state_->settle();
}

Instant Replica::next_deadline() const {
  return state_->next_deadline();
}
const raft::Entry& Replica::entry(raft::Index index) const {
  ROLLCALL_CHECK(state_->raft() != nullptr);
  return state_->raft()->entry(index);
}
LogStatus Replica::status(Instant now) const {
  return state_->status(now);
}
const LogId& Replica::log() const {
  return state_->log();
}
const ReplicaCounters& Replica::counters() const {
  return state_->counters();
}
const raft::Raft* Replica::raft() const {
  return state_->raft();
}
void Replica::check_invariants() const {
  state_->check_invariants();
}

}  // namespace rollcall::consensus
