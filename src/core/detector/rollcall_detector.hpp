// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/detector/crash_checks.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/heartbeats.hpp"
#include "core/detector/prober.hpp"
#include "core/detector/suspicions.hpp"

namespace rollcall::core {

/// Failure detection of profile rollcall: silence noticed by even probing (pingack) or by
/// heartbeats that stand still (gossip), as the cluster's settings say; proof of death, and
/// verdicts by those who looked, with either. Source: PROTOCOL.md, "Failure detection" and
/// "Heartbeats".
class RollcallDetector final : public Detector {
 public:
  RollcallDetector(Context& context, PingLog& pings, Outbox& outbox, Registrar& registrar)
      : context_(context),
        registrar_(registrar),
        suspicions_(context, pings, registrar),
        prober_(context, pings, registrar, suspicions_),
        heartbeats_(context, pings, outbox, suspicions_),
        crash_checks_(context, pings, registrar) {}

  void start() override;
  void stop() override;

  void on_member_changed(Slot slot) override;
  bool on_confirmation(Slot slot, const LifeId& witness) override {
    return suspicions_.add_witness(slot, witness);
  }
  void on_failed_elsewhere(Slot slot) override;

  void on_answer(const SentPing& ping) override;
  void on_other_life(const SentPing& ping) override;
  void on_report(const SentPing& request, wire::Finding finding) override;
  void on_stream_ping(Slot slot, const LifeId& life, StreamPingResult result) override;
  void on_refused(Slot slot) override { crash_checks_.on_refused(slot); }
  void on_stream_ended(Slot slot) override;
  void on_heard(const LifeId& life) override { suspicions_.on_heard(life); }
  void on_heartbeats(const LifeId& sender, const wire::Heartbeats& heard) override {
    heartbeats_.on_heard(sender, heard);
  }
  void answer_heartbeats(const wire::Heartbeats& asked, wire::DatagramWriter& writer) override {
    heartbeats_.answer(asked, writer);
  }
  void on_settings_changed(const ClusterSettings& before) override;
  void on_pause(Duration length) override;

  void on_deadline() override;
  [[nodiscard]] Instant next_deadline() const override;
  [[nodiscard]] std::optional<Duration> time_allowed(Slot slot) const override {
    return suspicions_.time_allowed(slot);
  }
  [[nodiscard]] std::size_t suspicion_count() const override { return suspicions_.told(); }
  [[nodiscard]] std::size_t doubt_count() const override { return suspicions_.doubts(); }

 private:
  void on_sign_of_life(Slot slot);
  void accuse(Slot slot);
  void declare_failed(Slot slot);

  Context& context_;
  Registrar& registrar_;
  Suspicions suspicions_;
  Prober prober_;
  Heartbeats heartbeats_;
  CrashChecks crash_checks_;
};

}  // namespace rollcall::core
