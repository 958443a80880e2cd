// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/membership.hpp"

#include <algorithm>
#include <bit>

#include "base/byte_cursor.hpp"

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
  ByteVector bytes;
  bytes.reserve(head_bytes + id_bytes * (membership.voters.size() + membership.learners.size()));
  ByteWriter<std::endian::little> out(bytes);
  out.word(version);
  out.count<std::uint16_t>(membership.voters.size());
  out.count<std::uint16_t>(membership.learners.size());
  for (const VoterId id : membership.voters) out.word(number(id));
  for (const VoterId id : membership.learners) out.word(number(id));
  return bytes;
}

std::optional<Membership> decode_membership(Bytes bytes) {
  ByteReader<std::endian::little> in(bytes);
  in.require(in.word<std::uint8_t>() == version);
  const std::size_t voters = in.word<std::uint16_t>();
  const std::size_t learners = in.word<std::uint16_t>();
  in.require(in.left() == id_bytes * (voters + learners));
  if (!in.is_good()) return std::nullopt;
  Membership membership;
  for (std::size_t i = 0; i < voters + learners; ++i) {
    const VoterId id{in.word<std::uint64_t>()};
    (i < voters ? membership.voters : membership.learners).push_back(id);
  }
  // A membership without voters could never commit anything again.
  if (membership.voters.empty() || !membership.is_valid()) return std::nullopt;
  return membership;
}

}  // namespace rollcall::consensus::raft
