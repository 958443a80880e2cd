// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "core/detector/detector.hpp"
#include "core/detector/suspicion.hpp"

namespace rollcall::core {

/// Ping/ack failure detection as published, for comparison: SWIM with Lifeguard. SwimTuning
/// chooses among the published variants; what its defaults give is this:
///
/// A shuffled round robin, one target an interval; verdict at the interval's end (times
/// 1 + misses: a bad local health stretches the wait of a probe that has no answer, and an
/// answered one is followed at the next interval, as in memberlist); suspicion from 4·max(1, log10
/// n) intervals up to six times that, shrinking with two independent confirmations, on a timer of
/// every member that has heard of it.
///
/// Source: Das, Gupta, Motivala, "SWIM", DSN 2002; Dadgar, Phillips, Currey, "Lifeguard", 2018.
class SwimDetector final : public Detector {
 public:
  SwimDetector(Context& context, PingLog& pings, Registrar& registrar)
      : context_(context),
        pings_(pings),
        registrar_(registrar) {}

  void start() override;
  void stop() override;

  void on_member_changed(Slot slot) override;
  bool on_confirmation(Slot slot, const LifeId& witness) override;
  /// A failure found by comparison counts as an accusation, as published implementations do.
  void on_failed_elsewhere(Slot slot) override;

  void on_answer(const SentPing& ping) override;
  void on_other_life(const SentPing&) override {}
  void on_report(const SentPing& request, wire::Finding finding) override;
  void on_stream_ping(Slot slot, const LifeId& life, StreamPingResult result) override;
  void on_refused(Slot) override {}
  void on_stream_ended(Slot) override {}
  /// With Stall::blocked, what ran out meanwhile has done so before what waited is read.
  void on_pause(Duration length) override;

  void on_deadline() override;
  [[nodiscard]] Instant next_deadline() const override;

 private:
  enum class Stage : std::uint8_t { direct, indirect };
  struct Probe {
    Slot slot{};
    LifeId life;
    Stage stage = Stage::direct;
    Duration timeout{};
    Instant indirect_at{};
    Instant ends{};
    std::size_t helpers = 0;
    std::size_t nacks = 0;
    bool answered = false;
  };
  struct Suspicion {
    Slot slot{};
    LifeId life;
    Instant began{};
    Witnesses witnesses{};
    Duration shortest{};
    std::size_t expected = 0;
  };

  [[nodiscard]] const SwimTuning& tuning() const { return context_.config.swim; }
  void put_in_order(Slot slot);
  void open_suspicion(Slot slot);
  [[nodiscard]] Instant tick_after(Instant moment) const;
  /// A probe that counts from a moment which may have passed.
  void begin_probe(Instant begun);
  void ask_helpers();
  void end_probe();
  void end_probe_if_over();
  void note_failed_probe(const Probe& probe);
  void pass_verdicts();
  std::optional<Slot> next_target();
  [[nodiscard]] Instant deadline_of(const Suspicion& suspicion) const;

  Context& context_;
  PingLog& pings_;
  Registrar& registrar_;
  std::vector<Slot> order_;
  std::size_t next_in_order_ = 0;
  std::optional<Probe> probe_;
  Instant next_probe_ = never;
  std::vector<Suspicion> suspicions_;
};

}  // namespace rollcall::core
