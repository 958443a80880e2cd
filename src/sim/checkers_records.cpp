// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_records.hpp"

#include <utility>

#include "sim/checkers_words.hpp"

namespace rollcall::sim {

RecordChecker::Observer& RecordChecker::observer_of(HostId host) {
  if (observers_.size() < world_.host_count()) observers_.resize(world_.host_count());
  return observers_[index_of(host)];
}

void RecordChecker::forget(HostId host) {
  observer_of(host) = {.was_out_in_run = world_.run(host)};
}

std::optional<TableChanges> RecordChecker::look_at(HostId host) {
  const core::Phase phase = world_.node(host).phase();
  if (phase == core::Phase::leaving || has_gone_out(world_.node(host))) {
    forget(host);
    return std::nullopt;
  }
  Observer& own = observer_of(host);
  const core::MemberTable& table = world_.node(host).members();
  const bool is_new = own.run != world_.run(host);
  if (!is_new && own.version == table.version()) return std::nullopt;
  if (is_new) {
    const bool was_out = own.was_out_in_run == world_.run(host);
    own = {.run = world_.run(host), .roster = was_out ? nullptr : world_.roster(host)};
  }
  own.version = table.version();
  TableChanges changes;
  changes.slots = world_.take_changed_members(host);
  changes.is_first = is_new && own.roster == nullptr;
  if (changes.is_first) changes.slots = table.slots();
  for (const core::Slot slot : changes.slots) look_at(host, own, slot, changes);
  return changes;
}

std::optional<RecordChecker::Seen> RecordChecker::before(const Observer& observer,
                                                         core::Slot slot) {
  const auto found = observer.seen.find(slot);
  if (found != observer.seen.end()) {
    return found->second.name.empty() ? std::nullopt : std::optional(found->second);
  }
  if (observer.roster == nullptr || core::index_of(slot) >= observer.roster->size()) {
    return std::nullopt;
  }
  const core::Record& record = observer.roster->at(slot);
  return Seen{record.name, record.standing()};
}

void RecordChecker::look_at(HostId host, Observer& observer, core::Slot slot,
                            TableChanges& changes) {
  const core::MemberTable& table = world_.node(host).members();
  const std::optional<Seen> was = before(observer, slot);
  const std::string name = table.is_used(slot) ? table.at(slot).name : std::string{};
  if (was && was->name != name) changes.gone.push_back(was->name);
  if (name.empty()) {
    observer.seen[slot] = {};
    return;
  }
  const core::Record& record = table.at(slot);
  check_incarnation(host, record);
  if (was && was->name == name) compare(host, was->standing, record);
  observer.seen[slot] = {name, record.standing()};
}

void RecordChecker::look_at_all_of(HostId host) {
  const Observer& own = observer_of(host);
  if (own.run != world_.run(host)) return;
  const core::MemberTable& table = world_.node(host).members();
  for (const core::Slot slot : table.slots()) {
    const core::Record& record = table.at(slot);
    const std::optional<Seen> was = before(own, slot);
    if (was && was->name == record.name) compare(host, was->standing, record);
    check_incarnation(host, record);
  }
}

const char* RecordChecker::objection(const core::Standing& before, const core::Standing& now) {
  if (now.life < before.life) return "an earlier life replaces a later one";
  if (now.life != before.life) return nullptr;
  if (core::is_final(before.state)) {
    if (core::is_live(now.state)) return "a life that was over is back";
    return before.state == core::State::left && now.state == core::State::failed
               ? "a departure became a failure"
               : nullptr;
  }
  if (core::is_final(now.state)) return nullptr;
  if (now.incarnation < before.incarnation) return "the incarnation fell";
  const bool is_lifted = before.state == core::State::suspect && now.state == core::State::alive;
  return is_lifted && now.incarnation == before.incarnation
             ? "a suspicion was lifted without a higher incarnation"
             : nullptr;
}

void RecordChecker::compare(HostId host, const core::Standing& before, const core::Record& now) {
  const char* why = objection(before, now.standing());
  if (why == nullptr) return;
  violations_.add(look_text(world_, host) + "lists " + record_text(now) + ": " + why);
}

void RecordChecker::check_incarnation(HostId host, const core::Record& record) {
  const auto owner = world_.host_of(record.life.id);
  if (!owner || core::is_final(record.state)) return;
  const core::MemberTable& own = world_.node(*owner).members();
  const core::Record& truth = own.at(*own.find(record.life.id));
  if (record.incarnation <= truth.incarnation) return;
  violations_.add(look_text(world_, host) + "lists " + record_text(record) +
                  ", which it never reached itself");
}

}  // namespace rollcall::sim
