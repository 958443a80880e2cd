// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/group_model.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::sim::agreement {
namespace {

using registry::Heartbeat;
using registry::Status;

bool is_meant(const Life& meant, const Life& present) {
  return meant.id.is_nobody() || meant == present;
}

/// Whether the client was told just this, if it was told anything.
bool fits(const std::optional<Outcome>& told, Status status, std::uint64_t number) {
  return !told || (told->status == status && told->number == number);
}

}  // namespace

std::vector<GroupModel::Person>::const_iterator GroupModel::find(const std::string& id) const {
  return std::ranges::find(standing, id, &Person::id);
}

std::optional<GroupModel> GroupModel::after(const Operation& operation) const {
  return std::visit([&](const auto& what) { return after(what, operation.outcome); },
                    operation.what);
}

GroupModel::Next GroupModel::after(const JoinOperation& join,
                                   const std::optional<Outcome>& told) const {
  GroupModel next = *this;
  Status status = Status::done;
  const auto at = std::ranges::find(next.standing, join.id, &Person::id);
  if (at == next.standing.end()) {
    next.standing.push_back({.id = join.id, .life = join.life, .address = join.address});
  } else if (is_meant(join.life, at->life)) {
    if (at->address == join.address) status = Status::unchanged;
    at->address = join.address;
  } else if (join.life.boot < at->life.boot) {
    status = Status::stale_life;
  } else {
    next.standing.erase(at);
    next.standing.push_back({.id = join.id, .life = join.life, .address = join.address});
  }
  if (status == Status::done) ++next.number;
  if (!fits(told, status, next.number)) return std::nullopt;
  if (told && status != Status::stale_life) {
    // A grant is a place in the log: whoever joins later has a later one.
    if (told->granted <= granted) return std::nullopt;
    next.granted = told->granted;
  }
  return next;
}

GroupModel::Next GroupModel::after(const LeaveOperation& leave,
                                   const std::optional<Outcome>& told) const {
  if (number == 0) return fits(told, Status::no_such_group, 0) ? Next(*this) : std::nullopt;
  const auto at = find(leave.id);
  if (at == standing.end() || !is_meant(leave.life, at->life)) {
    return fits(told, Status::no_such_member, number) ? Next(*this) : std::nullopt;
  }
  if (!fits(told, Status::done, number + 1)) return std::nullopt;
  GroupModel next = *this;
  next.standing.erase(next.standing.begin() + (at - standing.begin()));
  ++next.number;
  return next;
}

GroupModel::Next GroupModel::after(const ReadOperation&, const std::optional<Outcome>& told) const {
  if (!told) return *this;
  const bool is_so =
      told->number == number && std::ranges::equal(told->members, standing, {}, {}, &Person::id);
  return is_so ? Next(*this) : std::nullopt;
}

GroupModel::Next GroupModel::after(const HeartbeatOperation& beat,
                                   const std::optional<Outcome>& told) const {
  if (!told) return *this;
  const bool is_there = find(beat.id) != standing.end();
  if (told->heartbeat == Heartbeat::renewed && !is_there) return std::nullopt;
  if (told->heartbeat == Heartbeat::no_such_lease && is_there) return std::nullopt;
  return *this;
}

GroupModel::Next GroupModel::after(const EvictOperation& evict,
                                   const std::optional<Outcome>& told) const {
  GroupModel next = *this;
  for (const std::string& id : evict.ids) {
    const auto at = find(id);
    if (at == standing.end()) return std::nullopt;
    std::erase_if(next.standing, [&](const Person& person) { return person.id == id; });
  }
  ++next.number;
  return fits(told, Status::done, next.number) ? Next(std::move(next)) : std::nullopt;
}

std::uint64_t GroupModel::hash() const {
  std::uint64_t hash = hash_combine(number, granted);
  for (const Person& person : standing) {
    hash = hash_combine(hash, hash_bytes(person.id));
    hash = hash_combine(hash, person.life.boot);
    hash = hash_combine(hash, hash_bytes(person.address));
  }
  return hash;
}

std::string GroupModel::text() const {
  std::string text = "view " + std::to_string(number) + ":";
  for (const Person& person : standing) text += " " + person.id;
  return text;
}

}  // namespace rollcall::sim::agreement
