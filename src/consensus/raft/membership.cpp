// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/membership.hpp"

#include <algorithm>

namespace rollcall::consensus::raft {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t head_bytes = 5;
constexpr std::size_t id_bytes = 8;

bool ascends(const std::vector<VoterId>& ids) {
  return std::ranges::adjacent_find(ids, std::ranges::greater_equal{}) == ids.end() &&
         (ids.empty() || ids.front() != VoterId::nobody);
}

void insert(std::vector<VoterId>& ids, VoterId id) {
  ids.insert(std::ranges::lower_bound(ids, id), id);
}

void put(ByteVector& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<std::byte>((value >> (8U * i)) & 0xFFU));
  }
}

/// The bytes are there.
std::uint64_t get(Bytes in, std::size_t offset, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value |= std::to_integer<std::uint64_t>(in[offset + i]) << (8U * i);
  }
  return value;
}

}  // namespace

bool Membership::is_voter(VoterId id) const {
  return std::ranges::binary_search(voters, id);
}
bool Membership::is_learner(VoterId id) const {
  return std::ranges::binary_search(learners, id);
}

bool Membership::is_valid() const {
  if (voters.size() + learners.size() > members_max) return false;
  if (!ascends(voters) || !ascends(learners)) return false;
  return std::ranges::none_of(learners, [this](VoterId id) { return is_voter(id); });
}

std::optional<Membership> changed(const Membership& membership, const MembershipChange& change) {
  Membership after = membership;
  const VoterId id = change.member;
  const bool voter = membership.is_voter(id);
  const bool learner = membership.is_learner(id);
  switch (change.kind) {
    case ChangeKind::add_learner:
      if (voter || learner) return std::nullopt;
      insert(after.learners, id);
      break;
    case ChangeKind::promote:
      if (!learner) return std::nullopt;
      std::erase(after.learners, id);
      insert(after.voters, id);
      break;
    case ChangeKind::demote:
      if (!voter) return std::nullopt;
      std::erase(after.voters, id);
      insert(after.learners, id);
      break;
    case ChangeKind::remove:
      if (!voter && !learner) return std::nullopt;
      std::erase(after.voters, id);
      std::erase(after.learners, id);
      break;
  }
  if (after.voters.empty() || !after.is_valid()) return std::nullopt;
  return after;
}

ByteVector encode(const Membership& membership) {
  ByteVector out;
  out.reserve(head_bytes + id_bytes * (membership.voters.size() + membership.learners.size()));
  put(out, version, 1);
  put(out, membership.voters.size(), 2);
  put(out, membership.learners.size(), 2);
  for (const VoterId id : membership.voters) put(out, number(id), id_bytes);
  for (const VoterId id : membership.learners) put(out, number(id), id_bytes);
  return out;
}

std::optional<Membership> decode_membership(Bytes bytes) {
  if (bytes.size() < head_bytes || get(bytes, 0, 1) != version) return std::nullopt;
  const std::size_t voters = get(bytes, 1, 2);
  const std::size_t learners = get(bytes, 3, 2);
  if (bytes.size() != head_bytes + id_bytes * (voters + learners)) return std::nullopt;
  Membership membership;
  for (std::size_t i = 0; i < voters + learners; ++i) {
    const VoterId id{get(bytes, head_bytes + id_bytes * i, id_bytes)};
    (i < voters ? membership.voters : membership.learners).push_back(id);
  }
  // A membership without voters could never commit anything again.
  if (membership.voters.empty() || !membership.is_valid()) return std::nullopt;
  return membership;
}

}  // namespace rollcall::consensus::raft
