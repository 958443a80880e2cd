// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.hpp"
#include "consensus/raft/messages.hpp"
#include "consensus/raft/types.hpp"

namespace rollcall::consensus::raft {

/// What a leader knows of one peer.
struct Progress {
  enum class Mode : std::uint8_t {
    probe,      // looking for where the logs part: one append at a time
    replicate,  // appends are sent ahead of the answers, up to the window
    snapshot    // it lacks what the log no longer has: pieces of the snapshot, one at a time
  };

  Mode mode = Mode::probe;
  Index match{};                // stored there, as in the leader's log
  Index next{};                 // to send next; above match
  Index commit_sent{};          // the commit index it was told
  bool waiting = false;         // probe, snapshot: what was sent is not answered yet
  std::deque<Index> in_flight;  // replicate: the last entry of each append not answered yet
  Instant heard{};
  std::uint64_t round = 0;  // the last one it echoed

  SnapshotMeta sending;
  std::uint64_t offset = 0;
  Instant chunk_sent{};

  void begin_probe(Index from) {
    mode = Mode::probe;
    next = from;
    waiting = false;
    in_flight.clear();
  }
  void begin_replicate() {
    mode = Mode::replicate;
    next = raft::next(match);
    waiting = false;
    in_flight.clear();
  }
  void begin_snapshot(const SnapshotMeta& meta) {
    mode = Mode::snapshot;
    sending = meta;
    offset = 0;
    waiting = false;
    in_flight.clear();
  }
  /// Everything up to index is there.
  void matched(Index index) {
    if (index <= match) return;
    match = index;
    if (next <= match) next = raft::next(match);
    while (!in_flight.empty() && in_flight.front() <= match) in_flight.pop_front();
  }
};

}  // namespace rollcall::consensus::raft
