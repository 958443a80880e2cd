// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/proposals.hpp"
#include "registry/lease_keeper.hpp"

namespace rollcall::consensus {

/// The leader's care for leases: when they run out, or their checks were missed, it proposes to
/// evict them, until that is committed or it leads no longer.
///
/// Limits:  commands_max evictions under way; with LeaseKeeper::evictions_max leases each these
///          are more leases than there are.
/// Threads: none; the caller serialises calls.
class Evictions {
 public:
  static constexpr std::size_t commands_max = 512;

  explicit Evictions(const AgreementConfig& config)
      : proposals_(ProposalOwner::evictions, config.propose_again) {}

  void on_leading(const Moment& moment);
  void on_following();
  void on_applied(const registry::Applied& applied, const Moment& moment);
  /// A command of nobody's session was seen committed.
  void on_committed(Bytes command);
  void on_refused(const ProposalRefused& refused, const Moment& moment);
  void on_check_failed(const registry::LeaseName& lease, const Moment& moment);
  void on_paused(Duration pause, Instant now) { keeper_.on_paused(pause, now); }
  void on_deadline(const Moment& moment);

  [[nodiscard]] Instant next_deadline() const {
    return std::min(proposals_.next_deadline(), has_room() ? keeper_.next_deadline() : never);
  }
  [[nodiscard]] registry::LeaseKeeper& keeper() { return keeper_; }
  [[nodiscard]] std::size_t under_way() const { return proposals_.size(); }
  void check_invariants() const;

 private:
  [[nodiscard]] bool has_room() const { return proposals_.size() < commands_max; }
  Proposals::Id propose(registry::Evict evict, const Moment& moment);

  registry::LeaseKeeper keeper_;
  Proposals proposals_;
  std::map<registry::LeaseName, Proposals::Id> by_check_;  // so that each is proposed once
};

}  // namespace rollcall::consensus
