// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/swim_detector.hpp"

#include <algorithm>
#include <cmath>

namespace rollcall::core {
namespace {

using Targets = SwimTuning::Targets;
using HealthProbe = SwimTuning::HealthProbe;

/// The intervals that the shortest suspicion grows by, before its multiplier.
double growth(SwimTuning::Growth rule, std::size_t members) {
  const double n = std::max(1.0, static_cast<double>(members));
  return rule == SwimTuning::Growth::rounds ? std::ceil(std::log(n + 1))
                                            : std::max(1.0, std::log10(n));
}

wire::Update accusation(const Record& record, State state, const LifeId& witness) {
  wire::Update update = to_update(record);
  update.has_tags = false;
  update.state = state;
  update.age = wire::Age::news;
  update.witness = witness;
  return update;
}

}  // namespace

void SwimDetector::start() {
  stop();
  const Duration interval = context_.config.probe_interval;
  const bool is_aligned = tuning().phases == SwimTuning::Phases::aligned;
  next_probe_ =
      context_.now + (is_aligned ? interval : context_.prng.between(Duration::zero(), interval));
}

void SwimDetector::stop() {
  order_.clear();
  next_in_order_ = 0;
  probe_.reset();
  next_probe_ = never;
  suspicions_.clear();
}

void SwimDetector::on_member_changed(Slot slot) {
  std::erase_if(suspicions_, [&](const Suspicion& suspicion) { return suspicion.slot == slot; });
  if (!context_.table.is_used(slot)) return;
  const Record& record = context_.table.at(slot);
  if (is_live(record.state)) put_in_order(slot);
  if (record.state == State::suspect) open_suspicion(slot);
}

/// A new member goes to a random place in the rest of the round (SWIM, section 4.3).
void SwimDetector::put_in_order(Slot slot) {
  if (tuning().targets == Targets::random || context_.is_self(slot)) return;
  if (std::ranges::find(order_, slot) != order_.end()) return;
  const std::size_t place =
      next_in_order_ + context_.prng.below(order_.size() - next_in_order_ + 1);
  order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place), slot);
}

void SwimDetector::open_suspicion(Slot slot) {
  const Record& record = context_.table.at(slot);
  const Duration shortest =
      scaled(context_.config.probe_interval,
             tuning().suspicion_multiplier * growth(tuning().growth, context_.table.live_count()));
  const std::size_t possible = context_.others() > 0 ? context_.others() - 1 : 0;
  const std::size_t expected = tuning().confirmations;
  Suspicion suspicion{.slot = slot,
                      .life = record.life.id,
                      .began = context_.now,
                      .shortest = shortest,
                      .expected = possible < expected ? 0 : expected};
  suspicion.witnesses.add(record.witness);
  suspicions_.push_back(std::move(suspicion));
}

bool SwimDetector::on_confirmation(Slot slot, const LifeId& witness) {
  const auto suspicion = std::ranges::find(suspicions_, slot, &Suspicion::slot);
  if (suspicion == suspicions_.end()) return false;
  if (suspicion->witnesses.size() > suspicion->expected) return false;
  return suspicion->witnesses.add(witness);
}

void SwimDetector::on_failed_elsewhere(Slot slot) {
  const Record& record = context_.table.at(slot);
  if (record.state != State::alive) return;
  registrar_.learn(accusation(record, State::suspect, record.witness), Provenance::own);
}

void SwimDetector::on_answer(const SentPing& ping) {
  if (probe_ && ping.slot == probe_->slot && ping.target == probe_->life) {
    probe_->answered = true;
  }
}

void SwimDetector::on_report(const SentPing& request, wire::Finding finding) {
  if (!probe_ || request.slot != probe_->slot || request.target != probe_->life) return;
  if (finding == wire::Finding::answered) {
    probe_->answered = true;
  } else {
    ++probe_->nacks;
  }
}

void SwimDetector::on_stream_ping(Slot slot, const LifeId& life, StreamPingResult result) {
  if (probe_ && probe_->slot == slot && probe_->life == life &&
      result == StreamPingResult::answered) {
    probe_->answered = true;
  }
}

std::optional<Slot> SwimDetector::next_target() {
  if (tuning().targets == Targets::random) {
    const auto picked = context_.pick_live(1, [](Slot) { return true; });
    return picked.empty() ? std::nullopt : std::optional(picked.front());
  }
  for (std::size_t tries = 0; tries <= context_.table.size() + 1; ++tries) {
    if (next_in_order_ >= order_.size()) {
      order_.assign(context_.table.live().begin(), context_.table.live().end());
      std::erase(order_, context_.self);
      context_.prng.shuffle(std::span(order_));
      next_in_order_ = 0;
      if (order_.empty()) return std::nullopt;
    }
    const Slot slot = order_[next_in_order_++];
    if (context_.table.is_used(slot) && is_live(context_.table.at(slot).state)) return slot;
  }
  return std::nullopt;
}

/// Ticks that a probe outlasted come as one, when it ends; the next keeps the old step.
Instant SwimDetector::tick_after(Instant moment) const {
  const Duration interval = context_.config.probe_interval;
  return next_probe_ + ((moment - next_probe_) / interval + 1) * interval;
}

void SwimDetector::begin_probe(Instant begun) {
  const bool is_stretched = tuning().health_probe != HealthProbe::off;
  const auto scale = is_stretched ? context_.health.misses() + 1 : 1U;
  const bool stretches_timeout = tuning().health_probe == HealthProbe::interval_and_timeout;
  const Duration timeout = context_.config.probe_timeout * (stretches_timeout ? scale : 1U);
  next_probe_ = tick_after(begun);
  const auto target = next_target();
  if (!target) return;
  ++context_.counters.probes;
  pings_.ping(*target, PingPurpose::probe);
  probe_ = {.slot = *target,
            .life = context_.table.at(*target).life.id,
            .timeout = timeout,
            .indirect_at = begun + timeout,
            .ends = begun + context_.config.probe_interval * scale};
}

void SwimDetector::ask_helpers() {
  probe_->stage = Stage::indirect;
  if (probe_->answered || !context_.is_live_still(probe_->slot, probe_->life)) return;
  const auto helpers = context_.pick_live(context_.config.indirect_probes, [this](Slot slot) {
    return slot != probe_->slot && context_.table.at(slot).state == State::alive;
  });
  probe_->helpers = helpers.size();
  for (const Slot helper : helpers) {
    pings_.ask(helper, probe_->slot, probe_->timeout);
  }
  // A node that was stopped may come here when the probe's time is over.
  const Duration left = probe_->ends - context_.now;
  if (tuning().stream_probe && left > Duration::zero()) registrar_.stream_ping(probe_->slot, left);
}

void SwimDetector::end_probe() {
  const Probe probe = *probe_;
  probe_.reset();
  if (probe.answered) {
    context_.health.on_success();
    return;
  }
  if (!context_.is_live_still(probe.slot, probe.life)) return;
  ++context_.counters.probes_failed;
  note_failed_probe(probe);
  const Record& record = context_.table.at(probe.slot);
  const LifeId& self = context_.self_record().life.id;
  const State state = context_.config.suspicion_enabled ? State::suspect : State::failed;
  registrar_.learn(accusation(record, state, self), Provenance::own);
}

/// The paper counts a failed probe, and each helper that was asked and said nothing. memberlist
/// counts these helpers alone, and the probe only where there was none to ask.
void SwimDetector::note_failed_probe(const Probe& probe) {
  const std::size_t missed = probe.helpers - std::min(probe.nacks, probe.helpers);
  const bool counts_probe =
      probe.helpers == 0 || tuning().health_probe == HealthProbe::interval_and_timeout;
  for (std::size_t i = 0; i < missed + (counts_probe ? 1 : 0); ++i) {
    context_.health.on_missing_helpers();
  }
}

void SwimDetector::end_probe_if_over() {
  if (!probe_) return;
  if (probe_->stage == Stage::direct && probe_->indirect_at <= context_.now) ask_helpers();
  const bool is_over =
      probe_->ends <= context_.now || (probe_->answered && next_probe_ <= context_.now);
  if (is_over) end_probe();
}

void SwimDetector::on_pause(Duration) {
  if (tuning().stall != SwimTuning::Stall::blocked) return;
  pass_verdicts();
  end_probe_if_over();
  // The probe that was due first was stuck in sending; its time ran all the same.
  if (!probe_ && next_probe_ <= context_.now) begin_probe(next_probe_);
  end_probe_if_over();
}

Instant SwimDetector::deadline_of(const Suspicion& suspicion) const {
  const std::size_t confirmations =
      suspicion.witnesses.size() > 0 ? suspicion.witnesses.size() - 1 : 0;
  const Duration longest = scaled(suspicion.shortest, tuning().suspicion_max_multiplier);
  return suspicion.began +
         suspicion_timeout(suspicion.shortest, longest, confirmations, suspicion.expected);
}

void SwimDetector::on_deadline() {
  end_probe_if_over();
  if (!probe_ && next_probe_ <= context_.now) begin_probe(context_.now);
  pass_verdicts();
}

void SwimDetector::pass_verdicts() {
  std::vector<Slot> expired;
  for (const Suspicion& suspicion : suspicions_) {
    if (deadline_of(suspicion) <= context_.now) expired.push_back(suspicion.slot);
  }
  for (const Slot slot : expired) {
    const LifeId& self = context_.self_record().life.id;
    registrar_.learn(accusation(context_.table.at(slot), State::failed, self), Provenance::own);
  }
}

Instant SwimDetector::next_deadline() const {
  Instant earliest = next_probe_;
  // An unanswered probe puts the next one off until it ends.
  if (probe_ && !probe_->answered) {
    earliest = probe_->stage == Stage::direct ? probe_->indirect_at : probe_->ends;
  }
  for (const Suspicion& suspicion : suspicions_) {
    earliest = std::min(earliest, deadline_of(suspicion));
  }
  return earliest;
}

}  // namespace rollcall::core
