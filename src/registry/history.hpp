// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/types.hpp"

namespace rollcall::registry {

/// The latest views of all groups, as what they changed: for readers that resume.
///
/// Order:  that of the log. What is forgotten is always the oldest.
/// Limits: views_max deltas and bytes_max of content_bytes(); at least the latest delta is kept.
class History {
 public:
  struct Limits {
    std::size_t views_max = 0;
    std::size_t bytes_max = 0;
  };

  explicit History(Limits limits) : limits_(limits) {}

  void append(ViewDelta delta);

  /// What followed view `after` of a group whose present view is `present`, oldest first.
  /// Nothing: some of it is forgotten, and the reader must begin with the present view.
  /// Valid until the next append.
  [[nodiscard]] std::optional<std::vector<const ViewDelta*>> since(std::string_view group,
                                                                   std::uint64_t after,
                                                                   std::uint64_t present) const;
  /// The latest deltas of a group, at most `count`, newest first.
  [[nodiscard]] std::vector<const ViewDelta*> latest(std::string_view group,
                                                     std::size_t count) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] const ViewDelta& at(std::size_t position) const { return entries_[position].delta; }

 private:
  /// Counts appended deltas, from 1; 0: none.
  using Sequence = std::uint64_t;
  struct Entry {
    ViewDelta delta;
    Sequence previous = 0;  // of the same group; it may be forgotten
  };

  [[nodiscard]] const Entry* find(Sequence sequence) const;
  [[nodiscard]] const Entry* last_of(std::string_view group) const;
  void forget_oldest();

  Limits limits_;
  std::deque<Entry> entries_;
  Sequence first_ = 1;  // of entries_.front()
  std::size_t bytes_ = 0;
  std::map<std::string, Sequence, std::less<>> last_;  // of each group that has an entry
};

}  // namespace rollcall::registry
