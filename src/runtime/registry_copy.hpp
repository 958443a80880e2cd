// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consensus/raft/effects.hpp"
#include "registry/registry.hpp"
#include "rollcall/error.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime {

namespace raft = consensus::raft;

/// A voter's second registry, on a thread of its own: fed with every committed command, and asked
/// for snapshots, so that to make one takes no time from those who wait for commits.
///
/// Order:   what is asked for happens in the order of the calls.
/// Errors:  a snapshot that cannot be read, or a command of a later version, leaves the copy
///          useless until the next restore(); take() says so. Nobody else is the worse for it but
///          the log, which is not cut.
/// Threads: calls from any one thread; answers on the copy's.
class RegistryCopy {
 public:
  /// Up to size bytes of the replica's own snapshot; none if that is not its snapshot any more.
  /// Waits for the disk.
  using Read = std::function<std::expected<ByteVector, Error>(
      raft::Position last, std::uint64_t offset, std::uint64_t size)>;
  /// What is read at a time, so that commits come between.
  static constexpr std::uint64_t read_bytes = std::uint64_t{256} << 10U;
  /// Far more than can be: what is handed over at a time is one job.
  static constexpr std::size_t jobs_max = std::size_t{1} << 20U;

  struct Command {
    std::uint64_t term = 0;
    std::uint64_t index = 0;
    ByteVector bytes;
  };

  RegistryCopy(const LifeId& cluster, Read read);
  /// Waits for the job that runs; those that wait are skipped.
  ~RegistryCopy() { stop(); }
  RegistryCopy(const RegistryCopy&) = delete;
  RegistryCopy& operator=(const RegistryCopy&) = delete;

  void apply(std::vector<Command> commands);
  void restore(raft::SnapshotMeta snapshot);
  struct Taken {
    ByteVector data;
    Duration serialising{};
  };
  using OnTaken = std::function<void(std::expected<Taken, std::string>)>;
  void take(OnTaken done);
  /// The whole snapshot; empty if it is not the replica's any more.
  using OnRead = std::function<void(std::expected<ByteVector, Error>)>;
  void read(raft::SnapshotMeta snapshot, OnRead done);
  /// From any thread: what has not begun does not happen.
  void stop() { is_stopped_ = true; }

 private:
  void post(std::function<void()> job);
  void apply_all(const std::vector<Command>& commands);
  void restore_now(const raft::SnapshotMeta& snapshot);
  [[nodiscard]] std::expected<ByteVector, Error> read_all(const raft::SnapshotMeta& snapshot) const;

  LifeId cluster_;
  Read read_;
  std::atomic<bool> is_stopped_ = false;
  registry::Registry registry_;
  std::string trouble_;  // why it is useless; empty: it is not
  Worker thread_;        // goes first: its jobs use all the others
};

}  // namespace rollcall::runtime
