// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "base/prng.hpp"
#include "runtime/raft_store.hpp"

/// What the tests of the store of the replicated log share.
namespace rollcall::runtime {

inline ByteVector bytes_from(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

inline raft::Entry entry(std::uint64_t index, std::uint64_t term, std::string_view payload) {
  return {.index = raft::Index{index},
          .term = raft::Term{term},
          .kind = raft::EntryKind::command,
          .payload = bytes_from(payload)};
}

inline raft::HardState hard(std::uint64_t term, std::uint64_t vote = 0) {
  return {.term = raft::Term{term}, .voted_for = raft::VoterId{vote}};
}

inline raft::Store store_of(raft::HardState state, std::vector<raft::Entry> entries) {
  raft::Store store;
  store.hard = state;
  store.from = entries.empty() ? raft::Index::none : entries.front().index;
  store.entries = std::move(entries);
  return store;
}

/// All that a store has, for comparing.
struct Kept {
  raft::HardState hard;
  std::optional<raft::SnapshotMeta> meta;
  std::vector<raft::Entry> entries;
  ByteVector snapshot;
  consensus::LogId log = {};

  bool operator==(const Kept&) const = default;
};

inline std::expected<Kept, Error> kept_by(RaftStore& store) {
  auto stored = store.load();
  if (!stored) return std::unexpected(stored.error());
  Kept kept{stored->hard, stored->snapshot, std::move(stored->entries), {}, store.log()};
  if (!kept.meta) return kept;
  auto data = store.read_snapshot(kept.meta->last, 0, kept.meta->size);
  if (!data) return std::unexpected(data.error());
  kept.snapshot = std::move(*data);
  return kept;
}

inline const RaftStore::Owner raft_owner{"test", "a", raft::VoterId{7}};

/// What opening anew finds.
inline Kept kept_in(const std::filesystem::path& directory) {
  auto store = RaftStore::open(directory, raft_owner);
  if (!store) throw std::runtime_error(store.error().message);
  auto kept = kept_by(*store);
  if (!kept) throw std::runtime_error(kept.error().message);
  return *kept;
}

/// One byte after the other, as a file has them.
inline std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
inline void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// Opened and loaded.
inline std::expected<RaftStore, Error> ready_store(const std::filesystem::path& directory) {
  auto store = RaftStore::open(directory, raft_owner);
  if (!store) return store;
  if (auto loaded = store->load(); !loaded) return std::unexpected(loaded.error());
  return store;
}

inline std::expected<void, Error> write_one(RaftStore& store, RaftWrite write) {
  return store.write(std::span(&write, 1));
}

/// What a store should have, by the rules of effects.hpp, and random writes that keep to them.
class RaftDiskModel {
 public:
  [[nodiscard]] Kept kept() const { return {hard_, meta_, entries_, snapshot_, log_}; }
  [[nodiscard]] std::uint64_t last() const { return last_; }

  /// Unfinished snapshots do not outlive the process.
  void restart() { own_ = incoming_ = {}; }

  void apply(const RaftWrite& write) {
    std::visit([this](const auto& kind) { perform(kind); }, write);
  }

  /// A write that makes the log longer, whatever else is under way.
  [[nodiscard]] RaftWrite next_growth(Prng& prng) const { return append(prng, last_ + 1, hard_); }

  [[nodiscard]] RaftWrite next(Prng& prng) const {
    if (is_complete(incoming_)) return install(prng);
    switch (prng.below(13)) {
      case 0:
        return store_of(hard(term() + 1, prng.below(2) == 0 ? 0 : 7), {});
      case 1:
        return cut(prng);
      case 2:
      case 3:
        return save_piece(prng);
      case 4:
      case 5:
        return chunk(prng);
      case 6:
        return drop(prng);
      case 7:
        return consensus::KeepLog{prng.life_id()};
      default:
        return append(prng, last_ + 1, hard_);
    }
  }

 private:
  struct Arriving {
    raft::SnapshotMeta meta;
    ByteVector data;
  };
  static bool is_complete(const Arriving& arriving) {
    return arriving.meta.size > 0 && arriving.data.size() == arriving.meta.size;
  }
  [[nodiscard]] std::uint64_t term() const { return raft::number(hard_.term); }
  [[nodiscard]] std::uint64_t snapshot_end() const {
    return meta_ ? raft::number(meta_->last.index) : 0;
  }

  static ByteVector chance_bytes(Prng& prng, std::size_t size) {
    ByteVector bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(prng.next());
    return bytes;
  }

  /// Lengths of all kinds: none, odd ones, some that need several pages.
  static RaftWrite append(Prng& prng, std::uint64_t from, raft::HardState state) {
    std::vector<raft::Entry> entries;
    for (std::size_t i = 0; i <= prng.below(4); ++i) {
      const std::size_t size = prng.below(20) == 0 ? 9001 : prng.below(131);
      entries.push_back({.index = raft::Index{from + i},
                         .term = state.term,
                         .kind = raft::EntryKind::command,
                         .payload = chance_bytes(prng, size)});
    }
    return store_of(state, std::move(entries));
  }
  [[nodiscard]] RaftWrite cut(Prng& prng) const {
    const std::uint64_t low = std::max(snapshot_end(), raft::number(keep_from_)) + 1;
    if (last_ < low) return append(prng, last_ + 1, hard_);
    return append(prng, low + prng.below(last_ + 1 - low), hard(term() + 1));
  }
  [[nodiscard]] RaftWrite drop(Prng& prng) const {
    raft::Store store = store_of(hard_, {});
    store.keep_from = raft::Index{snapshot_end() + 1 - std::min(snapshot_end(), prng.below(9))};
    return store;
  }
  static raft::SnapshotMeta meta_at(Prng& prng, std::uint64_t index, raft::Term term) {
    return {.last = {.term = term, .index = raft::Index{index}},
            .membership = {.voters = {raft::VoterId{1}, raft::VoterId{2}}, .learners = {}},
            .size = 1 + prng.below(20'000)};
  }
  static ByteVector next_piece(Prng& prng, const Arriving& arriving) {
    const auto left = static_cast<std::size_t>(arriving.meta.size) - arriving.data.size();
    return chance_bytes(prng, std::min(left, 1 + prng.below(8'000)));
  }
  [[nodiscard]] RaftWrite save_piece(Prng& prng) const {
    Arriving own = own_;
    if (own.meta.size == 0) {
      if (last_ <= snapshot_end()) return append(prng, last_ + 1, hard_);
      own.meta = meta_at(prng, last_, entries_.back().term);
    }
    return SaveSnapshotPiece{own.meta, own.data.size(), next_piece(prng, own)};
  }
  [[nodiscard]] RaftWrite chunk(Prng& prng) const {
    Arriving incoming = incoming_;
    if (incoming.meta.size == 0) incoming.meta = meta_at(prng, last_ + 50, hard_.term);
    return raft::StoreChunk{{}, incoming.meta, incoming.data.size(), next_piece(prng, incoming)};
  }
  [[nodiscard]] RaftWrite install(Prng& prng) const {
    const std::uint64_t end = raft::number(incoming_.meta.last.index);
    auto write = append(prng, end + 1, hard_);
    std::get<raft::Store>(write).install = incoming_.meta;
    std::get<raft::Store>(write).keep_from = raft::Index{end + 1};
    return write;
  }

  void perform(const raft::Store& store) {
    hard_ = store.hard;
    if (store.install) {
      entries_.clear();
      take_over(incoming_);
      last_ = snapshot_end();
    }
    keep_from_ = std::max(keep_from_, store.keep_from);
    std::erase_if(entries_, [&](const raft::Entry& entry) {
      return entry.index < keep_from_ ||
             (store.from != raft::Index::none && entry.index >= store.from);
    });
    entries_.insert(entries_.end(), store.entries.begin(), store.entries.end());
    if (!store.entries.empty()) last_ = raft::number(store.entries.back().index);
  }
  void perform(const consensus::KeepLog& keep) { log_ = keep.log; }
  void perform(const raft::StoreChunk& chunk) { add(incoming_, chunk.snapshot, chunk.data); }
  void perform(const SaveSnapshotPiece& piece) {
    add(own_, piece.snapshot, piece.data);
    if (!is_complete(own_)) return;
    if (!meta_ || own_.meta.last > meta_->last) {
      take_over(own_);
    } else {
      own_ = {};
    }
  }
  static void add(Arriving& arriving, const raft::SnapshotMeta& meta, const ByteVector& data) {
    arriving.meta = meta;
    arriving.data.insert(arriving.data.end(), data.begin(), data.end());
  }
  void take_over(Arriving& arriving) {
    meta_ = arriving.meta;
    snapshot_ = std::move(arriving.data);
    arriving = {};
  }

  consensus::LogId log_;
  raft::HardState hard_;
  raft::Index keep_from_{};
  std::uint64_t last_ = 0;
  std::vector<raft::Entry> entries_;
  std::optional<raft::SnapshotMeta> meta_;
  ByteVector snapshot_;
  Arriving own_;
  Arriving incoming_;
};

}  // namespace rollcall::runtime
