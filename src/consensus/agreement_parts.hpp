// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "consensus/agreement.hpp"
#include "consensus/log.hpp"
#include "registry/registry.hpp"

/// What the parts of an Agreement have in common.
namespace rollcall::consensus {

/// What every part is given with an input: the state of the world, and where to put effects.
struct Moment {
  Instant now;
  const registry::Registry& registry;
  const Leadership& leadership;
  /// This member leads, and is able to: it has applied all that it was given.
  bool is_leading = false;
  AgreementEffects& effects;

  [[nodiscard]] bool has_leader() const { return !leadership.leader.empty(); }
};

/// Which part asked the log: the low bits of a token, so that its answer needs no table.
enum class ProposalOwner : std::uint8_t { requests, evictions, cluster };
enum class ReadOwner : std::uint8_t { reads, heartbeats };

inline constexpr unsigned owner_bits = 2;

constexpr ProposalToken proposal_token(std::uint64_t number, ProposalOwner owner) {
  return ProposalToken{(number << owner_bits) | static_cast<std::uint64_t>(owner)};
}
constexpr ReadToken read_token(std::uint64_t number, ReadOwner owner) {
  return ReadToken{(number << owner_bits) | static_cast<std::uint64_t>(owner)};
}
constexpr ProposalOwner owner_of(ProposalToken token) {
  return static_cast<ProposalOwner>(static_cast<std::uint64_t>(token) & ((1U << owner_bits) - 1));
}
constexpr ReadOwner owner_of(ReadToken token) {
  return static_cast<ReadOwner>(static_cast<std::uint64_t>(token) & ((1U << owner_bits) - 1));
}

/// Who was refused asks again after a time that doubles from one to the other.
inline constexpr Duration retry_min = std::chrono::milliseconds(20);
inline constexpr Duration retry_max = std::chrono::milliseconds(200);

constexpr Duration next_retry(Duration last) {
  if (last < retry_min) return retry_min;
  return last * 2 < retry_max ? last * 2 : retry_max;
}

}  // namespace rollcall::consensus
