// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/join_news.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::runtime {
namespace {

std::string sentence(std::span<const core::JoinAttempt> attempts) {
  std::string text = "no seed could be joined, trying again: ";
  const std::size_t told = std::min(attempts.size(), JoinNews::seeds_told_max);
  for (std::size_t at = 0; at < told; ++at) {
    text.append(at == 0 ? "" : "; ").append("seed ").append(attempts[at].seed).append(": ");
    text += attempts[at].outcome;
  }
  if (attempts.size() > told) {
    text += "; and " + std::to_string(attempts.size() - told) + " more";
  }
  return text;
}

}  // namespace

std::optional<std::string> JoinNews::next(std::span<const core::JoinAttempt> attempts,
                                          Instant now) {
  std::set<std::string> outcomes;
  for (const core::JoinAttempt& attempt : attempts) outcomes.insert(attempt.outcome);
  // Who is its own only seed begins the cluster, and misses nobody.
  if (outcomes == std::set<std::string>{"is this member itself"}) return std::nullopt;
  if (outcomes != told_) {
    told_ = std::move(outcomes);
    interval_ = interval_min;
  } else if (now < again_at_) {
    return std::nullopt;
  } else {
    interval_ = std::min(2 * interval_, interval_max);
  }
  again_at_ = now + interval_;
  return sentence(attempts);
}

}  // namespace rollcall::runtime
