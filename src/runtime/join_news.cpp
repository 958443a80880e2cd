// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/join_news.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::runtime {
namespace {

std::string_view prefix(const core::JoinAttempt& attempt) {
  switch (attempt.stage) {
    case core::JoinStage::saved_peers:
      return "saved peer ";
    case core::JoinStage::hosts_file:
      return attempt.seed == core::hosts_file_text ? "" : "host ";
    case core::JoinStage::lan:
      return attempt.outcome == core::nobody_on_lan_text ? "" : "on the LAN ";
    case core::JoinStage::seeds:
    case core::JoinStage::none:
    case core::JoinStage::waiting:
      break;
  }
  return "seed ";
}

/// Who is its own only seed, or alone on its LAN, begins the cluster, and misses nobody.
bool misses_nobody(std::span<const core::JoinAttempt> attempts) {
  return std::ranges::all_of(attempts, [](const core::JoinAttempt& attempt) {
    return attempt.outcome == "is this member itself" ||
           attempt.outcome == core::nobody_on_lan_text;
  });
}

std::string sentence(std::span<const core::JoinAttempt> attempts) {
  std::string text = "no seed could be joined, trying again: ";
  const std::size_t told = std::min(attempts.size(), JoinNews::seeds_told_max);
  for (std::size_t at = 0; at < told; ++at) {
    text.append(at == 0 ? "" : "; ").append(prefix(attempts[at]));
    text.append(attempts[at].seed).append(": ");
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
  if (misses_nobody(attempts)) return std::nullopt;
  std::set<std::string> outcomes;
  for (const core::JoinAttempt& attempt : attempts) outcomes.insert(attempt.outcome);
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
