// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/config.hpp"

namespace rollcall::consensus::raft {

std::optional<ConfigError> validate(const Config& config) {
  if (config.self == VoterId::nobody) return ConfigError::no_self;
  if (config.heartbeat_interval <= Duration::zero() || config.store_retry <= Duration::zero() ||
      config.heartbeat_interval > config.election_timeout / 3) {
    return ConfigError::timeouts;
  }
  const bool limits = config.command_bytes_max > 0 && config.append_bytes_max > 0 &&
                      config.append_entries_max > 0 && config.append_window > 0 &&
                      config.uncommitted_entries_max > 0 && config.uncommitted_bytes_max > 0 &&
                      config.reads_max > 0 && config.snapshot_entries > 0 &&
                      config.log_bytes_max > 0 && config.chunk_bytes > 0;
  const bool fits = config.command_bytes_max <= Config::payload_bytes_max &&
                    config.append_bytes_max <= Config::payload_bytes_max &&
                    config.append_entries_max <= Config::entries_max &&
                    config.chunk_bytes <= Config::payload_bytes_max;
  if (!limits || !fits) return ConfigError::limits;
  return std::nullopt;
}

}  // namespace rollcall::consensus::raft
