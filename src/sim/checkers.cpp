// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers.hpp"

#include <algorithm>
#include <utility>

#include "sim/checkers_words.hpp"

namespace rollcall::sim {
namespace {

using core::EventKind;

bool is_about_a_life(EventKind kind) {
  return kind != EventKind::name_conflict && kind != EventKind::protocol_warning &&
         kind != EventKind::protocol_changed;
}

}  // namespace

// --- EventOrderChecker -----------------------------------------------------------------------

void EventOrderChecker::on_event(const Observation& observation) {
  Observer& observer = observer_of(observation.observer);
  check_sequence(observer, observation);
  const EventKind kind = observation.event.kind;
  const bool is_own = observation.event.name == world_.name(observation.observer.host);
  if (is_own && kind == EventKind::member_join) observer.is_out = false;
  if (is_about_a_life(kind)) {
    Track& track = track_of(observer, observation.event.name);
    if (observation.event.life != track.life) begin_life(track, observation);
    if (kind == EventKind::member_reap) {
      reap(observer, track, observation);
    } else {
      check_stage(track, observation);
    }
  }
  if (is_own && (kind == EventKind::member_leave || kind == EventKind::name_conflict)) {
    observer.is_out = true;
    observer.roster = nullptr;
    observer.tracks.clear();
  }
}

EventOrderChecker::Observer& EventOrderChecker::observer_of(const ProcessId& id) {
  const auto [found, is_new] = observers_.try_emplace(id);
  found->second.host = id.host;
  if (is_new && world_.run(id.host) == id.run) {
    found->second.roster = world_.roster(id.host);
    found->second.is_compared = found->second.roster != nullptr;
  }
  return found->second;
}

EventOrderChecker::Track EventOrderChecker::known(const Observer& observer,
                                                  const std::string& name) const {
  const auto told = observer.tracks.find(name);
  if (told != observer.tracks.end()) return told->second;
  const bool is_others = observer.roster != nullptr && name != world_.name(observer.host);
  const auto slot = is_others ? observer.roster->find(name) : std::nullopt;
  if (!slot) return {};
  return {.life = observer.roster->at(*slot).life, .stage = Stage::alive, .ended = {}};
}

EventOrderChecker::Track& EventOrderChecker::track_of(Observer& observer, const std::string& name) {
  const auto found = observer.tracks.find(name);
  if (found != observer.tracks.end()) return found->second;
  return observer.tracks.emplace(name, known(observer, name)).first->second;
}

void EventOrderChecker::reap(const Observer& observer, Track& track,
                             const Observation& observation) {
  const bool is_over = track.stage == Stage::failed || track.stage == Stage::left;
  if (!is_over && !observer.is_out) object(observation, "forgotten before it was over");
  if (is_over) track.ended.insert(track.life);
  track.life = {};
  track.stage = Stage::unknown;
}

void EventOrderChecker::check_sequence(Observer& observer, const Observation& observation) {
  if (observation.index != observer.index + 1) object(observation, "an event is missing");
  if (observation.time < observer.time) object(observation, "time went backwards");
  observer.index = observation.index;
  observer.time = observation.time;
}

void EventOrderChecker::begin_life(Track& track, const Observation& observation) {
  const Life& life = observation.event.life;
  if (track.ended.contains(life)) object(observation, "a life that was over is back");
  if (life < track.life) {
    object(observation, "an earlier life follows a later one");
  }
  const bool was_known = track.stage != Stage::unknown;
  if (was_known) track.ended.insert(track.life);
  track.life = life;
  track.stage = Stage::unknown;
}

void EventOrderChecker::check_stage(Track& track, const Observation& observation) {
  const auto next = next_stage(track.stage, observation.event.kind);
  if (!next) {
    object(observation, "not possible after what was said of this life before");
    return;
  }
  track.stage = *next;
}

bool EventOrderChecker::has_met(const ProcessId& observer, const core::Publish& event) const {
  const auto found = observers_.find(observer);
  return found != observers_.end() && known(found->second, event.name).life == event.life;
}

EventOrderChecker::Observer* EventOrderChecker::comparable(HostId host) {
  const ProcessId id{host, world_.run(host)};
  if (world_.roster(host) == nullptr && !observers_.contains(id)) return nullptr;
  Observer& observer = observer_of(id);
  const core::Phase phase = world_.node(host).phase();
  const bool takes_part = phase == core::Phase::joined || phase == core::Phase::alone;
  if (takes_part && !observer.is_out) return &observer;
  observer.is_compared = false;
  return nullptr;
}

void EventOrderChecker::compare_with_table(HostId host, const TableChanges& changes) {
  Observer* observer = comparable(host);
  if (observer == nullptr) return;
  if (changes.is_first || !observer->is_compared) return compare_with_table(host);
  const core::MemberTable& table = world_.node(host).members();
  for (const core::Slot slot : changes.slots) {
    if (table.is_used(slot)) compare(*observer, host, table.at(slot));
  }
  for (const std::string& name : changes.gone) check_listed(*observer, host, name);
}

void EventOrderChecker::compare_with_table(HostId host) {
  Observer* observer = comparable(host);
  if (observer == nullptr) return;
  compare_all(*observer, host);
  observer->is_compared = true;
}

void EventOrderChecker::compare_all(const Observer& observer, HostId host) {
  const core::MemberTable& table = world_.node(host).members();
  for (const core::Slot slot : table.slots()) compare(observer, host, table.at(slot));
  for (const auto& [name, track] : observer.tracks) check_listed(observer, host, name);
}

void EventOrderChecker::check_listed(const Observer& observer, HostId host,
                                     const std::string& name) {
  if (known(observer, name).stage == Stage::unknown) return;
  if (world_.node(host).members().find(name)) return;
  violations_.add(look_text(world_, host) + "no longer lists " + name + " and has not told");
}

void EventOrderChecker::compare(const Observer& observer, HostId host, const core::Record& record) {
  static constexpr Stage stages[] = {Stage::alive, Stage::suspect, Stage::failed, Stage::left};
  if (record.name == world_.name(host)) return;
  const Track track = known(observer, record.name);
  if (track.stage == Stage::unknown && core::is_final(record.state)) return;
  const bool is_told = track.stage == stages[static_cast<std::size_t>(record.state)];
  if (is_told && track.life == record.life) return;
  violations_.add(look_text(world_, host) + "lists " + record_text(record) +
                  ", which is not what it has told");
}

std::optional<EventOrderChecker::Stage> EventOrderChecker::next_stage(Stage stage, EventKind kind) {
  const bool is_live = stage == Stage::alive || stage == Stage::suspect;
  switch (kind) {
    case EventKind::member_join:
      if (stage == Stage::unknown) return Stage::alive;
      break;
    case EventKind::member_alive:
      if (stage == Stage::suspect) return Stage::alive;
      break;
    case EventKind::member_suspect:
      if (stage == Stage::alive) return Stage::suspect;
      break;
    case EventKind::member_failed:
      if (is_live || stage == Stage::unknown) return Stage::failed;
      break;
    case EventKind::member_leave:
      if (stage != Stage::left) return Stage::left;
      break;
    case EventKind::member_update:
      if (is_live) return stage;
      break;
    case EventKind::member_reap:
    case EventKind::name_conflict:
    case EventKind::protocol_warning:
    case EventKind::protocol_changed:
      break;
  }
  return std::nullopt;
}

void EventOrderChecker::object(const Observation& observation, const std::string& why) {
  violations_.add(observer_text(observation) + ": " + why);
}

// --- VerdictLog ------------------------------------------------------------------------------

void VerdictLog::on_event(const Observation& observation) {
  ++counts_[observation.event.kind];
  if (observation.event.kind != EventKind::member_failed) return;
  verdicts_[observation.event.life.id].emplace(observation.observer, observation.time);
}

std::size_t VerdictLog::count(EventKind kind) const {
  const auto found = counts_.find(kind);
  return found == counts_.end() ? 0 : found->second;
}

std::optional<Instant> VerdictLog::verdict(ProcessId observer, const LifeId& life) const {
  const auto found = verdicts_.find(life);
  if (found == verdicts_.end()) return std::nullopt;
  const auto at = found->second.find(observer);
  return at == found->second.end() ? std::nullopt : std::optional(at->second);
}

std::optional<Instant> VerdictLog::first_verdict(const LifeId& life) const {
  const auto found = verdicts_.find(life);
  if (found == verdicts_.end()) return std::nullopt;
  Instant first = never;
  for (const auto& [observer, time] : found->second) first = std::min(first, time);
  return first;
}

std::optional<Instant> VerdictLog::last_verdict(const LifeId& life) const {
  const auto found = verdicts_.find(life);
  if (found == verdicts_.end()) return std::nullopt;
  Instant last{};
  for (const auto& [observer, time] : found->second) last = std::max(last, time);
  return last;
}

std::size_t VerdictLog::verdict_count(const LifeId& life) const {
  const auto found = verdicts_.find(life);
  return found == verdicts_.end() ? 0 : found->second.size();
}

// --- Convergence -----------------------------------------------------------------------------

bool knows_end_of(const core::Node& observer, const LifeId& life) {
  const auto slot = observer.members().find(life);
  return !slot || core::is_final(observer.members().at(*slot).state);
}

namespace {

std::string lists(const World& world, HostId observer) {
  return world.name(observer) + " (" + std::string(core::to_text(world.node(observer).phase())) +
         ") lists ";
}

/// What the observer has wrong about one running member; null if nothing.
const char* error_about(const core::MemberTable& table, const core::Node& subject) {
  const core::Record& truth = subject.members().at(*subject.members().find(subject.life().id));
  const auto slot = table.find(truth.life.id);
  if (!slot) return "not at all, or with another life";
  const core::Record& seen = table.at(*slot);
  if (seen.state != core::State::alive) return "as not alive";
  if (seen.incarnation != truth.incarnation) return "with another incarnation";
  if (seen.address != truth.address) return "at another address";
  if (seen.tags != truth.tags) return "with other tags";
  return nullptr;
}

/// What is seen at a glance: a wrong number of members, another digest than the first one's, or a
/// suspect, whom digests do not tell from the others.
std::string gap_at_a_glance(const World& world, const std::vector<HostId>& running) {
  const core::MemberTable& first = world.node(running.front()).members();
  for (const HostId observer : running) {
    const core::MemberTable& table = world.node(observer).members();
    if (table.live_count() != running.size()) {
      return lists(world, observer) + std::to_string(table.live_count()) + " live members, but " +
             std::to_string(running.size()) + " run";
    }
    if (table.digest() != first.digest()) {
      return world.name(observer) + " and " + world.name(running.front()) +
             " have different digests";
    }
    for (const core::Slot slot : table.live()) {
      const core::Record& record = table.at(slot);
      if (record.state != core::State::alive) {
        return lists(world, observer) + record.name + " suspect";
      }
    }
  }
  return {};
}

}  // namespace

std::string convergence_gap(const World& world, const std::vector<HostId>& group) {
  std::vector<HostId> running;
  std::ranges::copy_if(group, std::back_inserter(running),
                       [&](HostId host) { return world.is_running(host); });
  if (running.empty()) return {};
  for (const HostId observer : running) {
    const core::MemberTable& table = world.node(observer).members();
    for (const HostId subject : running) {
      const char* error = error_about(table, world.node(subject));
      if (error != nullptr) return lists(world, observer) + world.name(subject) + " " + error;
    }
  }
  return gap_at_a_glance(world, running);
}

std::string convergence_gap(const World& world) {
  return convergence_gap(world, world.hosts());
}

bool may_have_converged(const World& world) {
  std::vector<HostId> running = world.hosts();
  std::erase_if(running, [&](HostId host) { return !world.is_running(host); });
  return running.empty() || gap_at_a_glance(world, running).empty();
}

}  // namespace rollcall::sim
