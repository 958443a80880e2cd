// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/raft_store.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "runtime/raft_store_parts.hpp"

namespace rollcall::runtime {
namespace {

/// Runs a statement that gives no rows.
std::expected<void, DatabaseError> execute(Statement& statement) {
  const auto done = statement.step();
  statement.reset();
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Each entry is stored with the head that it has in a table.
constexpr std::size_t entry_head_bytes = 32;

std::size_t bytes_in(const raft::Store& store) {
  std::size_t bytes = entry_head_bytes;
  for (const raft::Entry& entry : store.entries) bytes += entry_head_bytes + entry.payload.size();
  return bytes;
}
std::size_t bytes_in(const raft::StoreChunk& chunk) {
  return chunk.data.size();
}
std::size_t bytes_in(const SaveSnapshotPiece& piece) {
  return piece.data.size();
}
std::size_t bytes_in(const consensus::KeepLog&) {
  return entry_head_bytes;
}

}  // namespace

std::size_t bytes_of(const RaftWrite& write) {
  return std::visit([](const auto& kind) { return bytes_in(kind); }, write);
}

RaftStore::RaftStore(std::filesystem::path file, Database database)
    : file_(std::move(file)),
      database_(std::move(database)) {}
RaftStore::RaftStore(RaftStore&&) noexcept = default;
RaftStore& RaftStore::operator=(RaftStore&&) noexcept = default;
RaftStore::~RaftStore() = default;

std::expected<void, Error> RaftStore::write(std::span<const RaftWrite> writes) {
  ROLLCALL_CHECK(is_loaded_);
  const Mirror before = now_;
  Done done = execute(statements_->begin);
  if (done) done = write_all(writes);
  if (done) done = execute(statements_->commit);
  if (done) return {};
  now_ = before;
  // Fails when SQLite has already rolled back by itself.
  static_cast<void>(database_.run("ROLLBACK"));
  return std::unexpected(to_error(done.error()));
}

RaftStore::Done RaftStore::write_all(std::span<const RaftWrite> writes) {
  now_.is_row_changed = false;
  for (const RaftWrite& write : writes) {
    if (Done done = std::visit([this](const auto& kind) { return perform(kind); }, write); !done) {
      return done;
    }
  }
  if (now_.is_row_changed) {
    if (Done done = write_row(); !done) return done;
  }
  return now_.has_garbage ? sweep_some() : Done();
}

RaftStore::Done RaftStore::perform(const raft::Store& store) {
  keep(store.hard);
  if (store.install) {
    if (Done done = install(*store.install); !done) return done;
  }
  if (store.keep_from > now_.keep_from) {
    now_.keep_from = store.keep_from;
    now_.is_row_changed = now_.has_garbage = true;
  }
  if (store.from != raft::Index::none && store.from <= now_.last) {
    if (Done done = cut(store.from); !done) return done;
  }
  ROLLCALL_CHECK(store.entries.empty() || store.entries.front().index == store.from);
  return append(store.entries);
}

/// The two promises that elections stand on: terms never fall, and a vote given stays given.
void RaftStore::keep(const raft::HardState& hard) {
  if (hard == now_.hard) return;
  ROLLCALL_CHECK(hard.term >= now_.hard.term);
  ROLLCALL_CHECK(hard.term > now_.hard.term || now_.hard.voted_for == raft::VoterId::nobody);
  now_.hard = hard;
  now_.is_row_changed = true;
}

/// The log goes with it: what it held is in the snapshot, or contradicts it.
RaftStore::Done RaftStore::install(const raft::SnapshotMeta& meta) {
  ROLLCALL_CHECK(now_.incoming.last == meta.last && now_.incoming.size == meta.size);
  if (Done done = cut(raft::Index{1}); !done) return done;
  now_.last = meta.last.index;
  return make_current(now_.incoming, meta);
}

RaftStore::Done RaftStore::cut(raft::Index from) {
  now_.last = raft::previous(from);
  statements_->cut_entries.bind(1, to_row(raft::number(from)));
  return execute(statements_->cut_entries);
}

RaftStore::Done RaftStore::append(const std::vector<raft::Entry>& entries) {
  for (const raft::Entry& entry : entries) {
    ROLLCALL_CHECK(entry.index == raft::next(now_.last));
    statements_->add_entry.bind(1, to_row(raft::number(entry.index)))
        .bind(2, to_row(raft::number(entry.term)))
        .bind(3, static_cast<std::int64_t>(entry.kind))
        .bind(4, Bytes(entry.payload))
        .bind(5, to_row(entry_hash(entry)));
    if (Done done = execute(statements_->add_entry); !done) return done;
    now_.last = entry.index;
  }
  return {};
}

RaftStore::Done RaftStore::perform(const raft::StoreChunk& chunk) {
  return add_piece(now_.incoming, chunk.snapshot.last, chunk.offset, chunk.data);
}

RaftStore::Done RaftStore::perform(const SaveSnapshotPiece& piece) {
  if (Done done = add_piece(now_.own, piece.snapshot.last, piece.offset, piece.data); !done) {
    return done;
  }
  if (now_.own.size < piece.snapshot.size) return {};
  ROLLCALL_CHECK(now_.own.size == piece.snapshot.size);
  if (piece.snapshot.last > now_.snapshot.last) return make_current(now_.own, piece.snapshot);
  now_.own = {};
  now_.has_garbage = true;
  return {};
}

RaftStore::Done RaftStore::perform(const consensus::KeepLog& keep) {
  statements_->keep_log.bind(1, to_text(keep.log));
  now_.log = keep.log;
  return execute(statements_->keep_log);
}

RaftStore::Done RaftStore::add_piece(Pieces& pieces, raft::Position last, std::uint64_t offset,
                                     Bytes data) {
  if (offset == 0) {
    now_.has_garbage |= pieces.number != 0;
    pieces = {.number = ++now_.newest_number, .last = last, .size = 0};
  }
  ROLLCALL_CHECK(pieces.number != 0 && pieces.last == last && pieces.size == offset);
  ROLLCALL_CHECK(offset + data.size() < snapshot_bytes_max);
  // Only an empty snapshot has an empty piece; its row would stand in the next one's place.
  if (data.empty()) return {};
  const std::uint64_t key = piece_key(pieces.number, offset);
  pieces.size += data.size();
  statements_->add_piece.bind(1, to_row(key)).bind(2, data).bind(3, to_row(piece_hash(key, data)));
  return execute(statements_->add_piece);
}

RaftStore::Done RaftStore::make_current(Pieces& pieces, const raft::SnapshotMeta& meta) {
  const ByteVector membership = raft::encode(meta.membership);
  now_.has_garbage |= now_.snapshot.number != 0;
  now_.snapshot = std::exchange(pieces, {});
  now_.is_row_changed = true;
  statements_->add_snapshot.bind(1, to_row(now_.snapshot.number))
      .bind(2, to_row(raft::number(meta.last.index)))
      .bind(3, to_row(raft::number(meta.last.term)))
      .bind(4, Bytes(membership))
      .bind(5, to_row(meta.size))
      .bind(6, to_row(meta_hash(meta.last, meta.size, membership)));
  return execute(statements_->add_snapshot);
}

RaftStore::Done RaftStore::write_row() {
  statements_->write_row.bind(1, to_row(raft::number(now_.hard.term)))
      .bind(2, to_row(static_cast<std::uint64_t>(now_.hard.voted_for)))
      .bind(3, to_row(raft::number(now_.keep_from)))
      .bind(4, to_row(now_.snapshot.number))
      .bind(5, to_row(row_hash(now_.hard, now_.keep_from, now_.snapshot.number)));
  return execute(statements_->write_row);
}

RaftStore::Done RaftStore::sweep_some() {
  statements_->sweep_entries.bind(1, to_row(raft::number(now_.keep_from)))
      .bind(2, std::int64_t{sweep_rows_max});
  if (Done done = execute(statements_->sweep_entries); !done) return done;
  const bool is_more = database_.changes() == sweep_rows_max;
  statements_->sweep_pieces.bind(1, to_row(now_.snapshot.number))
      .bind(2, to_row(now_.incoming.number))
      .bind(3, to_row(now_.own.number))
      .bind(4, std::int64_t{sweep_pieces_max});
  if (Done done = execute(statements_->sweep_pieces); !done) return done;
  now_.has_garbage = is_more || database_.changes() == sweep_pieces_max;
  return {};
}

}  // namespace rollcall::runtime
