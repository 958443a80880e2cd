// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "consensus/raft/types.hpp"

namespace rollcall::consensus::raft {

struct Config {
  /// What one message carries at most (codec.hpp); the limits below may be lower, not higher.
  static constexpr std::size_t payload_bytes_max = 1U << 20U;
  static constexpr std::size_t entries_max = 1024;

  VoterId self{};

  /// A follower waits between one and two of these for a leader's word; a leader that has not heard
  /// from a majority for one of these steps down.
  Duration election_timeout = std::chrono::milliseconds(300);
  /// At most a third of election_timeout.
  Duration heartbeat_interval = std::chrono::milliseconds(60);
  /// After the disk refused, how soon to try again.
  Duration store_retry = std::chrono::milliseconds(500);

  /// Largest command.
  std::size_t command_bytes_max = payload_bytes_max;
  /// Largest append, in sizes of entries; one larger entry still travels, alone.
  std::size_t append_bytes_max = 256U << 10U;
  std::size_t append_entries_max = entries_max;
  /// Appends under way to one peer without an answer.
  std::size_t append_window = 16;
  /// Entries that a leader takes beyond the commit index before it refuses proposals.
  std::size_t uncommitted_entries_max = 16'384;
  std::size_t uncommitted_bytes_max = 16U << 20U;
  /// Reads that wait for confirmation.
  std::size_t reads_max = 16'384;

  /// A learner that lacks no more entries than this can become a voter.
  std::uint64_t promote_gap_max = 256;

  /// Entries after the last snapshot that make the next one due.
  std::uint64_t snapshot_entries = 16'384;
  /// Entries kept before a snapshot, so that a follower a little behind needs no snapshot.
  std::uint64_t trailing_entries = 4'096;
  /// Bytes of log in memory that make a snapshot due too; half of it may trail.
  std::size_t log_bytes_max = 64U << 20U;
  /// Of one piece of a snapshot on its way to a follower.
  std::size_t chunk_bytes = 128U << 10U;
};

enum class ConfigError : std::uint8_t {
  no_self,   // self is nobody
  timeouts,  // not positive, or heartbeat_interval above a third of election_timeout
  limits     // a limit is zero, or more than a message can carry
};
std::string_view to_text(ConfigError error);

std::optional<ConfigError> validate(const Config& config);

}  // namespace rollcall::consensus::raft
