// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/agreement/checkers.hpp"

/// What leaders decide by time and by hearsay: whose lease has run out, and who has failed.
namespace rollcall::sim::agreement {

void Checkers::on_evict(const registry::Evict& evict) {
  std::map<std::string, std::vector<std::string>> gone;
  for (const registry::LeaseName& lease : evict.leases) {
    const registry::Group* const group = reference_->find(lease.group);
    const registry::Member* const member = group == nullptr ? nullptr : group->find(lease.id);
    if (member == nullptr || member->granted != lease.granted) continue;
    check_lease(lease, *member, evict.cause);
    gone[lease.group].push_back(lease.id);
  }
  for (auto& [group, ids] : gone) {
    const std::uint64_t number = reference_->find(group)->number() + 1;
    const History::Id id = history_.invoke(group, EvictOperation{std::move(ids)}, 0);
    history_.complete(id, {.number = number, .members = {}}, next_moment());
  }
}

void Checkers::check_lease(const registry::LeaseName& lease, const registry::Member& member,
                           registry::Cause cause) {
  const std::string who = lease.id + " in " + lease.group;
  switch (cause) {
    case registry::Cause::expired:
      ++expired_;
      return check_expiry(lease, member);
    case registry::Cause::check_failed:
      if (!failed_checks_.contains(lease)) object("checks", who + " missed no check");
      return;
    case registry::Cause::removed:
      if (!removals_.contains({lease.group, lease.id})) object("checks", "nobody removed " + who);
      return;
    default:
      object("checks", who + " was evicted for no reason that there is");
  }
}

void Checkers::check_expiry(const registry::LeaseName& lease, const registry::Member& member) {
  const std::string who = lease.id + " in " + lease.group;
  const Duration ttl = member.spec.ttl;
  if (ttl == Duration::zero()) return object("leases", who + " has no lease, and it ran out");
  constexpr double million = 1e6;
  const double fastest = 1 + static_cast<double>(options_.drift_ppm_max) / million;
  // A nanosecond for what is rounded.
  const Duration least = scaled(ttl, 1 / fastest) - Duration(1);
  const Instant joined = ledger_.at(lease.granted).seen;
  const auto renewed = renewed_.find({lease.group, lease.id});
  const Instant begun = renewed == renewed_.end() ? joined : std::max(joined, renewed->second);
  if (world_->now() - begun >= least) return;
  object("leases", "the lease of " + who + " (" + std::to_string(to_seconds(ttl)) + " s) ran out " +
                       std::to_string(to_seconds(world_->now() - begun)) + " s after it was " +
                       (begun == joined ? "granted" : "renewed"));
}

void Checkers::on_change(const registry::ChangeCluster& change, std::uint64_t term) {
  const auto leader = leaders_.find(term);
  for (const registry::ClusterRemoval& removal : change.removed) {
    const registry::Member* const member = reference_->cluster().find(removal.id);
    if (member == nullptr || member->spec.life != removal.life) continue;
    ++cuts_;
    if (removal.cause != registry::Cause::failed || leader == leaders_.end()) continue;
    check_removal(removal, leader->second.member);
  }
}

void Checkers::check_removal(const registry::ClusterRemoval& removal, std::size_t leader) {
  const auto subject = world_->find(removal.id);
  if (!subject) return object("cuts", removal.id + " was removed, who is no member");
  const std::size_t others = std::max<std::size_t>(1, reference_->cluster().size() - 1);
  const std::size_t needed = std::min({options_.cut.high, sure_voices(leader) / 2 + 1, others});
  const std::size_t found = accusers(*subject, removal.life);
  if (found >= needed) return;
  object("cuts", removal.id + " life " + std::to_string(removal.life.boot) + " (now " +
                     std::to_string(world_->life(*subject).boot) +
                     ") was removed as failed by the word of " + std::to_string(found) +
                     " observers; needed: " + std::to_string(needed));
}

/// Members of the view whom the leader has heard all the time, and itself.
std::size_t Checkers::sure_voices(std::size_t leader) const {
  // Longer ago than any decision that is committed only now could have been made.
  constexpr Duration margin = std::chrono::seconds(6);
  std::size_t voices = 0;
  for (std::size_t member = 0; member < world_->size(); ++member) {
    const registry::Member* const known = reference_->cluster().find(world_->name(member));
    if (known == nullptr || known->spec.life != world_->life(member)) continue;
    const Detectors& detectors = world_->detectors();
    const Instant since = detectors.heard_since(leader, member);
    const bool is_heard = since != never && world_->now() - since >= margin;
    const Instant accused = detectors.accused(leader, member, known->spec.life);
    const bool is_doubted = accused != never && world_->now() - accused <= margin;
    if (member == leader || (is_heard && !is_doubted)) ++voices;
  }
  return voices;
}

std::size_t Checkers::accusers(std::size_t subject, const Life& life) const {
  const Duration memory = options_.cut.report_lifetime + std::chrono::seconds(6);
  std::size_t count = 0;
  for (std::size_t observer = 0; observer < world_->size(); ++observer) {
    const Instant when = world_->detectors().accused(observer, subject, life);
    if (when != never && world_->now() - when <= memory) ++count;
  }
  return count;
}

}  // namespace rollcall::sim::agreement
