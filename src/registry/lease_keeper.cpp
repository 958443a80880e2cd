// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/lease_keeper.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "registry/mutants.hpp"

namespace rollcall::registry {

void LeaseKeeper::on_leading(const Registry& registry, Instant now) {
  on_following();
  is_leading_ = true;
  credit_left_ = credit_max;
  credited_at_ = now;
  for (const auto& [name, group] : registry.groups()) {
    for (const auto& [standing, member] : group.members()) {
      const bool is_whole = !is_mutant(Mutant::whole_lease_not_given);
      grant(name, member, is_whole ? now : now - member.spec.ttl * 3 / 4);
    }
  }
}

void LeaseKeeper::on_following() {
  is_leading_ = false;
  due_.clear();
  groups_.clear();
  size_ = 0;
  credit_ = {};
}

void LeaseKeeper::on_applied(const Applied& applied, const Registry& registry, Instant now) {
  if (!is_leading_) return;
  for (const ViewDelta& delta : applied.changes) {
    for (const Departure& one : delta.left) drop(delta.group, one.id);
    for (const Member& one : delta.joined) grant(delta.group, one, now);
    for (const Member& one : delta.updated) grant(delta.group, one, now);
  }
  if (!applied.renewed) return;
  const Group* const group = registry.find(applied.renewed->group);
  const Member* const member = group == nullptr ? nullptr : group->find(applied.renewed->id);
  if (member != nullptr) grant(group->name(), *member, now);
}

Heartbeat LeaseKeeper::on_heartbeat(std::string_view group, std::string_view id, Instant now) {
  if (!is_leading_) return Heartbeat::not_leading;
  const auto leases = groups_.find(group);
  if (leases == groups_.end()) return Heartbeat::no_such_lease;
  const auto at = leases->second.find(id);
  if (at == leases->second.end()) return Heartbeat::no_such_lease;
  if (at->second.is_expiring) return Heartbeat::expiring;
  schedule(leases->first, at->first, at->second, now);
  return Heartbeat::renewed;
}

void LeaseKeeper::on_paused(Duration pause, Instant now) {
  if (pause > lateness_max) return begin_anew(now);
  extend_all(pause + std::min(pause, reading_time), now);
}

void LeaseKeeper::begin_anew(Instant now) {
  for (auto& [group, leases] : groups_) {
    for (auto& [id, lease] : leases) {
      if (!lease.is_expiring) schedule(group, id, lease, now);
    }
  }
}

/// There may be a hundred thousand: what is kept of each stays as it is.
void LeaseKeeper::extend_all(Duration time, Instant now) {
  credit_left_ = std::min(credit_max, credit_left_ + (now - credited_at_) / 2);
  credited_at_ = now;
  const Duration given = std::min(time, credit_left_);
  credit_left_ -= given;
  credit_ += given;
}

std::optional<Evict> LeaseKeeper::on_deadline(Instant now) {
  if (next_deadline() > now) return std::nullopt;
  const Duration lateness = now - next_deadline();
  if (lateness > lateness_min) on_paused(lateness, now);
  if (next_deadline() > now) return std::nullopt;
  Evict evict;
  while (next_deadline() <= now && evict.leases.size() < evictions_max) {
    const Due due = *due_.begin();
    due_.erase(due_.begin());
    Lease* const lease = find(due.group, due.id);
    ROLLCALL_CHECK(lease != nullptr && !lease->is_expiring && lease->deadline == due.deadline);
    lease->is_expiring = true;
    evict.leases.push_back(
        {.group = std::string(due.group), .id = std::string(due.id), .granted = lease->granted});
  }
  return evict;
}

void LeaseKeeper::on_evict_failed(const Evict& evict, Instant now) {
  for (const LeaseName& name : evict.leases) {
    const auto leases = groups_.find(name.group);
    if (leases == groups_.end()) continue;
    const auto at = leases->second.find(name.id);
    if (at == leases->second.end() || at->second.granted != name.granted) continue;
    if (at->second.is_expiring) schedule(leases->first, at->first, at->second, now);
  }
}

Instant LeaseKeeper::next_deadline() const {
  return due_.empty() ? never : due_.begin()->deadline + credit_;
}

void LeaseKeeper::grant(std::string_view group, const Member& member, Instant now) {
  if (member.spec.ttl == Duration::zero()) {
    drop(group, member.spec.id);
    return;
  }
  const auto leases = groups_.try_emplace(std::string(group)).first;
  const auto [at, is_new] = leases->second.try_emplace(member.spec.id);
  if (is_new) ++size_;
  if (!is_new && !at->second.is_expiring) {
    due_.erase({at->second.deadline, leases->first, at->first});
  }
  at->second = {.ttl = member.spec.ttl, .granted = member.granted, .is_expiring = true};
  schedule(leases->first, at->first, at->second, now);
}

void LeaseKeeper::drop(std::string_view group, std::string_view id) {
  const auto leases = groups_.find(group);
  if (leases == groups_.end()) return;
  const auto at = leases->second.find(id);
  if (at == leases->second.end()) return;
  if (!at->second.is_expiring) due_.erase({at->second.deadline, leases->first, at->first});
  leases->second.erase(at);
  --size_;
  if (leases->second.empty()) groups_.erase(leases);
}

/// The names must be the keys in the maps: they outlive the call.
void LeaseKeeper::schedule(std::string_view group, std::string_view id, Lease& lease, Instant now) {
  if (!lease.is_expiring) due_.erase({lease.deadline, group, id});
  lease.is_expiring = false;
  lease.deadline = now - credit_ + lease.ttl;
  due_.insert({lease.deadline, group, id});
}

LeaseKeeper::Lease* LeaseKeeper::find(std::string_view group, std::string_view id) {
  const auto leases = groups_.find(group);
  if (leases == groups_.end()) return nullptr;
  const auto at = leases->second.find(id);
  return at == leases->second.end() ? nullptr : &at->second;
}

}  // namespace rollcall::registry
