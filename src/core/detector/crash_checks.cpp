// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/crash_checks.hpp"

#include <algorithm>

namespace rollcall::core {

CrashChecks::Check* CrashChecks::find(Slot slot) {
  const auto check = std::ranges::find(list_, slot, &Check::slot);
  return check == list_.end() ? nullptr : &*check;
}

void CrashChecks::look_at(Slot slot) {
  const Record& record = context_.table.at(slot);
  if (context_.is_self(slot) || !is_live(record.state) || find(slot) != nullptr) return;
  list_.push_back({.slot = slot,
                   .life = record.life.id,
                   .ends = context_.now + check_time,
                   .next_look = context_.now});
  look(list_.back());
}

/// Looks; once this node was refused itself, helpers look too.
void CrashChecks::look(Check& check) {
  check.next_look = context_.now + look_interval;
  if (!check.refused_here) {
    pings_.ping(check.slot, PingPurpose::probe);
    return;
  }
  const auto helpers = context_.pick_live(refusals_needed, [&](Slot slot) {
    return slot != check.slot && context_.table.at(slot).state == State::alive &&
           find(slot) == nullptr;
  });
  for (const Slot helper : helpers) pings_.ask(helper, check.slot, 4 * look_interval);
  // Without helpers the second witness is the other protocol.
  if (helpers.size() < refusals_needed) registrar_.stream_ping(check.slot, check_time / 2);
}

void CrashChecks::on_refused(Slot slot) {
  look_at(slot);
  Check* check = find(slot);
  if (check == nullptr) return;
  if (!check->refused_here) {
    check->refused_here = true;
    look(*check);
  }
  judge(slot);
}

void CrashChecks::on_stream_refused(Slot slot) {
  look_at(slot);
  if (Check* check = find(slot)) check->stream_refused = true;
  judge(slot);
}

void CrashChecks::on_helper_refused(Slot slot, const Address& helper) {
  look_at(slot);
  Check* check = find(slot);
  if (check == nullptr) return;
  auto& helpers = check->helpers_refused;
  if (std::ranges::find(helpers, helper) == helpers.end()) helpers.push_back(helper);
  judge(slot);
}

/// How many members could bear witness: those that are not themselves found refused, for when a
/// whole rack goes the dead cannot testify against one another.
std::size_t CrashChecks::helpers_possible() const {
  const auto refused =
      static_cast<std::size_t>(std::ranges::count(list_, true, &Check::refused_here));
  const std::size_t others = context_.others();
  return others > refused ? others - refused : 0;
}

bool CrashChecks::is_proven(const Check& check) const {
  if (!check.refused_here) return false;
  const std::size_t possible = helpers_possible();
  if (possible >= refusals_needed) return check.helpers_refused.size() >= refusals_needed;
  return check.stream_refused && check.helpers_refused.size() >= possible;
}

void CrashChecks::judge(Slot slot) {
  const Check* check = find(slot);
  if (check == nullptr || !context_.is_live_still(slot, check->life)) return;
  if (!is_proven(*check)) return;
  close(slot);
  registrar_.learn(own_finding(context_, slot, State::failed), Provenance::own);
}

void CrashChecks::close(Slot slot) {
  std::erase_if(list_, [&](const Check& check) { return check.slot == slot; });
}

std::vector<Slot> CrashChecks::on_deadline() {
  std::vector<Slot> undecided;
  for (Check& check : list_) {
    if (!context_.is_live_still(check.slot, check.life)) {
      check.ends = context_.now;
    } else if (check.ends <= context_.now) {
      undecided.push_back(check.slot);
    } else if (check.next_look <= context_.now) {
      look(check);
    }
  }
  std::erase_if(list_, [&](const Check& check) { return check.ends <= context_.now; });
  return undecided;
}

Instant CrashChecks::next_deadline() const {
  Instant earliest = never;
  for (const Check& check : list_) earliest = std::min({earliest, check.ends, check.next_look});
  return earliest;
}

}  // namespace rollcall::core
