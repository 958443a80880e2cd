// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/prng.hpp"
#include "consensus/raft/raft.hpp"

namespace rollcall::consensus::raft {

/// The disk of one replica, with as much malice as effects.hpp allows: a Store is there whole or
/// not at all after a crash, also one that was refused; pieces of a snapshot that is not installed
/// may be torn or gone.
class RaftDisk {
 public:
  HardState hard;
  std::map<Index, Entry> entries;
  std::optional<SnapshotMeta> snapshot;
  ByteVector data;      // of the snapshot
  ByteVector received;  // pieces
  bool full = false;

  [[nodiscard]] Stored contents() const {
    Stored stored{.hard = hard, .snapshot = snapshot, .entries = {}};
    for (const auto& [index, entry] : entries) stored.entries.push_back(entry);
    return stored;
  }
  [[nodiscard]] Index last() const {
    return entries.empty() ? Index::none : entries.rbegin()->first;
  }
  [[nodiscard]] Index snapshot_end() const { return snapshot ? snapshot->last.index : Index::none; }

  [[nodiscard]] bool is_writing() const { return under_way_.has_value(); }
  void begin(Store store) { under_way_ = std::move(store); }
  void confirm() {
    write(*std::exchange(under_way_, std::nullopt));
    doubtful_.reset();
  }
  void refuse() { doubtful_ = std::exchange(under_way_, std::nullopt); }
  /// At once, for worlds in which no crash comes between.
  void write(const Store& store) {
    hard = store.hard;
    if (store.install) {
      snapshot = store.install;
      data = received;
      entries.clear();
    }
    entries.erase(entries.begin(), entries.lower_bound(store.keep_from));
    entries.erase(entries.lower_bound(store.from), entries.end());
    for (const Entry& entry : store.entries) entries[entry.index] = entry;
  }

  /// A piece of a snapshot; false if it does not follow the one before.
  bool add_piece(const StoreChunk& chunk) {
    if (chunk.offset == 0) received.clear();
    if (received.size() != chunk.offset) return false;
    received.insert(received.end(), chunk.data.begin(), chunk.data.end());
    return true;
  }

  /// Of the snapshot; it has that much.
  [[nodiscard]] ByteVector piece(std::uint64_t offset, std::uint64_t size) const {
    const auto begin = data.begin() + static_cast<std::ptrdiff_t>(offset);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
  }

  void crash(Prng& prng) {
    const auto doubtful = std::exchange(doubtful_, std::nullopt);
    const auto under_way = std::exchange(under_way_, std::nullopt);
    if (doubtful && prng.chance(0.5)) write(*doubtful);
    if (under_way && !full && prng.chance(0.5)) write(*under_way);
    received.resize(prng.below(received.size() + 1));
    for (std::byte& byte : received) {
      if (prng.chance(0.1)) byte = std::byte{0};
    }
  }

 private:
  std::optional<Store> under_way_;
  std::optional<Store> doubtful_;  // refused, and perhaps there
};

}  // namespace rollcall::consensus::raft
