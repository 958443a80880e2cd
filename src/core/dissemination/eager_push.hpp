// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "core/context.hpp"
#include "core/dissemination/update_queue.hpp"

namespace rollcall::core {

/// Tells news to a few members the moment it is learned; duplicates stop it, for only what changes
/// a record is pushed on. Five or six hops reach a thousand members.
///
/// The few are both neighbours on the ring, and random ones. The random ones carry it far; but
/// whom they all happen to miss (one member in a rumour or two of a hundred) is still reached,
/// unless both its neighbours were missed as well.
///
/// A burst of news (a hundred joins at once) is gathered for a few milliseconds, so that it
/// costs packets by the datagram and not by the update.
///
/// Limits: one datagram of each burst to each of push_fanout() members, at most datagrams_max a
///         flush; the rest waits for the next.
/// Source: Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", 1987,
///         section 1.4 (rumor mongering, blind, with infect-and-die); Lin, Marzullo, Masini,
///         "Gossip versus Deterministically Constrained Flooding", DISC 2000, for the ring.
class EagerPush {
 public:
  explicit EagerPush(Context& context) : context_(context) {}

  /// The shortest time between two flushes.
  static constexpr Duration spacing = std::chrono::milliseconds(5);
  /// Datagrams to one member in one flush.
  static constexpr std::size_t datagrams_max = 8;

  /// A witness replaces the record's own.
  void add(Slot slot, wire::Age age, std::optional<LifeId> witness) {
    pending_.push_back({slot, context_.table.at(slot).life.id, age, witness});
  }
  void clear() { pending_.clear(); }
  [[nodiscard]] std::size_t size() const { return pending_.size(); }

  /// Sends what waits, if the spacing allows. Call at the end of every input.
  void flush_if_due();
  [[nodiscard]] Instant next_deadline() const {
    return pending_.empty() ? never : last_flush_ + spacing;
  }

 private:
  struct News {
    Slot slot{};
    LifeId life;
    wire::Age age{};
    std::optional<LifeId> witness;
  };

  [[nodiscard]] std::optional<wire::Update> compose(const News& news) const;
  [[nodiscard]] std::vector<Slot> pick_targets(std::optional<Slot> only_about) const;
  [[nodiscard]] std::vector<Slot> ring_neighbours() const;
  void pack();
  void tell_subjects();

  Context& context_;
  std::vector<News> pending_;
  std::vector<Slice> packed_;
  Instant last_flush_{};
};

}  // namespace rollcall::core
