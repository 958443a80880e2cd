// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/member_snapshots.hpp"

#include <algorithm>
#include <utility>

#include "runtime/agent_tags.hpp"
#include "wire/tags.hpp"

namespace rollcall::runtime {
namespace {

MemberState to_state(wire::State state) {
  switch (state) {
    case wire::State::alive:
      return MemberState::alive;
    case wire::State::suspect:
      return MemberState::suspect;
    case wire::State::failed:
      return MemberState::failed;
    case wire::State::left:
      return MemberState::left;
  }
  return MemberState::alive;
}

/// The state that an event leaves its member in; nothing if the event does not say.
std::optional<MemberState> state_after(core::EventKind kind) {
  switch (kind) {
    case core::EventKind::member_join:
    case core::EventKind::member_alive:
      return MemberState::alive;
    case core::EventKind::member_suspect:
      return MemberState::suspect;
    case core::EventKind::member_failed:
      return MemberState::failed;
    case core::EventKind::member_leave:
      return MemberState::left;
    case core::EventKind::member_update:
    case core::EventKind::member_reap:
    case core::EventKind::name_conflict:
    case core::EventKind::protocol_warning:
    case core::EventKind::protocol_changed:
      return std::nullopt;
  }
  return std::nullopt;
}

std::chrono::system_clock::time_point wall_time(Instant moment, Clocks clocks) {
  return clocks.wall -
         std::chrono::duration_cast<std::chrono::system_clock::duration>(clocks.steady - moment);
}

}  // namespace

Member to_member(const core::Record& record, std::chrono::system_clock::time_point since) {
  Member member;
  member.name = record.name;
  member.id = to_text(record.life.id);
  member.address = to_text(record.address);
  member.state = to_state(record.state);
  member.incarnation = record.incarnation;
  member.since = since;
  if (auto tags = wire::decode_tags(record.tags)) member.tags = user_tags(std::move(*tags));
  if (record.rtt > Duration::zero()) member.rtt = record.rtt;
  return member;
}

void MemberSnapshots::update(const core::MemberTable& table, std::span<const core::Slot> changed,
                             Clocks clocks) {
  remove_gone(table, changed);
  const std::size_t sorted = order_.size();
  for (const core::Slot slot : changed) {
    if (!table.is_used(slot)) continue;
    const core::Record& record = table.at(slot);
    Entry& entry = entries_[core::index_of(slot)];
    // The wall clock may have been set since; a state that goes on began when it was first seen.
    const bool goes_on = entry.member != nullptr && entry.since == record.since;
    const auto since = goes_on ? entry.member->since : wall_time(record.since, clocks);
    if (entry.member == nullptr) order_.push_back(slot);
    entry.member = std::make_shared<const Member>(to_member(record, since));
    entry.since = record.since;
  }
  sort_in_added(sorted);
}

/// Forgets the members whose slot is empty or has a tenant of another name.
void MemberSnapshots::remove_gone(const core::MemberTable& table,
                                  std::span<const core::Slot> changed) {
  bool is_any_gone = false;
  for (const core::Slot slot : changed) {
    const std::size_t index = core::index_of(slot);
    if (index >= entries_.size()) entries_.resize(index + 1);
    Entry& entry = entries_[index];
    if (entry.member == nullptr) continue;
    if (table.is_used(slot) && table.at(slot).name == entry.member->name) continue;
    entry = {};
    is_any_gone = true;
  }
  if (!is_any_gone) return;
  std::erase_if(
      order_, [this](core::Slot slot) { return entries_[core::index_of(slot)].member == nullptr; });
}

/// Merges the slots added behind the sorted ones into their places.
void MemberSnapshots::sort_in_added(std::size_t sorted) {
  if (order_.size() == sorted) return;
  const auto by_name = [this](core::Slot a, core::Slot b) { return name_at(a) < name_at(b); };
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(sorted);
  std::sort(middle, order_.end(), by_name);
  std::vector<core::Slot> merged(order_.size());
  std::merge(order_.begin(), middle, middle, order_.end(), merged.begin(), by_name);
  order_ = std::move(merged);
}

MemberList MemberSnapshots::list() const {
  auto storage = std::make_shared<MemberList::Storage>();
  storage->reserve(order_.size());
  for (const core::Slot slot : order_) storage->push_back(entries_[core::index_of(slot)].member);
  return {self_, std::move(storage)};
}

const std::string& MemberSnapshots::name_at(core::Slot slot) const {
  return entries_[core::index_of(slot)].member->name;
}

std::shared_ptr<const Member> MemberSnapshots::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      order_, name, {}, [this](core::Slot slot) -> std::string_view { return name_at(slot); });
  if (at == order_.end() || name_at(*at) != name) return nullptr;
  return entries_[core::index_of(*at)].member;
}

Member MemberSnapshots::describe(const core::Publish& event, const core::MemberTable& table,
                                 Clocks clocks) const {
  Member member;
  const auto slot = table.find(event.name);
  const auto last = find(event.name);
  const std::string id = to_text(event.life.id);
  if (slot && table.at(*slot).life == event.life) {
    const core::Record& record = table.at(*slot);
    member = to_member(record, wall_time(record.since, clocks));
  } else if (last && last->id == id) {
    member = *last;
  } else {
    member.since = clocks.wall;
  }
  member.name = event.name;
  member.id = id;
  member.incarnation = event.incarnation;
  member.address = to_text(event.address);
  if (const auto state = state_after(event.kind)) member.state = *state;
  return member;
}

bool MemberSnapshots::is_news(const Member& member) const {
  const auto last = find(member.name);
  return last == nullptr || last->id != member.id || last->address != member.address ||
         last->tags != member.tags;
}

std::vector<Steadiness> steadiness_of_members(const core::Node& node, Clocks clocks) {
  std::vector<Steadiness> list;
  for (const core::Steadiness& one : node.unsteady()) {
    const core::Record& record = node.members().at(one.slot);
    list.push_back({.member = to_member(record, wall_time(record.since, clocks)),
                    .penalty = one.penalty,
                    .flaps = one.flaps,
                    .hold_down = std::max(one.hold_down_until - clocks.steady, Duration::zero()),
                    .time_allowed = one.time_allowed});
  }
  std::ranges::sort(list, {}, [](const Steadiness& one) { return one.member.name; });
  return list;
}

}  // namespace rollcall::runtime
