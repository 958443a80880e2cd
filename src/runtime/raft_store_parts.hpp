// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.hpp"
#include "runtime/raft_store.hpp"

/// What the two halves of RaftStore, writing and loading, share.
namespace rollcall::runtime {

struct RaftStore::Statements {
  Statement begin;
  Statement commit;
  Statement write_row;
  Statement add_entry;
  Statement cut_entries;
  Statement add_snapshot;
  Statement add_piece;
  Statement sweep_entries;
  Statement sweep_pieces;
  Statement keep_log;
};

/// SQLite's integers are signed; ours are bits.
inline std::int64_t to_row(std::uint64_t word) {
  return static_cast<std::int64_t>(word);
}
inline std::uint64_t from_row(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}

/// The key of a piece: its snapshot's number, then its offset.
inline std::uint64_t piece_key(std::uint64_t snapshot, std::uint64_t offset) {
  return (snapshot << 32U) | offset;
}

/// Bytes that decayed on the disk do not pass for what was stored: every row has a hash of itself,
/// its place included.
inline std::uint64_t entry_hash(const raft::Entry& entry) {
  const std::uint64_t place = hash_combine(raft::number(entry.index), raft::number(entry.term));
  return hash_bytes(as_text(entry.payload),
                    hash_combine(place, static_cast<std::uint64_t>(entry.kind)));
}
inline std::uint64_t piece_hash(std::uint64_t key, Bytes data) {
  return hash_bytes(as_text(data), key);
}
inline std::uint64_t row_hash(const raft::HardState& hard, raft::Index keep_from,
                              std::uint64_t snapshot) {
  std::uint64_t hash =
      hash_combine(raft::number(hard.term), static_cast<std::uint64_t>(hard.voted_for));
  hash = hash_combine(hash, raft::number(keep_from));
  return hash_combine(hash, snapshot);
}
inline std::uint64_t meta_hash(raft::Position last, std::uint64_t size, Bytes membership) {
  const std::uint64_t place = hash_combine(raft::number(last.index), raft::number(last.term));
  return hash_bytes(as_text(membership), hash_combine(place, size));
}

}  // namespace rollcall::runtime
