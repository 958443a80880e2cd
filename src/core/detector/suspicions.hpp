// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/ping_log.hpp"
#include "core/detector/suspicion.hpp"

namespace rollcall::core {

/// Why a member is under suspicion here.
enum class SuspicionCause : std::uint8_t {
  doubted,           // a probe found it silent; nobody has been told
  suspected,         // its record says so, by whomever
  failed_elsewhere,  // others hold it for failed; here it is live
  silent             // silent, in a cluster that has suspicion switched off
};

/// Doubted and suspected members, until each answers, refutes or fails.
///
/// Whom a probe finds silent is doubted first: this node looks on by itself for a quarter of the
/// pause budget before it tells anybody. The time allowed runs meanwhile, so a verdict comes no
/// later for it; and under loss, where one probe in fifty may find nobody, nearly every doubt
/// ends with an answer and costs the others nothing.
///
/// Nobody is failed on hearsay: only judges pass a verdict, and a judge is a member that has
/// kept looking itself, many times, and saw nothing. Judges are whoever accused first and the
/// few members before the suspect on the ring; everybody else listens, and becomes a judge only
/// if no verdict comes in a long time. Under loss one answer of many settles the matter, so the
/// time allowed need only cover the pause that is tolerated.
///
/// A member that flaps is given more time, and no accusation follows at once upon the last that it
/// refuted (FlapDamping).
///
/// Limits: one suspicion a member.
/// Source: Lifeguard for the shrinking time-out; looking instead of waiting is ours
///         (PROTOCOL.md, "Failure detection").
class Suspicions {
 public:
  /// Looks that must have stayed unanswered before a verdict, and before an own accusation.
  static constexpr unsigned looks_for_verdict = 3;
  /// With suspicion switched off, where no time passes in which one answer could settle it.
  static constexpr unsigned looks_at_once = 6;
  static constexpr unsigned looks_for_confirmation = 2;
  /// Looks, and the share of the pause budget, after which a doubt is told: whichever is first.
  static constexpr unsigned looks_for_accusation = 5;
  static constexpr int doubts_per_budget = 4;
  /// Independent accusers, besides the judge, that make the time-out the pause budget itself.
  static constexpr std::size_t confirmations_expected = 2;
  /// Members asked beside the last look at a suspect, to see that answers arrive at all.
  static constexpr std::size_t controls = 2;

  Suspicions(Context& context, PingLog& pings, Registrar& registrar)
      : context_(context),
        pings_(pings),
        registrar_(registrar) {}

  void open(Slot slot, SuspicionCause cause, const LifeId& witness);
  /// True if the witness is new and there are still fewer than count.
  bool add_witness(Slot slot, const LifeId& witness);
  void close(Slot slot);
  void clear() { list_.clear(); }
  [[nodiscard]] bool contains(Slot slot) const;
  /// Members that are under more than a doubt.
  [[nodiscard]] std::size_t told() const { return list_.size() - doubts(); }
  [[nodiscard]] std::size_t doubts() const {
    return static_cast<std::size_t>(
        std::ranges::count(list_, SuspicionCause::doubted, &Suspicion::cause));
  }

  /// How long a member that is doubted or suspected may stay silent, as things are now.
  [[nodiscard]] std::optional<Duration> time_allowed(Slot slot) const;

  /// The member answered: it runs. Once accused, it is for the member itself to refute.
  void on_answer(Slot slot);
  /// A datagram of some life arrived, whatever it says.
  void on_heard(const LifeId& life);
  /// Other rules are in force: every time begins now, and no look of before counts.
  void begin_anew();
  /// This node did not run: the time does not count, nor do looks whose answers it missed.
  void on_pause(Duration length);

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;

 private:
  enum class Role : std::uint8_t { listener, judge };
  struct Suspicion {
    Slot slot{};
    LifeId life;
    SuspicionCause cause{};
    Role role = Role::listener;
    Witnesses witnesses{};
    /// The time allowed runs from here: the beginning, or the last sign of life.
    Instant since{};
    /// When a listener stops waiting for others' verdict.
    Instant fallback{};
    Instant next_look{};
    Instant last_look{};
    /// When the suspect itself was last heard, though it did not answer.
    Instant last_heard{};
    unsigned silent_looks = 0;
    bool has_confirmed = false;
    /// By how much its time is longer because the member has flapped.
    double stretch = 1;
  };

  void damp(Suspicion& suspicion);
  [[nodiscard]] bool is_ring_judge(Slot slot) const;
  [[nodiscard]] wire::Update verdict_on(const Suspicion& suspicion) const;
  [[nodiscard]] std::size_t confirmations_possible() const;
  [[nodiscard]] Duration look_interval() const;
  [[nodiscard]] Duration time_allowed(const Suspicion& suspicion) const;
  [[nodiscard]] static unsigned looks_needed(const Suspicion& suspicion) {
    return suspicion.cause == SuspicionCause::silent ? looks_at_once : looks_for_verdict;
  }
  [[nodiscard]] Instant verdict_at(const Suspicion& suspicion) const;
  [[nodiscard]] Instant deadline_of(const Suspicion& suspicion) const;
  [[nodiscard]] bool awaits_last_answer(const Suspicion& suspicion) const;
  void add_cause(Suspicion& suspicion, SuspicionCause cause, const LifeId& witness);
  void look_now(Suspicion& suspicion);
  void look(Suspicion& suspicion);
  void ask_controls(Slot suspect);
  void speak(Suspicion& suspicion);
  void maybe_confirm(Suspicion& suspicion);
  [[nodiscard]] bool is_accusable(const Suspicion& suspicion) const;
  [[nodiscard]] bool hears_itself_since(Instant time) const;
  [[nodiscard]] bool has_failed(const Suspicion& suspicion) const;

  Context& context_;
  PingLog& pings_;
  Registrar& registrar_;
  std::vector<Suspicion> list_;
};

}  // namespace rollcall::core
