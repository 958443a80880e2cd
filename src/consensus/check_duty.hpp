// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/agreement_parts.hpp"
#include "registry/commands.hpp"
#include "registry/registry.hpp"

namespace rollcall::consensus {

/// Which clients' checks are this member's duty (registry/responsibility.hpp), as clients and the
/// cluster's members come and go.
///
/// Limits:  one entry a client that has a check. A change of a client costs O(cluster members); a
///          change of the cluster O(clients with a check), and O(cluster members) for each that
///          gets another responsible member.
/// Threads: none; the caller serialises calls.
class CheckDuty {
 public:
  explicit CheckDuty(std::string self) : self_(std::move(self)) {}

  void on_applied(const registry::Applied& applied, const Moment& moment);
  /// The registry was replaced, and all checks have been ended by a Reset.
  void on_reset(const Moment& moment);

  /// Whether this member looks after exactly this lease.
  [[nodiscard]] bool is_mine(const registry::LeaseName& lease) const;
  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  void check_invariants(const registry::Registry& registry) const;

 private:
  using Key = std::pair<std::string, std::string>;  // group and id
  struct Client {
    std::uint64_t granted = 0;
    std::string address;
    registry::Check check;
    std::uint64_t best = 0;  // the hash of the responsible member's name
    std::uint64_t best_score = 0;
    bool is_mine = false;
  };

  void put(const std::string& group, const registry::Member& member, const Moment& moment);
  void drop(const std::string& group, const std::string& id, const Moment& moment);
  void renew(const registry::LeaseName& lease, const Moment& moment);
  void on_cluster_changed(const registry::ViewDelta& delta, const Moment& moment);
  /// Asks the registry anew, and begins or ends the check.
  void assign(const Key& key, Client& client, const Moment& moment);
  static void begin(const Key& key, const Client& client, const Moment& moment);
  static void end(const Key& key, const Client& client, const Moment& moment);

  std::string self_;
  std::map<Key, Client> clients_;
};

}  // namespace rollcall::consensus
