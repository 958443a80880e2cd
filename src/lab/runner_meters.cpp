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
