// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/log.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace rollcall::consensus::raft {

Position Log::last() const {
  if (entries_.empty()) return base_;
  return {entries_.back().term, entries_.back().index};
}

const Entry& Log::at(Index index) const {
  ROLLCALL_CHECK(has(index));
  return entries_[static_cast<std::size_t>(distance(base_.index, index)) - 1];
}

std::optional<Term> Log::term_at(Index index) const {
  if (index == base_.index) return base_.term;
  if (!has(index)) return std::nullopt;
  return at(index).term;
}

bool Log::contains(Position position) const {
  if (position == Position{}) return true;
  return term_at(position.index) == position.term;
}

void Log::append(Entry entry) {
  const Position end = last();
  ROLLCALL_CHECK(entry.index == next(end.index));
  ROLLCALL_CHECK(entry.term >= end.term);
  bytes_ += size_of(entry);
  entries_.push_back(std::move(entry));
}

void Log::truncate(Index from) {
  ROLLCALL_CHECK(from > base_.index);
  while (!entries_.empty() && entries_.back().index >= from) {
    bytes_ -= size_of(entries_.back());
    entries_.pop_back();
  }
}

void Log::compact(Index to) {
  if (to <= base_.index) return;
  ROLLCALL_CHECK(has(to));
  base_ = {at(to).term, to};
  while (!entries_.empty() && entries_.front().index <= to) {
    bytes_ -= size_of(entries_.front());
    entries_.pop_front();
  }
}

std::vector<Entry> Log::copy(Index from, Index last, std::size_t entries_max,
                             std::size_t bytes_max) const {
  std::vector<Entry> copied;
  std::size_t bytes = 0;
  const Index end = std::min(last, this->last().index);
  for (Index index = from; index <= end && copied.size() < entries_max; index = next(index)) {
    const Entry& entry = at(index);
    bytes += size_of(entry);
    if (!copied.empty() && bytes > bytes_max) break;
    copied.push_back(entry);
  }
  return copied;
}

Index Log::last_with_term_at_most(Index start, Term term) const {
  Index index = std::min(start, last().index);
  while (index > base_.index && at(index).term > term) index = previous(index);
  return std::max(index, base_.index);
}

}  // namespace rollcall::consensus::raft
