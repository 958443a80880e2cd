// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/context.hpp"

namespace rollcall::core {

/// The member's record as told to others now: alive ones with their tags.
wire::Update compose_update(const Record& record);

/// How many members are told news at once, profile rollcall: enough that, each telling as many,
/// all but a fraction of a member is reached (residue about N·e^-fanout).
std::size_t push_fanout(const Context& context);

/// Updates that ride on whatever datagram leaves next, each a limited number of times. In profile
/// rollcall news has been pushed before, and each copy of it that comes back counts as one that
/// need not be sent: where a push reached everybody nothing is repeated, and where loss ate copies
/// as many more are sent.
///
/// Order:  those sent least often first, of these the newest first.
/// Limits: one entry a member, for a newer state of it replaces the older; each is sent and heard
///         at most send_limit() times.
/// Source: SWIM, section 4.1 (infection-style dissemination); Demers et al., 1987, section 1.4,
///         for counting what is heard (feedback, counter).
class UpdateQueue {
 public:
  explicit UpdateQueue(Context& context) : context_(context) {}

  /// How old a verdict may be and still be told as news.
  static constexpr Duration news_time = std::chrono::seconds(1);

  /// Queues the member's record, whatever it will be when sent. A witness replaces the record's.
  void add(Slot slot, wire::Age age, std::optional<LifeId> witness = {});
  /// Another member sent the same news.
  void on_heard(Slot slot, const LifeId& witness);
  void remove(Slot slot);
  void clear();

  /// Adds as many updates as fit, and counts them as sent.
  void fill(wire::DatagramWriter& writer);
  /// The update for one entry as it would be sent now; nothing if it is not queued.
  [[nodiscard]] std::optional<wire::Update> peek(Slot slot) const;

  [[nodiscard]] bool empty() const { return order_.empty(); }
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  /// How often one update is sent or heard before it rests.
  [[nodiscard]] std::size_t send_limit(wire::Age age) const;

 private:
  struct Key {
    std::uint32_t sends = 0;
    std::uint64_t newness = 0;  // counts down, so that newer is smaller
    Slot slot{};
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Key key;
    std::size_t limit = 0;
    Instant news_until{};
    std::optional<LifeId> witness;
  };

  [[nodiscard]] wire::Update compose(const Entry& entry) const;
  /// Puts an entry that was taken out of the order back, or forgets it.
  void count(Key key);

  Context& context_;
  std::set<Key> order_;
  std::unordered_map<Slot, Entry> entries_;  // what is queued; looked up only, never iterated
  std::uint64_t next_newness_ = UINT64_MAX;
  std::vector<Key> sent_;  // kept between calls for its memory
};

}  // namespace rollcall::core
