// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/ids.hpp"
#include "consensus/replica.hpp"
#include "rollcall/error.hpp"
#include "runtime/log_engine.hpp"

namespace rollcall::runtime {

namespace raft = consensus::raft;

struct VotersLogSetup {
  /// config.raft.self is set here: the data directory's voter id.
  consensus::ReplicaConfig config;
  std::string cluster;  // its name
  /// Names the cluster in the registry's snapshots, as in AgreementConfig.
  LifeId cluster_id;
  /// The member's data directory; empty: there is none. Then a member that begins a log, alone or
  /// with others, votes from memory, and any other follows without a vote.
  std::filesystem::path directory;
  /// The log that the directory had a part in, by what is kept beside raft.db; nobody: none.
  consensus::LogId kept_log;

  /// While the own snapshot cannot be read, so much waits behind it, and it is tried so often (once
  /// a second). Then the member follows no more: it says why, refuses reads and writes, and hands
  /// over what it leads, until it is started again.
  std::size_t waiting_bytes_max = std::size_t{64} << 20U;
  std::size_t read_tries_max = 30;
  /// Where tests hold up the reading of the own snapshot, on the copy's thread, or let it fail.
  std::function<std::optional<Error>(const raft::Position& snapshot)> before_read = nullptr;
};

/// The log that voters among the members keep: consensus::Replica, its disk, and the copy of the
/// registry that snapshots are taken of.
///
/// Order:   inputs are taken in the order of the calls, all that have arrived at a turn, and the
///          host is called only from turns of its own.
/// Errors:  open() refuses a directory of another cluster or member. One that is damaged, or cannot
///          be written, is left as it is: the member goes on without a vote, warns, and says so in
///          status(): to be another voter all of a sudden is not for a program to decide.
/// Threads: the io_context's; besides, `rollcall-raft` waits for the disk and `rollcall-copy`
///          keeps the copy. open() waits for the disk.
class VotersLog : public LogEngine {
 public:
  static std::expected<std::unique_ptr<VotersLog>, Error> open(boost::asio::io_context& io,
                                                               const VotersLogSetup& setup,
                                                               LogHost& host);

  /// For measuring: what snapshots cost here.
  struct SnapshotFigures {
    bool is_under_way = false;
    std::uint64_t taken = 0;
    std::uint64_t bytes = 0;  // of the last one
    Duration serialising{};   // of the last one, on the copy's thread
    Duration saving{};        // of the last one, from the first piece to the last
  };
  [[nodiscard]] virtual SnapshotFigures snapshots() const = 0;
};

}  // namespace rollcall::runtime
