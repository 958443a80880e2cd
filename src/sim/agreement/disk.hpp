// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "base/bytes.hpp"
#include "base/prng.hpp"
#include "consensus/replica.hpp"

namespace rollcall::sim::agreement {

namespace raft = consensus::raft;

/// A member's own snapshot, which the world was asked to take.
struct SaveSnapshot {
  raft::SnapshotMeta snapshot;  // with its size
  ByteVector data;
};
using DiskWrite = std::variant<consensus::KeepLog, raft::Store, raft::StoreChunk, SaveSnapshot>;

/// What a data directory holds, and the writes on their way to it.
///
/// A write is durable whole or not at all. A crash finds some of those under way written, in the
/// order in which they were asked for; and perhaps the last one that was refused, for a disk that
/// fails to confirm may have written.
///
/// Order: put(), then one end_write() for each, in order.
class VirtualDisk {
 public:
  explicit VirtualDisk(raft::VoterId voter) : voter_(voter) {}

  [[nodiscard]] raft::VoterId voter() const { return voter_; }
  [[nodiscard]] consensus::ReplicaStored stored() const;
  [[nodiscard]] const consensus::LogId& log() const { return log_; }
  [[nodiscard]] const std::optional<raft::SnapshotMeta>& snapshot() const { return snapshot_; }
  /// Bytes of the snapshot; nothing if it is another one, or shorter.
  [[nodiscard]] std::optional<ByteVector> read(raft::Position last, std::uint64_t offset,
                                               std::uint64_t size) const;
  [[nodiscard]] const ByteVector& data() const { return data_; }

  /// No room: everything is refused until there is.
  void set_full(bool is_full) { is_full_ = is_full; }
  [[nodiscard]] bool is_full() const { return is_full_; }
  /// The chance that a write is refused.
  void set_failing(double chance) { failing_ = chance; }

  void put(DiskWrite write) { under_way_.push_back(std::move(write)); }
  [[nodiscard]] bool is_idle() const { return under_way_.empty(); }
  struct Ended {
    DiskWrite write;
    bool is_stored = false;
  };
  [[nodiscard]] Ended end_write(Prng& prng);
  void crash(Prng& prng);

 private:
  void perform(const DiskWrite& write);
  void perform(const consensus::KeepLog& keep) { log_ = keep.log; }
  void perform(const raft::Store& store);
  void perform(const raft::StoreChunk& chunk);
  void perform(const SaveSnapshot& save);

  raft::VoterId voter_;
  consensus::LogId log_;
  raft::HardState hard_;
  std::map<raft::Index, raft::Entry> entries_;
  std::optional<raft::SnapshotMeta> snapshot_;
  ByteVector data_;
  ByteVector received_;  // pieces of a snapshot that arrives; a crash takes them away

  bool is_full_ = false;
  double failing_ = 0;
  std::deque<DiskWrite> under_way_;
  std::optional<DiskWrite> refused_;
  std::optional<consensus::KeepLog> keep_first_;
};

}  // namespace rollcall::sim::agreement
