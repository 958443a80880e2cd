// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "registry/group.hpp"

namespace rollcall::registry {

/// Which live member of the cluster looks after a client: the one whose name and the client's
/// hash highest together. When a member goes, its clients spread over the others and nobody
/// else's move; when one comes, it takes its share and no more.
///
/// By name and not by life, so that a quick restart moves nothing.
///
/// Limits: O(cluster members) a question, about 2 ns each.
/// Source: Thaler, Ravishankar, "A name-based mapping scheme for rendezvous", 1996.
class Responsibility {
 public:
  void set_members(const Group& cluster) {
    candidates_.clear();
    candidates_.reserve(cluster.size());
    for (const auto& [standing, member] : cluster.members()) {
      candidates_.push_back({hash_bytes(member.spec.id), member.spec.id});
    }
  }

  [[nodiscard]] static std::uint64_t client_hash(std::string_view group, std::string_view id) {
    return hash_combine(hash_bytes(group), hash_bytes(id));
  }
  /// Who scores highest looks after the client.
  [[nodiscard]] static std::uint64_t score(std::uint64_t name_hash, std::uint64_t client_hash) {
    return hash_combine(name_hash, client_hash);
  }

  /// Empty: the cluster has no members.
  [[nodiscard]] std::string_view of(std::string_view group, std::string_view id) const {
    const std::uint64_t client = client_hash(group, id);
    const Candidate* best = nullptr;
    std::uint64_t best_score = 0;
    for (const Candidate& one : candidates_) {
      const std::uint64_t its = score(one.name_hash, client);
      // Of equal scores the lower name, so that the order of joining has no say.
      if (best == nullptr || its > best_score || (its == best_score && one.name < best->name)) {
        best = &one;
        best_score = its;
      }
    }
    return best == nullptr ? std::string_view() : std::string_view(best->name);
  }

 private:
  struct Candidate {
    std::uint64_t name_hash = 0;
    std::string name;
  };
  std::vector<Candidate> candidates_;
};

}  // namespace rollcall::registry
