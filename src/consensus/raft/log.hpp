// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "consensus/raft/types.hpp"

namespace rollcall::consensus::raft {

/// The entries of one replica in memory, from after a base (whose term it knows) to the last.
///
/// Order:  indexes have no gap; terms never fall (checked).
/// Limits: none of its own; the replica keeps those of Config.
class Log {
 public:
  Log() = default;
  /// An empty log that goes on after `base`.
  explicit Log(Position base) : base_(base) {}

  [[nodiscard]] Position base() const { return base_; }
  [[nodiscard]] Index first() const { return next(base_.index); }
  [[nodiscard]] Position last() const;
  [[nodiscard]] bool has(Index index) const { return index > base_.index && index <= last().index; }
  /// An entry that it has (checked).
  [[nodiscard]] const Entry& at(Index index) const;
  /// The term at an index from base to last; nothing outside.
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  /// Whether this very position is in it. Position 0 is in every log.
  [[nodiscard]] bool contains(Position position) const;

  /// Adds the entry after the last (checked).
  void append(Entry entry);
  /// Drops the entries at and after an index.
  void truncate(Index from);
  /// Drops the entries up to and with an index, which becomes the base.
  void compact(Index to);

  /// Copies entries from `from` on, up to `last`, at least one if there is any, within the limits.
  [[nodiscard]] std::vector<Entry> copy(Index from, Index last, std::size_t entries_max,
                                        std::size_t bytes_max) const;
  /// The last index at or below `start` whose term is at most `term`; base if there is none above.
  [[nodiscard]] Index last_with_term_at_most(Index start, Term term) const;
  /// Sizes of the entries together.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  Position base_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace rollcall::consensus::raft
