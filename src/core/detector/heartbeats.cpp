// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/heartbeats.hpp"

#include <algorithm>
#include <cmath>

#include "core/detector/fail_time.hpp"

namespace rollcall::core {
namespace {

/// The weight of one arrival once there have been many.
constexpr float arrival_weight = 1.0F / 200;
/// A link that never varies would make the first lost datagram an impossibility.
constexpr float deviation_floor_intervals = 0.5F;
/// What is assumed of a network that has not been measured to be worse.
constexpr double loss_assumed = 0.1;
/// By how much a count may differ from what it could be, after detours and drift.
constexpr Duration doubtful_time = std::chrono::minutes(1);
/// Two clocks part by less than one of so many.
constexpr int drift_share = 5000;

float in_seconds(Duration duration) {
  return std::chrono::duration<float>(duration).count();
}

}  // namespace

// --- Who is watched --------------------------------------------------------------------------

void Heartbeats::start() {
  beats_.clear();
  slots_.clear();
  for (const Slot slot : context_.table.live()) watch(slot);
  rounds_ = 0;
  if (context_.config.heartbeat_cast == HeartbeatCast::broadcast && !is_cast()) {
    context_.warn(
        "heartbeat-cast is broadcast, but this member runs without broadcast: it tells random "
        "members instead");
  }
  next_round_ =
      context_.now + context_.prng.between(Duration::zero(), context_.config.gossip_interval);
}

void Heartbeats::stop() {
  next_round_ = never;
  beats_.clear();
  slots_.clear();
}

void Heartbeats::watch(Slot slot) {
  const auto place = static_cast<std::size_t>(slot);
  if (place >= beats_.size()) beats_.resize(place + 1);
  const LifeId& life = context_.table.at(slot).life.id;
  if (beats_[place].life == life) return;
  beats_[place] = {.life = life, .risen = context_.now};
  slots_[wire::heartbeat_key(life)] = slot;
}

void Heartbeats::on_member_changed(Slot slot) {
  if (!is_running()) return;
  const bool is_used = context_.table.is_used(slot);
  Beat* const known = find(slot);
  const bool is_same =
      known != nullptr && is_used && known->life == context_.table.at(slot).life.id;
  if (known != nullptr && !is_same) {
    slots_.erase(wire::heartbeat_key(known->life));
    *known = {};
  }
  if (is_used && is_live(context_.table.at(slot).state)) watch(slot);
}

Heartbeats::Beat* Heartbeats::find(Slot slot) {
  const auto place = static_cast<std::size_t>(slot);
  if (place >= beats_.size() || beats_[place].life.is_nobody()) return nullptr;
  return &beats_[place];
}

void Heartbeats::on_sign_of_life(Slot slot) {
  if (Beat* const beat = find(slot)) beat->risen = context_.now;
}

void Heartbeats::on_pause(Duration length) {
  for (Beat& beat : beats_) beat.risen = std::min(beat.risen + length, context_.now);
  if (is_running()) next_round_ = std::max(next_round_, context_.now);
}

// --- What others tell ------------------------------------------------------------------------

std::uint32_t Heartbeats::own_count() const {
  const auto steps = static_cast<std::uint64_t>((context_.now - born_) / step) + 1;
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(steps & wire::heartbeat_count_mask));
}

void Heartbeats::on_heard(const LifeId& sender, const wire::Heartbeats& heard) {
  if (!is_running()) return;
  if (Beat* const beat = find(wire::heartbeat_key(sender))) {
    if (heard.is_cast) beat->cast = context_.now;
    on_own_word(*beat, heard.own);
  }
  for (std::size_t i = 0; i < heard.count(); ++i) {
    const wire::Heartbeat other = wire::read_heartbeat(heard, i);
    if (Beat* const beat = find(other.member)) on_hearsay(*beat, other.count);
  }
}

Heartbeats::Beat* Heartbeats::find(std::uint64_t member) {
  const auto found = slots_.find(member);
  return found == slots_.end() ? nullptr : &beat_of(found->second);
}

/// A datagram may be overtaken; but whoever says far less than is known of it knows better.
void Heartbeats::on_own_word(Beat& beat, std::uint32_t count) {
  if (count == unknown) return;
  const bool is_newer = wire::heartbeat_is_newer(count, beat.count);
  const std::uint32_t behind = (beat.count - count) & wire::heartbeat_count_mask;
  if (beat.count != unknown && !is_newer && behind * step > doubtful_time) beat.count = unknown;
  if (beat.count == unknown || is_newer) rise(beat, count);
}

/// No counter goes faster than time: what claims to be far ahead of it is not passed on.
void Heartbeats::on_hearsay(Beat& beat, std::uint32_t count) {
  if (count == unknown) return;
  if (beat.count == unknown) return rise(beat, count);
  if (!wire::heartbeat_is_newer(count, beat.count)) return;
  const std::uint32_t ahead = (count - beat.count) & wire::heartbeat_count_mask;
  if (ahead * step <= context_.now - beat.said + doubtful_time) rise(beat, count);
}

void Heartbeats::rise(Beat& beat, std::uint32_t count) {
  if (beat.count == unknown) {
    beat.origin = context_.now - count * step;
  } else {
    note_arrival(beat);
    // Where the circle begins again, so does the origin; clocks drift apart meanwhile.
    if (count < beat.count) beat.origin += (wire::heartbeat_count_mask + 1) * step;
    beat.origin += (context_.now - beat.risen) / drift_share;
    beat.origin = std::min(beat.origin, context_.now - count * step);
  }
  beat.count = count;
  beat.risen = context_.now;
  beat.said = beat.origin + count * step;
}

/// The time since the last rise, for the distribution of such times.
void Heartbeats::note_arrival(Beat& beat) const {
  if (context_.config.accrual_threshold == 0) return;
  const float since = in_seconds(context_.now - beat.risen);
  ++beat.arrivals;
  const float weight = std::max(arrival_weight, 1.0F / static_cast<float>(beat.arrivals));
  const float difference = since - beat.mean;
  beat.mean += weight * difference;
  beat.variance = (1 - weight) * (beat.variance + weight * difference * difference);
}

// --- Telling ---------------------------------------------------------------------------------

/// Who may be told of, in no order.
void Heartbeats::gather() {
  order_.clear();
  for (const Slot slot : context_.table.live()) {
    if (!context_.is_self(slot) && find(slot) != nullptr) order_.push_back(slot);
  }
}

/// Heartbeats that fit, with room left for updates that wait.
std::size_t Heartbeats::room_in(const wire::DatagramWriter& writer) const {
  const std::size_t room = writer.heartbeats_room();
  const std::size_t kept = outbox_.has_updates() ? updates_bytes / wire::heartbeat_bytes : 0;
  return room - std::min(kept, room);
}

void Heartbeats::put(Slot slot) {
  Beat& beat = beat_of(slot);
  if (beat.told_in == datagrams_) return;
  beat.told_in = datagrams_;
  wire::append_heartbeat({wire::heartbeat_key(beat.life), beat.count}, others_);
}

void Heartbeats::put_freshest(std::size_t count) {
  count = std::min(count, order_.size());
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::nth_element(order_, middle, [this](Slot a, Slot b) {
    return beat_of(a).said > beat_of(b).said || (beat_of(a).said == beat_of(b).said && a < b);
  });
  std::for_each(order_.begin(), middle, [this](Slot slot) {
    if (beat_of(slot).count != unknown) put(slot);
  });
}

void Heartbeats::put_stalest(std::size_t count) {
  count = std::min(count, order_.size());
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::nth_element(order_, middle, [this](Slot a, Slot b) {
    return beat_of(a).said < beat_of(b).said || (beat_of(a).said == beat_of(b).said && a < b);
  });
  std::for_each(order_.begin(), middle, [this](Slot slot) { put(slot); });
  order_.erase(order_.begin(), middle);
}

void Heartbeats::put_better_known(const wire::Heartbeats& asked, std::size_t count) {
  for (std::size_t i = 0; i < asked.count() && others_.size() / wire::heartbeat_bytes < count;
       ++i) {
    const wire::Heartbeat theirs = wire::read_heartbeat(asked, i);
    const auto found = slots_.find(theirs.member);
    if (found == slots_.end()) continue;
    Beat& beat = beat_of(found->second);
    const bool is_better =
        theirs.count == unknown || wire::heartbeat_is_newer(beat.count, theirs.count);
    if (beat.count != unknown && is_better) {
      put(found->second);
    } else {
      beat.told_in = datagrams_;  // the asker knows as much
    }
  }
}

void Heartbeats::write(wire::DatagramWriter& writer) const {
  const bool fits = writer.add(wire::Heartbeats{.own = own_count(), .others = others_});
  ROLLCALL_CHECK(fits);
}

void Heartbeats::tell(Slot slot) {
  const std::uint32_t ping =
      pings_.ping_with(slot, PingPurpose::probe, [this](wire::DatagramWriter& writer) {
        ++datagrams_;
        others_.clear();
        gather();
        const std::size_t room = std::min(room_in(writer), order_.size());
        put_stalest((room + 1) / 2);
        put_freshest(room - others_.size() / wire::heartbeat_bytes);
        write(writer);
      });
  ++context_.counters.probes;
  pings_.count_as_sample(ping);
}

void Heartbeats::answer(const wire::Heartbeats& asked, wire::DatagramWriter& writer) {
  ++datagrams_;
  others_.clear();
  if (is_running()) {
    const std::size_t room = room_in(writer);
    put_better_known(asked, room);
    gather();
    const std::size_t left = room - others_.size() / wire::heartbeat_bytes;
    std::erase_if(order_, [this](Slot slot) { return beat_of(slot).told_in == datagrams_; });
    put_freshest(left);
  }
  if (writer.heartbeats_room() > 0) write(writer);
}

/// Those whom the broadcast does not reach, if that is how counters travel; else anybody.
std::vector<Slot> Heartbeats::pick_targets() {
  const std::size_t fanout = std::max<std::size_t>(context_.config.gossip_fanout, 1);
  const auto anybody = [](Slot) { return true; };
  if (!is_cast()) {
    return context_.pick_live(fanout, anybody);
  }
  const Instant reached = context_.now - cast_rounds_missed * context_.config.gossip_interval;
  gather();
  std::erase_if(order_, [&](Slot slot) { return beat_of(slot).cast >= reached; });
  context_.prng.shuffle(std::span(order_));
  order_.resize(std::min(order_.size(), fanout));
  if (order_.empty() && rounds_ % cast_sample_every == 0) return context_.pick_live(1, anybody);
  return order_;
}

void Heartbeats::cast() {
  wire::DatagramWriter writer(context_.envelope());
  const bool fits = writer.add(wire::Heartbeats{.own = own_count(), .is_cast = true, .others = {}});
  ROLLCALL_CHECK(fits);
  ++context_.counters.datagrams_sent;
  context_.counters.bytes_sent += writer.size();
  context_.effects->add(CastDatagram{context_.effects->keep(writer.bytes())});
}

void Heartbeats::round() {
  const Duration interval = context_.config.gossip_interval;
  next_round_ = context_.now + context_.prng.between(interval * 9 / 10, interval * 11 / 10);
  ++rounds_;
  if (context_.others() == 0) return;
  if (is_cast()) cast();
  const std::vector<Slot> targets = pick_targets();
  for (const Slot slot : targets) tell(slot);
}

// --- Judging ---------------------------------------------------------------------------------

Duration Heartbeats::fail_time() const {
  if (context_.config.fail_time != Duration::zero()) return context_.config.fail_time;
  const std::uint8_t said = context_.path.lost();
  const double lost = said == PathHealth::unknown_share ? 0 : said / 255.0;  // there and back
  return heartbeat_fail_time({.members = context_.table.live_count(),
                              .fanout = context_.config.gossip_fanout,
                              .interval = context_.config.gossip_interval,
                              .loss = std::max(loss_assumed, 1 - std::sqrt(1 - lost))});
}

bool Heartbeats::has_stood_still(const Beat& beat, Duration elapsed, Duration limit) const {
  const double threshold = context_.config.accrual_threshold;
  if (threshold == 0 || beat.arrivals < arrivals_needed) return elapsed >= limit;
  const float floor = deviation_floor_intervals * in_seconds(context_.config.gossip_interval);
  return accrual_phi(in_seconds(elapsed), beat.mean, std::max(floor, std::sqrt(beat.variance))) >=
         threshold;
}

/// Hardly anything was heard from anybody: the fault may be on this side.
bool Heartbeats::doubts_itself() const {
  return context_.others() >= 2 && context_.now - context_.last_heard >= fail_time() / 2 &&
         !context_.hears_nobody();
}

std::vector<Slot> Heartbeats::find_silent() {
  std::vector<Slot> silent;
  if (doubts_itself()) return silent;
  const Duration limit = fail_time();
  std::size_t beyond_duty = 0;
  for (const Slot slot : context_.table.live()) {
    const Beat* const beat = find(slot);
    if (context_.is_self(slot) || beat == nullptr) continue;
    const Duration elapsed = context_.now - beat->risen;
    if (!has_stood_still(*beat, elapsed, limit) || suspicions_.contains(slot)) continue;
    const std::vector<Slot> judges = context_.ring_judges_of(slot);
    const bool is_judge = std::ranges::find(judges, context_.self) != judges.end();
    if (!is_judge) {
      if (!has_stood_still(*beat, elapsed / 2, limit) || beyond_duty >= doubts_per_round) continue;
      ++beyond_duty;
    }
    ++context_.counters.probes_failed;
    silent.push_back(slot);
  }
  return silent;
}

std::vector<Slot> Heartbeats::on_deadline() {
  if (context_.now < next_round_) return {};
  round();
  return find_silent();
}

}  // namespace rollcall::core
