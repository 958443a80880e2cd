// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "consensus/raft/raft.hpp"
#include "rollcall/error.hpp"
#include "runtime/database.hpp"
#include "runtime/raft_writes.hpp"

namespace rollcall::runtime {

/// What a replica keeps: which log it is of, term and vote, the log itself, the snapshot, in
/// raft.db of the data directory.
///
/// Order:   open(), load(), then the others.
/// Errors:  open() and load() say which file, what is wrong and what to do; nothing is changed
///          then. A write() that fails has stored nothing of what it was given, and may be tried
///          again. If the process ends before that, all of it may be there after all (a disk that
///          fails to confirm may have written): for the log that is a write that nobody heard of.
///          A write against the rules of effects.hpp is a bug and ends the process.
/// Limits:  what a snapshot or keep_from makes useless goes in steps of sweep_rows_max rows, so
///          that no commit waits for it. A snapshot has at most snapshot_bytes_max.
/// Threads: one at a time; every call waits for the disk. Store locks the directory, SQLite the
///          file itself.
/// Source:  what must be stable: Ongaro and Ousterhout, "In Search of an Understandable Consensus
///          Algorithm", ATC 2014, figure 2.
class RaftStore {
 public:
  static constexpr const char* file_name = "raft.db";
  static constexpr int sweep_rows_max = 64;
  static constexpr int sweep_pieces_max = 4;
  static constexpr std::uint64_t snapshot_bytes_max = std::uint64_t{1} << 32U;

  /// The voter id is the file's: drawn with a new one, kept from then on. A member that lost its
  /// file is another voter, which cannot give the lost one's vote a second time.
  struct Owner {
    std::string cluster;
    std::string name;
    raft::VoterId voter_if_new{};
  };

  static std::expected<RaftStore, Error> open(const std::filesystem::path& directory,
                                              const Owner& owner);
  /// The same without a file: what a member that votes from memory has. It ends with the store.
  static std::expected<RaftStore, Error> open_in_memory(const Owner& owner);
  /// Whether open() refused because the file is another member's or cluster's, or another
  /// version's.
  [[nodiscard]] static bool is_foreign(const Error& error) {
    return error.code == ErrorCode::not_allowed;
  }
  /// What there is to say of a directory's file whose content makes no sense.
  static Error damage_of(const std::filesystem::path& directory, std::string_view what);
  RaftStore(RaftStore&&) noexcept;
  RaftStore& operator=(RaftStore&&) noexcept;
  ~RaftStore();

  [[nodiscard]] raft::VoterId voter() const { return voter_; }
  /// Which log this is a replica of; nobody: of none yet.
  [[nodiscard]] const consensus::LogId& log() const { return now_.log; }
  /// Everything that was confirmed, and checked to be undamaged; so is the snapshot's data.
  std::expected<raft::Stored, Error> load();

  /// All of it in one commit, in order; on the disk when it returns.
  std::expected<void, Error> write(std::span<const RaftWrite> writes);

  /// Up to size bytes of the snapshot; fewer at its end. None if this is not the snapshot any more.
  std::expected<ByteVector, Error> read_snapshot(raft::Position last, std::uint64_t offset,
                                                 std::uint64_t size);

  [[nodiscard]] bool has_garbage() const { return now_.has_garbage; }
  /// One step of taking away what is of no use any more, in a commit of its own.
  std::expected<void, Error> sweep() { return write({}); }
  /// Leaves the rest of it until there is more.
  void postpone_sweep() { now_.has_garbage = false; }

 private:
  struct Statements;
  using Done = std::expected<void, DatabaseError>;

  /// The pieces of a snapshot; the number is their name in the file, 0 for none.
  struct Pieces {
    std::uint64_t number = 0;
    raft::Position last;
    std::uint64_t size = 0;
  };
  /// What the disk has, or will have with the commit in the making.
  struct Mirror {
    consensus::LogId log;
    raft::HardState hard;
    raft::Index keep_from{};
    raft::Index last{};  // of the log; the snapshot's end if that is empty
    Pieces snapshot;
    Pieces incoming;  // on its way from a leader
    Pieces own;       // being saved
    std::uint64_t newest_number = 0;
    bool is_row_changed = false;
    bool has_garbage = false;
  };

  RaftStore(std::filesystem::path file, Database database);
  std::expected<void, Error> prepare(const Owner& owner);
  Done settle();
  std::expected<void, Error> check_owner(const Owner& owner);
  std::expected<std::string, DatabaseError> fact(std::string_view key, const std::string& if_new);

  static std::expected<RaftStore, Error> open_file(const std::filesystem::path& file,
                                                   const Owner& owner);
  std::expected<void, Error> read_log();
  std::expected<void, Error> read_row(raft::Stored& stored);
  std::expected<void, Error> read_meta(raft::Stored& stored);
  std::expected<void, Error> check_pieces();
  std::expected<void, Error> read_entries(raft::Stored& stored);
  Done look_for_garbage();

  Done write_all(std::span<const RaftWrite> writes);
  Done perform(const raft::Store& store);
  Done perform(const raft::StoreChunk& chunk);
  Done perform(const SaveSnapshotPiece& piece);
  Done perform(const consensus::KeepLog& keep);
  void keep(const raft::HardState& hard);
  Done install(const raft::SnapshotMeta& meta);
  Done cut(raft::Index from);
  Done append(const std::vector<raft::Entry>& entries);
  Done add_piece(Pieces& pieces, raft::Position last, std::uint64_t offset, Bytes data);
  Done make_current(Pieces& pieces, const raft::SnapshotMeta& meta);
  Done write_row();
  Done sweep_some();

  [[nodiscard]] Error to_error(const DatabaseError& error) const;
  [[nodiscard]] Error damaged(const std::string& what) const;

  std::filesystem::path file_;
  Database database_;
  std::unique_ptr<Statements> statements_;  // goes before the database
  raft::VoterId voter_{};
  bool is_loaded_ = false;
  Mirror now_;
};

}  // namespace rollcall::runtime
