// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/time.hpp"
#include "consensus/replica.hpp"
#include "runtime/raft_writer.hpp"
#include "runtime/registry_copy.hpp"
#include "runtime/voters_log.hpp"

namespace rollcall::runtime {

/// What a voter has besides the replica: its disk, on a thread of its own, and the copy of the
/// registry. Confirms, on the io_context's thread, what was asked for.
///
/// Order:   results come in the order of what was asked for.
/// Threads: the io_context's.
class VotersLogDisk {
 public:
  /// A piece of an own snapshot is so large at most: a commit takes 1 ms more for it on a disk that
  /// writes 64 MB in a second.
  static constexpr std::size_t piece_bytes = std::size_t{64} << 10U;
  /// So many pieces of snapshots for others are read at once; beyond it they have to ask again.
  static constexpr std::size_t pieces_read_max = 4096;

  // What happened, for the replica; never within a call.
  struct Stored {
    raft::StoreId id{};
    bool is_done = false;
  };
  struct ChunkStored {
    raft::ChunkId id{};
    bool is_done = false;
  };
  struct SnapshotSaved {
    std::uint64_t size = 0;  // 0: it failed
  };
  using Result = std::variant<Stored, ChunkStored, SnapshotSaved>;
  struct Told {
    std::function<void(std::vector<Result>)> results;
    /// What an operator should know.
    std::function<void(std::string)> warn;
  };

  VotersLogDisk(boost::asio::io_context& io, RaftStore store, const VotersLogSetup& setup,
                Told told);
  ~VotersLogDisk();
  VotersLogDisk(const VotersLogDisk&) = delete;
  VotersLogDisk& operator=(const VotersLogDisk&) = delete;

  void keep(const consensus::KeepLog& keep);
  void store(raft::Store store);
  void store(raft::StoreChunk chunk);
  void apply(RegistryCopy::Command command) { unapplied_.push_back(std::move(command)); }
  /// Hands over what was applied: once a turn.
  void flush();
  void restore_copy(const raft::SnapshotMeta& snapshot);
  void take_snapshot(const raft::TakeSnapshot& take);
  /// The whole snapshot, for the registry itself. Empty if it is not the replica's any more.
  void read(const raft::SnapshotMeta& snapshot, RegistryCopy::OnRead done);
  /// A piece of it; not called when it cannot be read.
  void read_piece(raft::Position last, std::uint64_t offset, std::uint64_t size,
                  std::function<void(ByteVector)> done);
  /// Why the disk refuses; empty: it does not.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] const VotersLog::SnapshotFigures& figures() const { return figures_; }
  /// Nothing comes after this. done is called, on any thread, when the file is free.
  void close(std::function<void()> done);

 private:
  struct KeptLog {
    consensus::LogId log;
  };
  struct PieceSaved {
    std::uint64_t snapshot = 0;  // which of them
  };
  using Purpose = std::variant<KeptLog, Stored, ChunkStored, PieceSaved>;
  struct UnderWay {
    std::uint64_t number = 0;
    Purpose purpose;
  };
  struct Saving {
    raft::SnapshotMeta meta;
    ByteVector data;
    std::uint64_t offset = 0;
    Instant begun{};
  };

  template <class Job>
  auto on_io(Job job);
  void submit(RaftWrite write, Purpose purpose);
  void keep_pending();
  void on_written(std::uint64_t upto, const std::optional<Error>& error);
  void settle(const Purpose& purpose, bool is_done);
  void note_trouble(const std::optional<Error>& error);
  void on_taken(std::uint64_t number, raft::SnapshotMeta meta,
                std::expected<RegistryCopy::Taken, std::string> taken);
  void save_next_piece();
  void forget_snapshot();
  void fail_snapshot(const std::string& why);
  void tell(Result result);

  boost::asio::io_context& io_;
  Told told_;
  std::shared_ptr<RaftWriter> writer_;
  std::deque<UnderWay> under_way_;
  std::vector<Result> results_;
  bool is_telling_ = false;
  std::string trouble_;

  /// Not on the disk yet; what comes after it waits for it.
  std::optional<consensus::KeepLog> log_to_keep_;
  bool is_keeping_ = false;
  std::optional<raft::Store> held_store_;

  std::size_t pieces_being_read_ = 0;

  std::vector<RegistryCopy::Command> unapplied_;
  std::uint64_t snapshot_number_ = 0;  // of the last one asked for, or overtaken by another
  std::optional<Saving> saving_;
  VotersLog::SnapshotFigures figures_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Worker> disk_;  // goes after the copy, which waits for it
  std::unique_ptr<RegistryCopy> copy_;
};

}  // namespace rollcall::runtime
