// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.hpp"
#include "registry/limits.hpp"

namespace rollcall::registry {

/// The lives that were removed from the cluster, so that none of them comes back: a member that
/// was removed while it lived is told so when it asks, and joins as a new life.
///
/// Limits: removed_lives_max names, each with its latest removed life; the longest ago is
///         forgotten. Its old life could then join once more: a bound, not a hole, for it joins
///         by a new view, at the end of the order.
class RemovedLives {
 public:
  struct Removal {
    Life life;
    std::uint64_t index = 0;  // of the removal in the log

    auto operator<=>(const Removal&) const = default;
  };

  void insert(const std::string& id, const Life& life, std::uint64_t index) {
    const auto [at, is_new] = removals_.try_emplace(id);
    if (!is_new) by_index_.erase({at->second.index, id});
    at->second = {.life = life, .index = index};
    by_index_.emplace(index, id);
    if (removals_.size() > removed_lives_max) {
      removals_.erase(by_index_.begin()->second);
      by_index_.erase(by_index_.begin());
    }
  }

  /// Whether this life, or a later one of the name, was removed.
  [[nodiscard]] bool contains(std::string_view id, const Life& life) const {
    const auto at = removals_.find(id);
    if (at == removals_.end()) return false;
    return life == at->second.life || life.boot < at->second.life.boot;
  }

  [[nodiscard]] const std::map<std::string, Removal, std::less<>>& all() const { return removals_; }

 private:
  std::map<std::string, Removal, std::less<>> removals_;
  std::set<std::pair<std::uint64_t, std::string>> by_index_;
};

}  // namespace rollcall::registry
