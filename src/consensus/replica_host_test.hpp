// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consensus/raft/raft_disk_test.hpp"
#include "consensus/replica.hpp"

/// One member of the world of replica_world_test.hpp.
namespace rollcall::consensus {

/// What a member made of the log: each command once, in order. Also the content of snapshots.
struct Line {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::uint64_t command = 0;
  bool operator==(const Line&) const = default;
};
using Lines = std::vector<Line>;

inline bool has_line(const Lines& lines, ProposalToken token) {
  return std::ranges::find(lines, static_cast<std::uint64_t>(token), &Line::command) != lines.end();
}

struct HostDisk : raft::RaftDisk {
  LogId log;
};
struct Host {
  std::string name;
  ReplicaConfig config;
  std::string zone;
  std::optional<Replica> replica;  // none: not running
  bool left = false;
  Instant down_since{};
  std::uint64_t life = 0;  // what belongs to an earlier one is void
  HostDisk disk;
  LogId told;  // what the others know of its log
  Instant disk_free{};
  Lines lines;
  Lines copy;
  Leadership leadership;
  std::vector<std::pair<ProposalToken, LogRefusal>> refused;
  std::set<ReadToken> reads_failed;
  std::set<ReadToken> reads_ready;
  std::size_t restored = 0;
  std::map<std::string, bool> seen_failed;
  std::set<std::string> met;
};
struct HostSetup {
  bool data = true;
  bool introducer = false;
  std::uint16_t expect = 0;
  std::string zone = {};
  std::size_t voters_wanted = 3;
};

inline void put_word(ByteVector& out, std::size_t at, std::uint64_t word) {
  for (std::size_t i = 0; i < 8; ++i) out[at + i] = static_cast<std::byte>(word >> (8 * i));
}
inline std::uint64_t get_word(const ByteVector& in, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    word |= std::to_integer<std::uint64_t>(in.at(at + i)) << (8 * i);
  }
  return word;
}
inline Line line_of(const raft::Entry& entry) {
  return {.index = raft::number(entry.index),
          .term = raft::number(entry.term),
          .command = get_word(entry.payload, 0)};
}
inline ByteVector saved(const Lines& lines) {
  ByteVector out(24 * lines.size() + 1);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    put_word(out, 24 * i, lines[i].index);
    put_word(out, 24 * i + 8, lines[i].term);
    put_word(out, 24 * i + 16, lines[i].command);
  }
  return out;
}
inline Lines restored(const ByteVector& data) {
  Lines lines(data.size() / 24);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i] = {.index = get_word(data, 24 * i),
                .term = get_word(data, 24 * i + 8),
                .command = get_word(data, 24 * i + 16)};
  }
  return lines;
}

}  // namespace rollcall::consensus
