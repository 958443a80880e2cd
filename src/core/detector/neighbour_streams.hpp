// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "core/context.hpp"

namespace rollcall::core {

/// Keeps a stream open to the next members on the ring, and remembers who keeps one open to this
/// node. Nothing is sent on them: the kernel ends them the instant a process ends.
///
/// Limits: neighbours_max streams out; in, as many as the runtime admits.
/// Source: the idea of a kernel-level spy from Falcon (SOSP 2011); the ring is ours.
class NeighbourStreams {
 public:
  static constexpr std::size_t neighbours_max = 3;
  /// The ring is followed at most this often: joins come in bursts.
  static constexpr Duration refresh_interval = std::chrono::milliseconds(200);
  static constexpr Duration retry_interval = std::chrono::seconds(5);
  static constexpr Duration open_timeout = std::chrono::seconds(5);

  explicit NeighbourStreams(Context& context) : context_(context) {}

  void on_ring_changed();
  void stop();

  void on_opened(WatchId id, Bytes frame);
  /// The member whose stream ended, if it is still that member's life that matters.
  std::optional<Slot> on_closed(WatchId id);

  void on_watched_by(StreamId id, const LifeId& watcher) { watchers_[id] = watcher; }
  std::optional<Slot> on_watcher_closed(StreamId id);

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_refresh_; }

 private:
  struct Stream {
    WatchId id{};
    Slot slot{};
    LifeId life;
    bool wanted = true;
  };

  void refresh();
  void open(Slot slot);

  Context& context_;
  std::vector<Stream> streams_;
  std::unordered_map<StreamId, LifeId> watchers_;
  Instant next_refresh_ = never;
  std::uint64_t next_id_ = 1;
};

}  // namespace rollcall::core
