// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rollcall::core {

/// How long a suspect has: from longest, with one accuser, down to shortest, once enough others
/// have accused it independently.
///
/// Source: Lifeguard's LHA-Suspicion: max(Min, Max - (Max-Min)·log(C+1)/log(K+1)).
constexpr Duration suspicion_timeout(Duration shortest, Duration longest, std::size_t confirmations,
                                     std::size_t expected) {
  if (expected == 0 || confirmations >= expected) return shortest;
  const double share = std::log(static_cast<double>(confirmations) + 1) /
                       std::log(static_cast<double>(expected) + 1);
  return std::max(shortest, longest - scaled(longest - shortest, share));
}

/// The members that accuse one suspect, each counted once.
///
/// Limits: remembers up to witnesses_max; more change nothing.
class Witnesses {
 public:
  static constexpr std::size_t witnesses_max = 8;

  /// True if the witness is new.
  bool add(const LifeId& witness) {
    if (witness.is_nobody() || std::ranges::find(list_, witness) != list_.end()) return false;
    if (list_.size() >= witnesses_max) return false;
    list_.push_back(witness);
    return true;
  }
  /// How many accuse it besides one of them.
  [[nodiscard]] std::size_t count_besides(const LifeId& witness) const {
    return list_.size() - static_cast<std::size_t>(std::ranges::count(list_, witness));
  }
  [[nodiscard]] std::size_t size() const { return list_.size(); }

 private:
  std::vector<LifeId> list_;
};

}  // namespace rollcall::core
