// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/raft_store.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime {

/// Group commit: what is asked for while one commit is on its way to the disk is the next one.
///
/// Order:   writes are numbered 1, 2, 3 …; on_done tells of every number once, in that order.
/// Errors:  when a commit fails, it and all that waits behind it are refused: later writes build on
///          earlier ones. What is submitted after that is tried anew.
/// Limits:  waiting_bytes_max, beyond which writes are not taken; a commit takes at most
///          commit_bytes_max, or one write that is larger. Where nothing waits, the store is swept.
/// Threads: submit(), use() and close() from any; on_done runs on the disk thread, once a commit.
class RaftWriter : public std::enable_shared_from_this<RaftWriter> {
 public:
  static constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20U;
  static constexpr std::size_t commit_bytes_max = std::size_t{1} << 20U;

  /// Writes up to this number, and after all told of before, are on the disk; or, with an error,
  /// are not.
  using OnDone = std::function<void(std::uint64_t upto, const std::optional<Error>& error)>;

  /// The store must be loaded. Needs two places in the disk thread's queue, and one for each use().
  RaftWriter(RaftStore store, Worker& disk, OnDone on_done);

  /// The write's number; nothing if too much waits.
  [[nodiscard]] std::optional<std::uint64_t> submit(RaftWrite write);
  /// Runs the job on the disk thread, between two commits; not after close(). For reading.
  [[nodiscard]] bool use(std::function<void(RaftStore&)> job);
  /// Writes what waits, gives the file back, and calls done on the disk thread.
  void close(std::function<void()> done);

 private:
  void schedule();
  void work();
  std::vector<RaftWrite> take();
  void commit(const std::vector<RaftWrite>& batch);
  void sweep();

  Worker& disk_;
  OnDone on_done_;
  std::mutex mutex_;
  bool is_scheduled_ = false;
  std::deque<RaftWrite> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t told_ = 0;          // the disk thread only, like the store
  std::optional<RaftStore> store_;  // nothing once closed
};

}  // namespace rollcall::runtime
