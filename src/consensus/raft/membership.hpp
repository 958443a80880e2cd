// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "consensus/raft/types.hpp"

namespace rollcall::consensus::raft {

/// Who replicates the log: voters, whose majority decides, and learners, who only follow.
///
/// Order:  both lists ascend and share nobody.
/// Limits: members_max in both lists together.
struct Membership {
  static constexpr std::size_t members_max = 64;

  std::vector<VoterId> voters;
  std::vector<VoterId> learners;

  bool operator==(const Membership&) const = default;

  [[nodiscard]] bool is_voter(VoterId id) const;
  [[nodiscard]] bool is_learner(VoterId id) const;
  [[nodiscard]] bool is_member(VoterId id) const { return is_voter(id) || is_learner(id); }
  /// The least number of voters that two decisions cannot have disjoint.
  [[nodiscard]] std::size_t quorum() const { return voters.size() / 2 + 1; }
  /// Ordered, disjoint, nobody named "nobody", within the limit.
  [[nodiscard]] bool is_valid() const;
};

enum class ChangeKind : std::uint8_t {
  add_learner,  // begins to receive the log
  promote,      // a learner that has caught up becomes a voter
  demote,       // a voter becomes a learner
  remove
};

/// A step from one membership to the next: at most one voter differs, so that the majorities of
/// both always share a voter.
///
/// Source: Ongaro 2014, section 4.1.
struct MembershipChange {
  ChangeKind kind{};
  VoterId member{};
};

/// The membership after a change; nothing if the change does not apply to it (adds a member,
/// promotes what is no learner, takes the last voter, …).
std::optional<Membership> changed(const Membership& membership, const MembershipChange& change);

/// The form that log entries and snapshots carry. Layout: u8 version = 1, u16 voters, u16 learners,
/// then u64 an id, all little-endian.
ByteVector encode(const Membership& membership);
/// Nothing if these bytes are no valid membership.
std::optional<Membership> decode_membership(Bytes bytes);

}  // namespace rollcall::consensus::raft
