// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft.hpp"

#include <utility>

#include "base/check.hpp"
#include "consensus/raft/raft_state.hpp"

namespace rollcall::consensus::raft {
namespace {

std::optional<RestoreError> check_entries(const Stored& stored) {
  const Position base = stored.snapshot ? stored.snapshot->last : Position{};
  Position before{.term = {}, .index = previous(stored.entries.front().index)};
  if (before.index > base.index) return RestoreError::gap;
  for (const Entry& entry : stored.entries) {
    if (entry.index != next(before.index)) return RestoreError::gap;
    if (entry.term < before.term) return RestoreError::order;
    if (entry.index == base.index && entry.term != base.term) return RestoreError::order;
    if (entry.index > base.index && entry.term < base.term) return RestoreError::order;
    if (entry.kind == EntryKind::membership && !decode_membership(entry.payload)) {
      return RestoreError::membership;
    }
    before = {.term = entry.term, .index = entry.index};
  }
  if (before.term > stored.hard.term) return RestoreError::order;
  return std::nullopt;
}

std::optional<RestoreError> check_stored(const Stored& stored) {
  if (stored.snapshot) {
    const SnapshotMeta& meta = *stored.snapshot;
    if (meta.last.term > stored.hard.term) return RestoreError::order;
    if (!meta.membership.is_valid() || meta.membership.voters.empty()) {
      return RestoreError::membership;
    }
  }
  return stored.entries.empty() ? std::nullopt : check_entries(stored);
}

}  // namespace

std::expected<Raft, RestoreError> Raft::create(const Config& config, Stored stored,
                                               std::uint64_t seed, Instant now) {
  if (validate(config)) return std::unexpected(RestoreError::config);
  if (const auto error = check_stored(stored)) return std::unexpected(*error);
  return Raft(std::make_unique<State>(config, std::move(stored), seed, now));
}

Raft::Raft(std::unique_ptr<State> state) : state_(std::move(state)) {}
Raft::~Raft() = default;
Raft::Raft(Raft&&) noexcept = default;
Raft& Raft::operator=(Raft&&) noexcept = default;

void Raft::bootstrap(const Membership& membership, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->bootstrap(membership);
  state_->settle();
}

void Raft::on_message(VoterId from, Message message, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_message(from, message);
  state_->settle();
}

void Raft::on_failed(VoterId replica, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_failed(replica);
  state_->settle();
}

void Raft::on_stored(StoreId id, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_stored(id);
  state_->settle();
}

void Raft::on_store_refused(StoreId id, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_store_refused(id);
  state_->settle();
}

void Raft::on_chunk_stored(ChunkId id, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_chunk_stored(id);
  state_->settle();
}

void Raft::on_chunk_refused(ChunkId id, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_chunk_refused(id);
  state_->settle();
}

void Raft::on_snapshot_saved(std::uint64_t size, Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_snapshot_saved(size);
  state_->settle();
}

void Raft::on_snapshot_failed(Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_snapshot_failed();
  state_->settle();
}

void Raft::on_deadline(Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->on_deadline();
  state_->settle();
}

Instant Raft::next_deadline() const {
  return state_->next_deadline();
}

std::expected<Position, ProposeError> Raft::propose(ByteVector command, Instant now,
                                                    Effects& effects) {
  state_->begin(now, effects);
  const auto result = state_->propose(std::move(command));
  state_->settle();
  return result;
}

std::expected<Position, ChangeError> Raft::change(const MembershipChange& change, Instant now,
                                                  Effects& effects) {
  state_->begin(now, effects);
  const auto result = state_->change(change);
  state_->settle();
  return result;
}

std::expected<void, ReadError> Raft::read(ReadId id, Instant now, Effects& effects) {
  state_->begin(now, effects);
  const auto result = state_->read(id);
  state_->settle();
  return result;
}

std::expected<void, TransferError> Raft::transfer(VoterId to, Instant now, Effects& effects) {
  state_->begin(now, effects);
  const auto result = state_->transfer(to);
  state_->settle();
  return result;
}

VoterId Raft::transfer_target() const {
  return state_->transfer_target();
}
const Config& Raft::config() const {
  return state_->config;
}
bool Raft::is_new() const {
  return state_->is_new();
}
Role Raft::role() const {
  return state_->role;
}
Term Raft::term() const {
  return state_->hard.term;
}
VoterId Raft::leader() const {
  return state_->leader;
}
Index Raft::commit() const {
  return state_->commit;
}
Index Raft::applied() const {
  return state_->applied;
}
Position Raft::last() const {
  return state_->log.last();
}
Index Raft::stored() const {
  return state_->stored;
}
Index Raft::first() const {
  return state_->log.first();
}
const Entry& Raft::entry(Index index) const {
  return state_->log.at(index);
}
const std::optional<SnapshotMeta>& Raft::snapshot() const {
  return state_->snapshot;
}
const Membership& Raft::membership() const {
  return state_->membership();
}
const HardState& Raft::stored_hard() const {
  return state_->stored_hard;
}
bool Raft::store_failing() const {
  return state_->store_failing;
}
const Counters& Raft::counters() const {
  return state_->counters;
}
std::vector<PeerStatus> Raft::peers() const {
  return state_->peers();
}
void Raft::check_invariants() const {
  state_->check_invariants();
}

}  // namespace rollcall::consensus::raft
