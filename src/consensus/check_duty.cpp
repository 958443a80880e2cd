// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/check_duty.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace rollcall::consensus {
namespace {

using registry::Responsibility;

registry::LeaseName lease_name(const std::pair<std::string, std::string>& key,
                               std::uint64_t granted) {
  return {.group = key.first, .id = key.second, .granted = granted};
}

std::vector<std::uint64_t> hashes_of_left(const registry::ViewDelta& delta) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(delta.left.size());
  for (const registry::Departure& one : delta.left) hashes.push_back(hash_bytes(one.id));
  std::ranges::sort(hashes);
  return hashes;
}
std::vector<std::uint64_t> hashes_of_joined(const registry::ViewDelta& delta) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(delta.joined.size());
  for (const registry::Member& one : delta.joined) hashes.push_back(hash_bytes(one.spec.id));
  return hashes;
}

}  // namespace

void CheckDuty::on_applied(const registry::Applied& applied, const Moment& moment) {
  for (const registry::ViewDelta& delta : applied.changes) {
    if (delta.group == registry::cluster_group) {
      on_cluster_changed(delta, moment);
      continue;
    }
    for (const registry::Departure& one : delta.left) drop(delta.group, one.id, moment);
    for (const registry::Member& one : delta.joined) put(delta.group, one, moment);
    for (const registry::Member& one : delta.updated) put(delta.group, one, moment);
  }
  if (applied.renewed) renew(*applied.renewed, moment);
}

void CheckDuty::on_reset(const Moment& moment) {
  clients_.clear();
  for (const auto& [name, group] : moment.registry.groups()) {
    if (name == registry::cluster_group) continue;
    for (const auto& [standing, member] : group.members()) put(name, member, moment);
  }
}

void CheckDuty::put(const std::string& group, const registry::Member& member,
                    const Moment& moment) {
  drop(group, member.spec.id, moment);
  if (member.spec.check.kind == registry::CheckKind::none) return;
  const Key key{group, member.spec.id};
  Client& client = clients_[key];
  client.granted = member.granted;
  client.address = member.spec.address;
  client.check = member.spec.check;
  assign(key, client, moment);
}

void CheckDuty::drop(const std::string& group, const std::string& id, const Moment& moment) {
  const auto at = clients_.find({group, id});
  if (at == clients_.end()) return;
  if (at->second.is_mine) end(at->first, at->second, moment);
  clients_.erase(at);
}

/// The lease has another name, so its check is another one too.
void CheckDuty::renew(const registry::LeaseName& lease, const Moment& moment) {
  const auto at = clients_.find({lease.group, lease.id});
  if (at == clients_.end()) return;
  if (at->second.is_mine) end(at->first, at->second, moment);
  at->second.granted = lease.granted;
  if (at->second.is_mine) begin(at->first, at->second, moment);
}

void CheckDuty::on_cluster_changed(const registry::ViewDelta& delta, const Moment& moment) {
  const auto left = hashes_of_left(delta);
  const auto joined = hashes_of_joined(delta);
  if (left.empty() && joined.empty()) return;
  for (auto& [key, client] : clients_) {
    const std::uint64_t hash = Responsibility::client_hash(key.first, key.second);
    const bool is_left = std::ranges::binary_search(left, client.best);
    const bool is_better = std::ranges::any_of(joined, [&](std::uint64_t name) {
      return Responsibility::score(name, hash) >= client.best_score;
    });
    if (is_left || is_better) assign(key, client, moment);
  }
}

void CheckDuty::assign(const Key& key, Client& client, const Moment& moment) {
  const std::string_view name = moment.registry.responsible(key.first, key.second);
  client.best = name.empty() ? 0 : hash_bytes(name);
  client.best_score =
      name.empty()
          ? 0
          : Responsibility::score(client.best, Responsibility::client_hash(key.first, key.second));
  const bool is_mine = name == self_;
  if (is_mine && !client.is_mine) begin(key, client, moment);
  if (!is_mine && client.is_mine) end(key, client, moment);
  client.is_mine = is_mine;
}

void CheckDuty::begin(const Key& key, const Client& client, const Moment& moment) {
  moment.effects.emplace_back(BeginCheck{
      .lease = lease_name(key, client.granted), .address = client.address, .check = client.check});
}

void CheckDuty::end(const Key& key, const Client& client, const Moment& moment) {
  moment.effects.emplace_back(EndCheck{.lease = lease_name(key, client.granted)});
}

bool CheckDuty::is_mine(const registry::LeaseName& lease) const {
  const auto at = clients_.find({lease.group, lease.id});
  return at != clients_.end() && at->second.is_mine && at->second.granted == lease.granted;
}

void CheckDuty::check_invariants(const registry::Registry& registry) const {
  for (const auto& [key, client] : clients_) {
    const registry::Group* const group = registry.find(key.first);
    ROLLCALL_CHECK(group != nullptr);
    const registry::Member* const member = group->find(key.second);
    ROLLCALL_CHECK(member != nullptr && member->granted == client.granted);
    ROLLCALL_CHECK(member->spec.check == client.check);
    ROLLCALL_CHECK(client.is_mine == (registry.responsible(key.first, key.second) == self_));
  }
}

}  // namespace rollcall::consensus
