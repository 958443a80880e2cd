// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups_board.hpp"

#include <chrono>

#include "base/ids.hpp"
#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

/// Longer ago than any process has run: it never was up to date.
constexpr Duration stale_forever = std::chrono::hours(24 * 365 * 10);

/// What was up to date when it was published is so; what was not has grown older since.
std::optional<Duration> staleness(Duration published, Duration since) {
  if (published >= stale_forever) return std::nullopt;
  if (published <= Duration::zero()) return Duration::zero();
  return published + since;
}

}  // namespace

std::expected<ClusterLeader, Error> GroupsBoard::leader() const {
  std::shared_ptr<const ClusterLeader> leader;
  std::shared_ptr<const Published> published;
  {
    const std::lock_guard lock(mutex_);
    leader = leader_;
    published = status_;
  }
  if (leader) return *leader;
  const std::string& trouble = published->status.trouble;
  return std::unexpected(Error{
      ErrorCode::no_quorum,
      "the cluster has no leader: " + (trouble.empty() ? "nothing was agreed upon yet" : trouble),
      {}});
}

AgreementStatus GroupsBoard::status() const {
  std::shared_ptr<const Published> published;
  {
    const std::lock_guard lock(mutex_);
    published = status_;
  }
  const consensus::LogStatus& status = published->status;
  return {.engine = status.engine,
          .log = status.log.is_nobody() ? std::string() : to_text(status.log),
          .role = status.role,
          .term = status.term,
          .leader = status.leader,
          .commit = status.commit,
          .applied = status.applied,
          .voters = status.voters,
          .learners = status.learners,
          .stale_for = staleness(status.stale_for, current_instant() - published->at),
          .trouble = status.trouble};
}

void GroupsBoard::set_leader(std::optional<ClusterLeader> leader) {
  auto next = leader ? std::make_shared<const ClusterLeader>(std::move(*leader)) : nullptr;
  const std::lock_guard lock(mutex_);
  std::swap(leader_, next);
}

void GroupsBoard::set_status(consensus::LogStatus status, Instant now) {
  auto next = std::make_shared<const Published>(Published{std::move(status), now});
  const std::lock_guard lock(mutex_);
  std::swap(status_, next);
}

}  // namespace rollcall::runtime
