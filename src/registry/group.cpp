// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/group.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace rollcall::registry {
const Member* Group::find(std::string_view id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : *at;
}

const Member* Group::leader() const {
  return members_.empty() ? nullptr : &members_.begin()->second;
}

View Group::view() const {
  View view;
  view.group = name_;
  view.number = number_;
  view.cause = cause_;
  view.term = term_;
  view.index = index_;
  view.members.reserve(members_.size());
  for (const auto& [standing, member] : members_) view.members.push_back(member.spec.id);
  if (!view.members.empty()) view.leader = view.members.front();
  return view;
}

void Group::add(MemberSpec spec, std::uint64_t index, ViewDelta& draft) {
  ROLLCALL_CHECK(find(spec.id) == nullptr);
  const std::uint64_t standing = next_standing_++;
  Member member{
      .spec = std::move(spec), .since = number_ + 1, .standing = standing, .granted = index};
  draft.joined.push_back(member);
  const auto at = members_.emplace_hint(members_.end(), standing, std::move(member));
  by_id_.insert(&at->second);
}

void Group::update(const Member& member, MemberSpec spec, std::uint64_t index, ViewDelta& draft) {
  ROLLCALL_CHECK(member.spec.id == spec.id);
  Member& mine = members_.at(member.standing);
  mine.spec = std::move(spec);
  mine.granted = index;
  draft.updated.push_back(mine);
}

void Group::grant(const Member& member, std::uint64_t index) {
  members_.at(member.standing).granted = index;
}

void Group::remove(const Member& member, Cause cause, ViewDelta& draft) {
  const std::uint64_t standing = member.standing;
  draft.left.push_back(
      {.id = member.spec.id, .life = member.spec.life, .standing = standing, .cause = cause});
  ROLLCALL_CHECK(by_id_.erase(&member) == 1);
  members_.erase(standing);
}

void Group::commit(ViewDelta& draft, std::uint64_t term, std::uint64_t index) {
  ROLLCALL_CHECK(!draft.left.empty() || !draft.joined.empty() || !draft.updated.empty());
  cause_ = draft.joined.empty() ? Cause::updated : Cause::joined;
  for (const Departure& one : draft.left) cause_ = std::max(cause_, one.cause);
  ++number_;
  term_ = term;
  index_ = index;
  draft.group = name_;
  draft.number = number_;
  draft.cause = cause_;
  draft.term = term;
  draft.index = index;
  draft.leader = members_.empty() ? std::string() : leader()->spec.id;
  ROLLCALL_CHECK(members_.size() == by_id_.size());
}

void Group::restore(const Heading& heading) {
  next_standing_ = heading.next_standing;
  cause_ = heading.cause;
  term_ = heading.term;
  index_ = heading.index;
}

bool Group::restore(Member member) {
  const std::uint64_t standing = member.standing;
  if (standing == 0 || standing >= next_standing_ || member.since > number_) return false;
  if (!members_.empty() && members_.rbegin()->first >= standing) return false;
  if (find(member.spec.id) != nullptr) return false;
  const auto at = members_.emplace_hint(members_.end(), standing, std::move(member));
  by_id_.insert(&at->second);
  return true;
}

}  // namespace rollcall::registry
