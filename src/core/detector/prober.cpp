// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/prober.hpp"

#include <algorithm>

namespace rollcall::core {

void Prober::start() {
  probes_.clear();
  next_tick_ =
      context_.now + context_.prng.between(Duration::zero(), context_.config.probe_interval);
}

void Prober::stop() {
  probes_.clear();
  next_tick_ = never;
}

std::optional<std::uint32_t> Prober::probe(Slot slot) {
  const auto under_way = std::ranges::find(probes_, slot, &Probe::slot);
  if (under_way != probes_.end()) {
    return under_way->started == context_.now ? std::optional(under_way->ping) : std::nullopt;
  }
  ++context_.counters.probes;
  const std::uint32_t ping = pings_.ping(slot, PingPurpose::probe);
  probes_.push_back({.slot = slot,
                     .life = context_.table.at(slot).life.id,
                     .ping = ping,
                     .started = context_.now,
                     .deadline = context_.now + context_.patience(slot)});
  return ping;
}

void Prober::on_answer(Slot slot) {
  if (std::ranges::find(probes_, slot, &Probe::slot) == probes_.end()) return;
  context_.health.on_success();
  forget(slot);
}

void Prober::on_report(Slot slot, wire::Finding finding) {
  // Silence is what the probe's own deadline is for; refusals are the crash check's matter.
  if (finding == wire::Finding::answered) on_answer(slot);
}

void Prober::forget(Slot slot) {
  std::erase_if(probes_, [&](const Probe& probe) { return probe.slot == slot; });
}

void Prober::on_pause() {
  probes_.clear();
  next_tick_ = std::max(next_tick_, context_.now);
}

std::vector<Slot> Prober::neighbours() const {
  const Ring& ring = context_.table.ring();
  const std::size_t own_place = context_.table.ring_index(context_.self);
  std::vector<Slot> targets;
  for (std::size_t step = 1; step < ring.size() && step <= suspects_passed_max + 1; ++step) {
    const Slot next = ring[(own_place + step) % ring.size()];
    targets.push_back(next);
    if (!suspicions_.contains(next)) break;
  }
  return targets;
}

void Prober::probe_beyond_suspects() {
  const std::vector<Slot> targets = neighbours();
  if (!targets.empty()) probe(targets.back());
}

void Prober::tick() {
  next_tick_ = std::max(next_tick_ + context_.config.probe_interval,
                        context_.now + context_.config.probe_interval / 2);
  if (context_.others() == 0) return;
  for (const Slot slot : neighbours()) probe(slot);
  if (++ticks_ % stray_every != 0 && !context_.path.is_worried()) return;
  if (const auto stray = pick_sample()) {
    if (const auto ping = probe(*stray)) pings_.count_as_sample(*ping);
  }
}

/// Somebody at random; not one in doubt, for that would measure the other side, unless all are.
std::optional<Slot> Prober::pick_sample() const {
  auto picked = context_.pick_live(1, [this](Slot slot) { return !suspicions_.contains(slot); });
  if (picked.empty()) picked = context_.pick_live(1, [](Slot) { return true; });
  return picked.empty() ? std::nullopt : std::optional(picked.front());
}

/// An answer is missing: whose fault is it? A random member is asked; and where nothing at all is
/// heard, those who would judge this node, so that they know that it speaks.
void Prober::doubt_own_path(const Probe& probe) {
  const auto asked = pick_sample();
  if (asked && *asked != probe.slot) pings_.sample(*asked);
  if (context_.last_heard >= probe.started) return;
  for (const Slot slot : context_.ring_judges_of(context_.self)) {
    pings_.ping(slot, PingPurpose::sample);
  }
}

void Prober::ask_helpers(Probe& probe) {
  const Duration wait = 3 * context_.patience(probe.slot);
  const auto helpers = context_.pick_live(context_.config.indirect_probes, [&](Slot slot) {
    return slot != probe.slot && context_.table.at(slot).state == State::alive;
  });
  for (const Slot helper : helpers) pings_.ask(helper, probe.slot, wait);
  pings_.ping(probe.slot, PingPurpose::probe);
  registrar_.stream_ping(probe.slot, wait);
  doubt_own_path(probe);
  probe.stage = Stage::indirect;
  probe.deadline = context_.now + wait;
}

/// Nothing at all was heard since the probe began: the fault may be on this side. A node that
/// has heard nobody for long goes on, to show its readers what it cannot reach, but tells nobody.
bool Prober::doubts_itself(const Probe& probe) const {
  return context_.others() >= 2 && context_.last_heard < probe.started && !context_.hears_nobody();
}

std::vector<Slot> Prober::on_deadline() {
  if (next_tick_ <= context_.now) tick();
  std::vector<Slot> silent;
  std::vector<Slot> doubtful;
  for (Probe& probe : probes_) {
    if (context_.now < probe.deadline) continue;
    if (!context_.is_live_still(probe.slot, probe.life)) {
      doubtful.push_back(probe.slot);
    } else if (probe.stage == Stage::direct) {
      ask_helpers(probe);
    } else if (doubts_itself(probe)) {
      context_.health.on_missing_helpers();
      doubtful.push_back(probe.slot);
    } else {
      ++context_.counters.probes_failed;
      silent.push_back(probe.slot);
    }
  }
  for (const Slot slot : silent) forget(slot);
  for (const Slot slot : doubtful) {
    const bool again = context_.table.is_used(slot) && is_live(context_.table.at(slot).state);
    forget(slot);
    if (again) probe(slot);
  }
  return silent;
}

Instant Prober::next_deadline() const {
  Instant earliest = next_tick_;
  for (const Probe& probe : probes_) earliest = std::min(earliest, probe.deadline);
  return earliest;
}

}  // namespace rollcall::core
