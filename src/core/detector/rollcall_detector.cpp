// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/rollcall_detector.hpp"

#include <algorithm>
#include <vector>

#include "core/mutants.hpp"

namespace rollcall::core {

void RollcallDetector::start() {
  if (context_.config.detector == DetectorKind::gossip) {
    heartbeats_.start();
  } else {
    prober_.start();
  }
}

void RollcallDetector::stop() {
  prober_.stop();
  heartbeats_.stop();
  suspicions_.clear();
  crash_checks_.clear();
}

/// Nobody is judged by a time that began under other rules: what is under way begins anew.
void RollcallDetector::on_settings_changed(const ClusterSettings& before) {
  const ClusterSettings& now = context_.config;
  const bool is_switched = now.detector != before.detector;
  const bool is_retimed =
      now.probe_interval != before.probe_interval || now.gossip_interval != before.gossip_interval;
  if (is_switched || is_retimed) {
    prober_.stop();
    heartbeats_.stop();
    start();
  }
  const bool are_judged_otherwise = is_switched ||
                                    now.suspicion_enabled != before.suspicion_enabled ||
                                    now.suspicion_time != before.suspicion_time;
  if (are_judged_otherwise && !is_mutant(Mutant::switch_keeps_timers)) suspicions_.begin_anew();
}

void RollcallDetector::on_member_changed(Slot slot) {
  crash_checks_.close(slot);
  heartbeats_.on_member_changed(slot);
  const bool is_known = context_.table.is_used(slot);
  if (is_known && context_.table.at(slot).state == State::suspect) {
    suspicions_.open(slot, SuspicionCause::suspected, context_.table.at(slot).witness);
    return;
  }
  if (!is_mutant(Mutant::suspicion_not_closed)) suspicions_.close(slot);
  prober_.forget(slot);
}

void RollcallDetector::on_failed_elsewhere(Slot slot) {
  suspicions_.open(slot, SuspicionCause::failed_elsewhere, context_.table.at(slot).witness);
}

void RollcallDetector::on_sign_of_life(Slot slot) {
  prober_.on_answer(slot);
  heartbeats_.on_sign_of_life(slot);
  suspicions_.on_answer(slot);
  crash_checks_.close(slot);
}

void RollcallDetector::on_answer(const SentPing& ping) {
  if (ping.slot && context_.is_live_still(*ping.slot, ping.target)) on_sign_of_life(*ping.slot);
}

void RollcallDetector::on_other_life(const SentPing& ping) {
  if (ping.slot && context_.is_live_still(*ping.slot, ping.target)) {
    crash_checks_.on_refused(*ping.slot);
  }
}

void RollcallDetector::on_report(const SentPing& request, wire::Finding finding) {
  if (!request.slot || !context_.is_live_still(*request.slot, request.target)) return;
  switch (finding) {
    case wire::Finding::answered:
      return prober_.on_report(*request.slot, finding);
    case wire::Finding::silent:
      return;
    case wire::Finding::refused:
    case wire::Finding::other_life:
      return crash_checks_.on_helper_refused(*request.slot, request.address);
  }
}

void RollcallDetector::on_stream_ping(Slot slot, const LifeId& life, StreamPingResult result) {
  if (!context_.is_live_still(slot, life)) return;
  switch (result) {
    case StreamPingResult::answered:
      return on_sign_of_life(slot);
    case StreamPingResult::silent:
      return;
    case StreamPingResult::refused:
    case StreamPingResult::other_life:
      return crash_checks_.on_stream_refused(slot);
  }
}

void RollcallDetector::on_stream_ended(Slot slot) {
  if (is_mutant(Mutant::closed_stream_is_death)) return declare_failed(slot);
  crash_checks_.look_at(slot);
}

void RollcallDetector::on_pause(Duration length) {
  prober_.on_pause();
  heartbeats_.on_pause(length);
  suspicions_.on_pause(length);
  crash_checks_.clear();
  context_.path.on_pause();
}

void RollcallDetector::accuse(Slot slot) {
  if (!context_.config.suspicion_enabled) {
    suspicions_.open(slot, SuspicionCause::silent, context_.self_record().life.id);
    return;
  }
  if (is_mutant(Mutant::suspicion_skipped)) return declare_failed(slot);
  suspicions_.open(slot, SuspicionCause::doubted, context_.self_record().life.id);
}

void RollcallDetector::declare_failed(Slot slot) {
  registrar_.learn(own_finding(context_, slot, State::failed), Provenance::own);
}

void RollcallDetector::on_deadline() {
  for (const Slot slot : crash_checks_.on_deadline()) prober_.probe(slot);
  const std::vector<Slot> silent = prober_.on_deadline();
  for (const Slot slot : silent) accuse(slot);
  if (!silent.empty() && !heartbeats_.is_running()) prober_.probe_beyond_suspects();
  for (const Slot slot : heartbeats_.on_deadline()) accuse(slot);
  suspicions_.on_deadline();
}

Instant RollcallDetector::next_deadline() const {
  return std::min({prober_.next_deadline(), heartbeats_.next_deadline(),
                   suspicions_.next_deadline(), crash_checks_.next_deadline()});
}

}  // namespace rollcall::core
