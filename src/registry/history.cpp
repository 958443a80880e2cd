// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/history.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace rollcall::registry {

void History::append(ViewDelta delta) {
  const Sequence sequence = first_ + entries_.size();
  const auto [at, is_new] = last_.try_emplace(delta.group, 0);
  const Sequence previous = std::exchange(at->second, sequence);
  bytes_ += content_bytes(delta);
  entries_.push_back({.delta = std::move(delta), .previous = previous});
  while (entries_.size() > 1 &&
         (entries_.size() > limits_.views_max || bytes_ > limits_.bytes_max)) {
    forget_oldest();
  }
}

void History::forget_oldest() {
  const ViewDelta& oldest = entries_.front().delta;
  const auto last = last_.find(oldest.group);
  ROLLCALL_CHECK(last != last_.end());
  if (last->second == first_) last_.erase(last);
  bytes_ -= content_bytes(oldest);
  entries_.pop_front();
  ++first_;
}

const History::Entry* History::find(Sequence sequence) const {
  return sequence >= first_ ? &entries_[sequence - first_] : nullptr;
}

const History::Entry* History::last_of(std::string_view group) const {
  const auto at = last_.find(group);
  return at == last_.end() ? nullptr : find(at->second);
}

std::optional<std::vector<const ViewDelta*>> History::since(std::string_view group,
                                                            std::uint64_t after,
                                                            std::uint64_t present) const {
  std::vector<const ViewDelta*> deltas;
  std::uint64_t wanted = present;
  for (const Entry* entry = last_of(group); wanted > after && entry != nullptr; --wanted) {
    if (entry->delta.number != wanted) break;
    deltas.push_back(&entry->delta);
    entry = find(entry->previous);
  }
  if (wanted != after) return std::nullopt;
  std::ranges::reverse(deltas);
  return deltas;
}

std::vector<const ViewDelta*> History::latest(std::string_view group, std::size_t count) const {
  std::vector<const ViewDelta*> deltas;
  const Entry* entry = last_of(group);
  while (entry != nullptr && deltas.size() < count) {
    deltas.push_back(&entry->delta);
    entry = find(entry->previous);
  }
  return deltas;
}

}  // namespace rollcall::registry
