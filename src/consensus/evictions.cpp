// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/evictions.hpp"

#include <utility>

#include "base/check.hpp"
#include "registry/commands.hpp"
#include "registry/limits.hpp"

namespace rollcall::consensus {

static_assert(Evictions::commands_max * registry::LeaseKeeper::evictions_max >=
              2 * registry::members_max);

void Evictions::on_leading(const Moment& moment) {
  on_following();
  keeper_.on_leading(moment.registry, moment.now);
}

void Evictions::on_following() {
  keeper_.on_following();
  proposals_.clear();
  by_check_.clear();
}

void Evictions::on_applied(const registry::Applied& applied, const Moment& moment) {
  keeper_.on_applied(applied, moment.registry, moment.now);
}

void Evictions::on_committed(Bytes command) {
  const auto proposal = proposals_.find(command);
  if (!proposal) return;
  proposals_.remove(*proposal);
  std::erase_if(by_check_, [&](const auto& entry) { return entry.second == *proposal; });
}

void Evictions::on_refused(const ProposalRefused& refused, const Moment& moment) {
  proposals_.on_refused(refused, moment.now);
}

void Evictions::on_check_failed(const registry::LeaseName& lease, const Moment& moment) {
  if (!moment.is_leading || !has_room() || by_check_.contains(lease)) return;
  by_check_.emplace(lease, propose({registry::Cause::check_failed, {lease}}, moment));
}

void Evictions::on_deadline(const Moment& moment) {
  proposals_.on_deadline(moment);
  while (has_room() && keeper_.next_deadline() <= moment.now) {
    if (auto evict = keeper_.on_deadline(moment.now)) propose(std::move(*evict), moment);
  }
}

Proposals::Id Evictions::propose(registry::Evict evict, const Moment& moment) {
  return proposals_.add(registry::encode({.request = {}, .action = std::move(evict)}), moment);
}

void Evictions::check_invariants() const {
  ROLLCALL_CHECK(proposals_.size() <= commands_max && by_check_.size() <= proposals_.size());
  ROLLCALL_CHECK(keeper_.is_leading() || proposals_.size() == 0);
  proposals_.check_invariants();
}

}  // namespace rollcall::consensus
