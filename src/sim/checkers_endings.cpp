// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_endings.hpp"

#include <algorithm>
#include <cmath>

#include "core/detector/fail_time.hpp"
#include "core/detector/path_health.hpp"
#include "sim/checkers.hpp"
#include "sim/checkers_words.hpp"
#include "sim/message_text.hpp"

namespace rollcall::sim {
namespace {

constexpr Duration slack = std::chrono::seconds(1);
constexpr double share_to_judge = 0.5;

Duration pause_budget(const core::Config& config) {
  return config.suspicion_time == Duration::zero() ? core::suspicion_time_auto
                                                   : config.suspicion_time;
}

/// The published time-outs: a whole round of probes, the longest suspicion, as much again for one
/// that must be probed twice.
Duration swim_bound(const core::Config& config, std::size_t members) {
  const double decades = std::max(1.0, std::log10(static_cast<double>(members)));
  const double suspicion =
      config.swim.suspicion_multiplier * config.swim.suspicion_max_multiplier * decades;
  return scaled(config.probe_interval, 2 * (2 * static_cast<double>(members) + suspicion));
}

/// Twice the time that a heartbeat may stand still, should its member's judges be gone too.
Duration heartbeat_bound(const core::Config& config, std::size_t members) {
  if (config.detector != core::DetectorKind::gossip) return Duration::zero();
  if (config.fail_time != Duration::zero()) return 2 * config.fail_time;
  return 2 * core::heartbeat_fail_time({.members = members,
                                        .fanout = std::max<std::size_t>(config.gossip_fanout, 1),
                                        .interval = config.gossip_interval});
}

}  // namespace

Duration silence_bound(const core::Config& config, std::size_t members) {
  if (config.profile == core::Profile::swim) return swim_bound(config, members);
  return 4 * config.probe_interval + 4 * config.probe_timeout + 3 * pause_budget(config) +
         heartbeat_bound(config, members) + slack;
}

// --- CompletenessChecker ---------------------------------------------------------------------

void CompletenessChecker::look() {
  tracks_.resize(world_.host_count());
  for (const HostId host : world_.hosts()) {
    follow(host);
    follow_hearing(host);
  }
  std::erase_if(endings_, [this](Ending& ending) { return !judge(ending); });
}

void CompletenessChecker::follow(HostId host) {
  Track& track = tracks_[index_of(host)];
  const bool runs = world_.is_running(host) && !has_gone_out(world_.node(host));
  const LifeId life = runs ? world_.node(host).life().id : track.life;
  if (track.runs && (!runs || life != track.life)) {
    endings_.push_back({.life = track.life,
                        .host = host,
                        .at = world_.now(),
                        .is_silent = !world_.is_powered(host)});
  }
  track.life = life;
  track.runs = runs;
}

void CompletenessChecker::follow_hearing(HostId host) {
  Track& track = tracks_[index_of(host)];
  if (!world_.is_running(host) || !world_.sound_since(host) || !hears_somebody(host)) {
    track.hears_since = never;
  } else if (track.hears_since == never) {
    track.hears_since = world_.now();
  }
}

bool CompletenessChecker::judge(Ending& ending) {
  bool all_know = true;
  Duration longest{};
  for (const HostId observer : world_.hosts()) {
    if (!world_.is_running(observer)) continue;
    const ProcessId process{observer, world_.run(observer)};
    if (knows_end_of(world_.node(observer), ending.life)) {
      ending.listed.erase(process);
      continue;
    }
    const Instant listed = ending.listed.try_emplace(process, world_.now()).first->second;
    all_know = false;
    const Duration allowed = bound(ending, observer);
    longest = std::max(longest, allowed);
    const Instant hears_since = tracks_[index_of(observer)].hears_since;
    if (hears_since == never) continue;
    const Instant since = std::max({ending.at, listed, hears_since, troubles_.calm_since()});
    if (world_.now() - since <= allowed || !ending.objected.insert(observer).second) continue;
    violations_.add(look_text(world_, observer) + "still lists a life of " +
                    world_.name(ending.host) + " that ended at " + moment_text(ending.at));
  }
  const Instant last = std::max(ending.at, troubles_.calm_since());
  return !all_know && world_.now() - last <= 2 * longest + slack;
}

/// A member that hears nobody buries nobody, nor does one that hears hardly anybody: four of its
/// last eight pings must be answered, or two where so many others say that they lose as much
/// (PROTOCOL.md, "Suspicion"). Where links answer fewer than half, only the others can help.
bool CompletenessChecker::hears_somebody(HostId observer) {
  if (world_.node(observer).phase() != core::Phase::joined) return false;
  if (world_.node(observer).members().live_count() <= 2) return true;
  HostId& heard = tracks_[index_of(observer)].heard;
  const auto is_clear = [&](HostId peer) {
    return hears(observer, peer) && world_.answered_share(observer, peer) >= share_to_judge;
  };
  if (is_clear(heard)) return true;
  std::size_t faint = 0;
  for (std::uint32_t i = 0; i < world_.host_count(); ++i) {
    heard = HostId{i};
    if (is_clear(heard)) return true;
    if (hears(observer, heard)) ++faint;
  }
  return faint >= core::PathHealth::reporters_needed;
}

bool CompletenessChecker::hears(HostId observer, HostId peer) const {
  if (peer == observer || !world_.sound_since(peer)) return false;
  if (!world_.are_connected(observer, peer)) return false;
  const core::Node& own = world_.node(observer);
  const core::Node& other = world_.node(peer);
  if (other.phase() != core::Phase::joined) return false;
  return !knows_end_of(own, other.life().id) || !knows_end_of(other, own.life().id);
}

Duration CompletenessChecker::bound(const Ending& ending, HostId observer) const {
  const core::Node& node = world_.node(observer);
  const Duration silence = bounds_.silence != Duration::zero()
                               ? bounds_.silence
                               : silence_bound(node.config(), node.members().size());
  const bool is_told = !ending.is_silent && world_.are_connected(observer, ending.host);
  return is_told && bounds_.process != Duration::zero() ? bounds_.process : silence;
}

// --- DepartureChecker ------------------------------------------------------------------------

void DepartureChecker::on_event(const Observation& observation) {
  switch (observation.event.kind) {
    case core::EventKind::member_leave:
      return note_departure(observation);
    case core::EventKind::member_failed:
      return on_verdict(observation);
    default:
      return;
  }
}

void DepartureChecker::on_verdict(const Observation& observation) {
  const LifeId& life = observation.event.life.id;
  const auto departure = departures_.find(life);
  if (departure == departures_.end()) {
    failed_without_blame_.insert(life);
    return;
  }
  const auto by = accuser(observation);
  const bool could_know = could_hear(observation.observer.host, departure->second) &&
                          (!by || could_hear(*by, departure->second));
  if (!could_know) {
    failed_without_blame_.insert(life);
    return;
  }
  if (!by && failed_without_blame_.contains(life)) return;
  violations_.add(observer_text(observation) + ": it has left, and did not fail");
}

std::optional<HostId> DepartureChecker::accuser(const Observation& observation) const {
  for (const HostId host : world_.hosts()) {
    if (world_.is_running(host) && world_.name(host) == observation.event.by) return host;
  }
  return std::nullopt;
}

void DepartureChecker::note_departure(const Observation& observation) {
  const HostId host = observation.observer.host;
  if (observation.event.name != world_.name(host)) return;
  const auto sound_since = world_.sound_since(host);
  const bool is_sound = sound_since && observation.time - *sound_since >= grace_;
  if (is_sound) departures_.emplace(observation.event.life.id, Departure{observation.time, host});
}

bool DepartureChecker::could_hear(HostId member, const Departure& departure) const {
  const auto sound_since = world_.sound_since(member);
  const Instant apart = troubles_.last_apart(member, departure.host);
  return sound_since && *sound_since < departure.at &&
         (apart == Instant{} || apart + grace_ < departure.at);
}

}  // namespace rollcall::sim
