// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>

#include "core/context.hpp"
#include "core/dissemination/eager_push.hpp"
#include "core/dissemination/update_queue.hpp"

namespace rollcall::core {

/// How news leaves this node: pushed at once (profile rollcall), riding on other datagrams, and,
/// while something waits, told to a few random members every gossip interval.
class Gossip {
 public:
  explicit Gossip(Context& context) : context_(context), queue_(context), push_(context) {}

  /// Members told per tick, unless configured otherwise.
  static constexpr std::size_t tick_fanout = 3;

  [[nodiscard]] UpdateQueue& queue() { return queue_; }
  [[nodiscard]] const UpdateQueue& queue() const { return queue_; }
  [[nodiscard]] std::size_t pushes_waiting() const { return push_.size(); }

  /// Spreads the member's record; a witness replaces the record's own.
  void announce(Slot slot, wire::Age age, std::optional<LifeId> witness = {});
  /// Spreads a record found by comparison: it is no news, so it only rides along.
  void mention(Slot slot);
  /// Another member told the same of it.
  void on_heard(Slot slot, const LifeId& witness) { queue_.on_heard(slot, witness); }
  void forget(Slot slot) { queue_.remove(slot); }
  void clear();

  /// Call at the end of every input.
  void flush() { push_.flush_if_due(); }
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const {
    return std::min(push_.next_deadline(), next_tick_);
  }

 private:
  void schedule_tick();

  Context& context_;
  UpdateQueue queue_;
  EagerPush push_;
  Instant next_tick_ = never;
  Instant last_tick_{};
};

}  // namespace rollcall::core
