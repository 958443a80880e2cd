// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_agreement.hpp"

#include <algorithm>
#include <string>

#include "sim/checkers.hpp"
#include "sim/checkers_words.hpp"
#include "sim/message_text.hpp"

namespace rollcall::sim {

std::vector<HostId> AgreementChecker::members() const {
  std::vector<HostId> result;
  for (const HostId host : world_.hosts()) {
    if (!world_.is_running(host) || has_gone_out(world_.node(host))) continue;
    const bool is_apart = !result.empty() && !world_.share_group(host, result.front());
    if (!world_.sound_since(host) || is_apart) return {};
    result.push_back(host);
  }
  return result;
}

void AgreementChecker::look() {
  if (!bound_) return;
  const Instant since = std::max(agreed_at_, troubles_.still_since());
  const bool is_overdue = world_.now() - since > *bound_;
  const std::vector<HostId> all = members();
  const std::string gap = convergence_gap(world_, all);
  if (!gap.empty() && is_overdue) {
    violations_.add(moment_text(world_.now()) + " no agreement since " + moment_text(since) + ": " +
                    gap);
  }
  // What was objected to is objected to again only after as long again.
  if (gap.empty() || is_overdue) agreed_at_ = world_.now();
}

}  // namespace rollcall::sim
