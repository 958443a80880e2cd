// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner_deaths.hpp"

#include <algorithm>
#include <utility>

#include "sim/checkers.hpp"

namespace rollcall::lab {
namespace {

bool tells_the_end(const core::Publish& event, const Life& life) {
  using core::EventKind;
  if (event.life > life) return true;
  const bool is_end = event.kind == EventKind::member_failed ||
                      event.kind == EventKind::member_leave || event.kind == EventKind::member_reap;
  return is_end && event.life == life;
}

}  // namespace

void DeathWatch::on_death(sim::HostId host, DeathKind kind) {
  on_excused(host);
  const core::Node& node = world_.node(host);
  if (node.phase() != core::Phase::joined) return;
  Death death{.name = world_.name(host), .life = node.life(), .kind = kind, .at = world_.now()};
  for (const sim::HostId other : world_.hosts()) {
    const bool is_held = other != host && world_.sound_since(other) &&
                         world_.share_group(host, other) &&
                         world_.node(other).phase() == core::Phase::joined &&
                         !sim::knows_end_of(world_.node(other), death.life.id);
    if (is_held) death.awaited.insert(death.awaited.end(), other);
  }
  if (!death.awaited.empty()) open_.push_back(std::move(death));
}

void DeathWatch::on_excused(sim::HostId host) {
  for (Death& death : open_) death.awaited.erase(host);
  close_known();
}

void DeathWatch::on_event(const sim::Observation& observation) {
  bool has_heard_of_one = false;
  for (Death& death : open_) {
    if (death.name != observation.event.name) continue;
    if (!tells_the_end(observation.event, death.life)) continue;
    if (death.awaited.erase(observation.observer.host) == 0) continue;
    if (!death.first) death.first = observation.time;
    death.last = observation.time;
    has_heard_of_one = true;
  }
  if (has_heard_of_one) close_known();
}

void DeathWatch::close_known() {
  for (const Death& death : open_) {
    // Where nobody is left who could know, there is nothing to measure.
    if (!death.awaited.empty() || !death.first) continue;
    done_.first_detection.push_back(*death.first - death.at);
    done_.detection.push_back(death.last - death.at);
    (death.kind == DeathKind::crash ? done_.crash_detection : done_.silence_detection)
        .push_back(death.last - death.at);
  }
  std::erase_if(open_, [](const Death& death) { return death.awaited.empty(); });
}

void DeathWatch::report(Measurements& into) const {
  into.first_detection = done_.first_detection;
  into.detection = done_.detection;
  into.crash_detection = done_.crash_detection;
  into.silence_detection = done_.silence_detection;
  for (const Death& death : open_) {
    ++(death.kind == DeathKind::crash ? into.unknown_crashes : into.unknown_silences);
  }
}

}  // namespace rollcall::lab
