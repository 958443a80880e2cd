// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner_meters.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/ids.hpp"

namespace rollcall::lab {

// --- SuspicionMeter ----------------------------------------------------------------------------

void SuspicionMeter::on_event(const sim::Observation& observation) {
  const core::Publish& event = observation.event;
  switch (event.kind) {
    case core::EventKind::member_suspect:
      suspicions_.emplace(event.life.id, event.incarnation);
      return;
    case core::EventKind::member_alive:
      refutations_.emplace(event.life.id, event.incarnation);
      return;
    default:
      return;
  }
}

void SuspicionMeter::report(Measurements& into) const {
  into.suspicions = suspicions_.size();
  into.refutations = refutations_.size();
}

// --- TrafficMeter ------------------------------------------------------------------------------

TrafficMeter::Base& TrafficMeter::base(sim::HostId host) {
  if (bases_.size() <= index_of(host)) bases_.resize(index_of(host) + 1);
  return bases_[index_of(host)];
}

void SettingsMeter::on_event(const sim::Observation& observation) {
  if (observation.event.kind != core::EventKind::protocol_changed) return;
  const core::SettingsVersion& version = observation.event.settings.front().to.version;
  if (version > newest_) begin(observation);
  if (version == newest_) waiting_.erase(observation.observer.host);
  look(observation.time);
}

void SettingsMeter::begin(const sim::Observation& observation) {
  newest_ = observation.event.settings.front().to.version;
  // Two that change them at once end in one of both: the time of the later one counts.
  if (since_ && observation.time > *since_) ++unsettled_;
  since_ = observation.time;
  waiting_.clear();
  const sim::HostId changer = observation.observer.host;
  for (const sim::HostId host : world_.hosts()) {
    if (waits(host) && world_.are_connected(host, changer)) waiting_.insert(host);
  }
}

bool SettingsMeter::waits(sim::HostId host) const {
  return world_.is_running(host) && world_.sound_since(host) &&
         world_.node(host).phase() == core::Phase::joined;
}

void SettingsMeter::look(Instant now) {
  if (!since_) return;
  std::erase_if(waiting_, [this](sim::HostId host) { return !waits(host); });
  if (!waiting_.empty()) return;
  times_.push_back(now - *since_);
  since_.reset();
}

void SettingsMeter::report(Measurements& into) {
  std::erase_if(waiting_, [this](sim::HostId host) { return !waits(host); });
  into.settings_agreement = times_;
  into.unsettled_changes = unsettled_ + (since_ && !waiting_.empty() ? 1 : 0);
}

void TrafficMeter::begin() {
  stream_bytes_before_ = world_.stream_bytes();
  for (const sim::HostId host : world_.hosts()) {
    if (!world_.is_running(host)) continue;
    const core::Counters& counters = world_.node(host).counters();
    base(host) = {counters.datagrams_sent, counters.bytes_sent, world_.now()};
  }
}

void TrafficMeter::on_start(sim::HostId host) {
  base(host) = {.since = world_.now()};
}

void TrafficMeter::on_end(sim::HostId host) {
  const core::Counters& counters = world_.node(host).counters();
  const Base& from = base(host);
  datagrams_ += counters.datagrams_sent - from.datagrams;
  bytes_ += counters.bytes_sent - from.bytes;
  member_time_ += world_.now() - from.since;
}

void TrafficMeter::report(Measurements& into) {
  for (const sim::HostId host : world_.hosts()) {
    if (world_.is_running(host)) on_end(host);
  }
  const double seconds = to_seconds(member_time_);
  if (seconds <= 0) return;
  const std::uint64_t bytes = bytes_ + world_.stream_bytes() - stream_bytes_before_;
  into.datagrams_per_second = static_cast<double>(datagrams_) / seconds;
  into.bytes_per_second = static_cast<double>(bytes) / seconds;
}

// --- RunHash -----------------------------------------------------------------------------------

void RunHash::on_datagram(Instant time, sim::HostId from, sim::HostId to, Bytes bytes) {
  mix(static_cast<std::uint64_t>(time.time_since_epoch().count()));
  mix((std::uint64_t{index_of(from)} << 32U) | index_of(to));
  mix(hash_bytes(as_text(bytes)));
}

void RunHash::on_event(const sim::Observation& observation) {
  const core::Publish& event = observation.event;
  mix(static_cast<std::uint64_t>(observation.time.time_since_epoch().count()));
  mix((std::uint64_t{index_of(observation.observer.host)} << 32U) | observation.observer.run);
  mix(static_cast<std::uint64_t>(event.kind));
  mix(event.life.id.high ^ event.life.id.low);
  mix(event.incarnation);
}

}  // namespace rollcall::lab
