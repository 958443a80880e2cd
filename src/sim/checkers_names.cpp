// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_names.hpp"

#include "sim/checkers_words.hpp"

namespace rollcall::sim {

void NameChecker::look() {
  tracks_.resize(world_.host_count());
  for (const HostId host : world_.hosts()) {
    Track& track = tracks_[index_of(host)];
    if (!world_.is_running(host)) {
      track = {};
      continue;
    }
    if (track.run != world_.run(host)) {
      track = {.run = world_.run(host), .started = world_.now(), .joined = never};
    }
    if (world_.node(host).phase() != core::Phase::joined) {
      track.joined = never;
    } else if (track.joined == never) {
      track.joined = world_.now();
    }
  }
}

void NameChecker::on_event(const Observation& observation) {
  if (observation.event.kind != core::EventKind::member_join) return;
  const auto newcomer = world_.host_of(observation.event.life.id);
  if (!newcomer || *newcomer == observation.observer.host) return;
  know_hosts();
  for (const HostId holder : by_name_[observation.event.name]) {
    if (holder == *newcomer) continue;
    if (!is_robbed(holder, *newcomer)) continue;
    violations_.add(observer_text(observation) + ": the name is that of a member that runs");
  }
}

void NameChecker::know_hosts() {
  for (; known_hosts_ < world_.host_count(); ++known_hosts_) {
    const HostId host{static_cast<std::uint32_t>(known_hosts_)};
    by_name_[world_.name(host)].push_back(host);
  }
}

/// The newcomer may have been seen late: what it cannot be blamed for is a holder that joined, or
/// came back, after it had started.
bool NameChecker::is_robbed(HostId holder, HostId newcomer) const {
  if (!world_.is_running(holder) || index_of(holder) >= tracks_.size()) return false;
  const Track& track = tracks_[index_of(holder)];
  const Instant started =
      index_of(newcomer) < tracks_.size() && tracks_[index_of(newcomer)].run != 0
          ? tracks_[index_of(newcomer)].started
          : world_.now();
  const auto sound_since = world_.sound_since(holder);
  return track.run == world_.run(holder) && track.joined < started && sound_since &&
         *sound_since < started && troubles_.last_apart(holder, newcomer) < started &&
         world_.are_connected(holder, newcomer) && world_.healed_at() < started;
}

}  // namespace rollcall::sim
