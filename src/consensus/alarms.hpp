// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/time.hpp"

namespace rollcall::consensus {

/// One moment a key, and which comes first.
///
/// Limits: O(log keys) a call. A key whose moment never comes is not kept.
template <class Key>
class Alarms {
 public:
  /// In place of the one it had.
  void set(const Key& key, Instant at) {
    remove(key);
    if (at == never) return;
    at_.emplace(key, at);
    order_.emplace(at, key);
  }
  void remove(const Key& key) {
    const auto at = at_.find(key);
    if (at == at_.end()) return;
    order_.erase({at->second, key});
    at_.erase(at);
  }
  void clear() {
    at_.clear();
    order_.clear();
  }
  /// The first whose moment has come; its alarm is gone then.
  std::optional<Key> take_due(Instant now) {
    if (next() > now) return std::nullopt;
    const Key key = order_.begin()->second;
    remove(key);
    return key;
  }

  [[nodiscard]] Instant next() const { return order_.empty() ? never : order_.begin()->first; }
  [[nodiscard]] std::size_t size() const { return at_.size(); }

 private:
  std::map<Key, Instant> at_;
  std::set<std::pair<Instant, Key>> order_;
};

}  // namespace rollcall::consensus
