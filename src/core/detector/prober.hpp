// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/ping_log.hpp"
#include "core/detector/suspicions.hpp"

namespace rollcall::core {

/// Asks members, one after another, whether they are there, and names those that gave no sign:
/// not to this node, not to its helpers, not over TCP.
///
/// Each member is probed once per interval by the member before it on the ring: an even
/// schedule, so that a silent loss is met after half an interval on average and after one at
/// worst, at the cost of one probe a member and interval. Every few intervals one random member
/// is probed besides, to meet what a fixed neighbour cannot see.
///
/// Order:  direct; unanswered after patience(): k helpers, a TCP probe and a second ping at
///         once; unanswered again: silent.
/// Limits: one probe a member at a time.
/// Source: SWIM, section 3.1, for the helpers; the schedule and the adaptive waits are ours.
class Prober {
 public:
  Prober(Context& context, PingLog& pings, Registrar& registrar, const Suspicions& suspicions)
      : context_(context),
        pings_(pings),
        registrar_(registrar),
        suspicions_(suspicions) {}

  /// A random member is probed besides the neighbour every so many intervals.
  static constexpr unsigned stray_every = 5;
  /// Doubted and suspected members passed over on the way to the neighbour to probe.
  static constexpr std::size_t suspects_passed_max = 8;

  void start();
  void stop();

  /// Probes the next member on the ring that is not in doubt, for one before it is: neighbours
  /// that are lost together are found in one sweep.
  void probe_beyond_suspects();
  /// Probes a member now, whatever the schedule; returns the sequence number of a ping that goes
  /// out at this moment, unless a probe has been under way for longer.
  std::optional<std::uint32_t> probe(Slot slot);
  void on_answer(Slot slot);
  void on_report(Slot slot, wire::Finding finding);
  void on_stream_answer(Slot slot) { on_answer(slot); }
  void forget(Slot slot);
  /// Drops what is pending without a verdict: this node was not there to hear the answers.
  void on_pause();

  /// Runs the schedule; returns the members found silent.
  std::vector<Slot> on_deadline();
  [[nodiscard]] Instant next_deadline() const;

 private:
  enum class Stage : std::uint8_t { direct, indirect };
  struct Probe {
    Slot slot{};
    LifeId life;
    std::uint32_t ping = 0;  // the first one
    Stage stage = Stage::direct;
    Instant started{};
    Instant deadline{};
  };

  void tick();
  /// Those in doubt after this node on the ring, and the first member after them.
  [[nodiscard]] std::vector<Slot> neighbours() const;
  void ask_helpers(Probe& probe);
  [[nodiscard]] std::optional<Slot> pick_sample() const;
  void doubt_own_path(const Probe& probe);
  [[nodiscard]] bool doubts_itself(const Probe& probe) const;

  Context& context_;
  PingLog& pings_;
  Registrar& registrar_;
  const Suspicions& suspicions_;
  std::vector<Probe> probes_;
  Instant next_tick_ = never;
  unsigned ticks_ = 0;
};

}  // namespace rollcall::core
