// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/suspicions.hpp"

#include <algorithm>

#include "core/mutants.hpp"

namespace rollcall::core {
namespace {

/// Looks in one pause budget; more make one answer of many likelier, at the cost of packets.
constexpr int looks_per_budget = 20;
constexpr Duration look_interval_min = std::chrono::milliseconds(20);
/// The longest time allowed, with no confirmation, in pause budgets.
constexpr int budgets_max = 3;

Duration stretched(Duration time, double stretch) {
  return stretch == 1 ? time : scaled(time, stretch);
}

}  // namespace

bool Suspicions::is_ring_judge(Slot slot) const {
  const std::vector<Slot> judges = context_.ring_judges_of(slot);
  return std::ranges::find(judges, context_.self) != judges.end();
}

std::size_t Suspicions::confirmations_possible() const {
  const std::size_t others = context_.others();
  return std::min(confirmations_expected, others > 0 ? others - 1 : 0);
}

Duration Suspicions::look_interval() const {
  return std::max(
      {context_.pause_budget() / looks_per_budget, 2 * context_.rtt.mean(), look_interval_min});
}

void Suspicions::open(Slot slot, SuspicionCause cause, const LifeId& witness) {
  const auto open_already = std::ranges::find(list_, slot, &Suspicion::slot);
  if (open_already != list_.end()) return add_cause(*open_already, cause, witness);
  const bool is_own = witness == context_.self_record().life.id;
  const Duration budget = context_.pause_budget();
  Suspicion suspicion{.slot = slot,
                      .life = context_.table.at(slot).life.id,
                      .cause = cause,
                      .since = context_.now,
                      .has_confirmed = is_own};
  damp(suspicion);
  suspicion.fallback = suspicion.since + stretched(2 * budget, suspicion.stretch) +
                       context_.prng.between(Duration::zero(), 2 * budget);
  const bool judges = is_own || cause != SuspicionCause::suspected || is_ring_judge(slot);
  suspicion.role = judges ? Role::judge : Role::listener;
  // The accuser looks at once; the others spread their first looks.
  suspicion.next_look =
      context_.now +
      (is_own ? Duration::zero() : context_.prng.between(Duration::zero(), look_interval()));
  suspicion.witnesses.add(witness);
  list_.push_back(std::move(suspicion));
}

/// A peer that has flapped is given time. Not where others have given it already, nor where the
/// cluster wants no suspicions.
void Suspicions::damp(Suspicion& suspicion) {
  const bool is_damped =
      suspicion.cause == SuspicionCause::doubted || suspicion.cause == SuspicionCause::suspected;
  if (!is_damped) return;
  const std::uint64_t name = context_.table.name_hash(suspicion.slot);
  suspicion.stretch = context_.flaps.stretch(name, context_.now);
  suspicion.since = context_.flaps.begin_of_suspicion(name, context_.now);
}

bool Suspicions::contains(Slot slot) const {
  return std::ranges::find(list_, slot, &Suspicion::slot) != list_.end();
}

bool Suspicions::add_witness(Slot slot, const LifeId& witness) {
  const auto suspicion = std::ranges::find(list_, slot, &Suspicion::slot);
  if (suspicion == list_.end()) return false;
  const bool is_new = suspicion->witnesses.add(witness);
  return is_new && suspicion->witnesses.size() <= confirmations_expected + 1;
}

void Suspicions::add_cause(Suspicion& suspicion, SuspicionCause cause, const LifeId& witness) {
  suspicion.witnesses.add(witness);
  if (cause == SuspicionCause::failed_elsewhere) look_now(suspicion);
  if (cause != SuspicionCause::suspected || suspicion.cause != SuspicionCause::doubted) return;
  suspicion.cause = SuspicionCause::suspected;
  suspicion.has_confirmed = witness == context_.self_record().life.id;
}

/// Others have passed their verdict, so there is none to wait for: it looks itself.
void Suspicions::look_now(Suspicion& suspicion) {
  suspicion.cause = SuspicionCause::failed_elsewhere;
  if (suspicion.role == Role::judge) return;
  suspicion.role = Role::judge;
  suspicion.since = context_.now;
  suspicion.next_look = context_.now;
}

void Suspicions::close(Slot slot) {
  std::erase_if(list_, [&](const Suspicion& suspicion) { return suspicion.slot == slot; });
}

void Suspicions::on_answer(Slot slot) {
  const auto suspicion = std::ranges::find(list_, slot, &Suspicion::slot);
  if (suspicion == list_.end()) return;
  suspicion->since = context_.now;
  suspicion->silent_looks = 0;
  // Silence was all there was against it, and nobody was told; a member that was accused, or that
  // others failed, must still hear of it.
  const bool is_told = suspicion->cause == SuspicionCause::suspected ||
                       suspicion->cause == SuspicionCause::failed_elsewhere;
  if (!is_told) close(slot);
}

void Suspicions::on_heard(const LifeId& life) {
  const auto suspicion = std::ranges::find(list_, life, &Suspicion::life);
  if (suspicion != list_.end()) suspicion->last_heard = context_.now;
}

void Suspicions::begin_anew() {
  const Duration budget = context_.pause_budget();
  for (Suspicion& suspicion : list_) {
    suspicion.since = context_.now;
    suspicion.fallback = context_.now + stretched(2 * budget, suspicion.stretch) +
                         context_.prng.between(Duration::zero(), 2 * budget);
    suspicion.silent_looks = 0;
    suspicion.next_look = context_.now + context_.prng.between(Duration::zero(), look_interval());
    const bool is_told = suspicion.cause == SuspicionCause::suspected ||
                         suspicion.cause == SuspicionCause::failed_elsewhere;
    if (is_told) continue;
    suspicion.cause =
        context_.config.suspicion_enabled ? SuspicionCause::doubted : SuspicionCause::silent;
  }
}

void Suspicions::on_pause(Duration length) {
  for (Suspicion& suspicion : list_) {
    const Instant prolonged = std::min(suspicion.since + length, context_.now);
    suspicion.since = std::max(suspicion.since, prolonged);  // which a hold-down may have put off
    suspicion.fallback += length;
    suspicion.silent_looks = 0;
    suspicion.next_look = context_.now;
  }
}

Duration Suspicions::time_allowed(const Suspicion& suspicion) const {
  if (suspicion.cause == SuspicionCause::silent) return Duration::zero();
  if (is_mutant(Mutant::pause_budget_ignored)) return Duration::zero();
  const Duration shortest =
      context_.pause_budget() + context_.pause_budget() * context_.health.slowness() / 4;
  if (suspicion.cause == SuspicionCause::failed_elsewhere) return shortest;
  const std::size_t others = suspicion.witnesses.count_besides(context_.self_record().life.id);
  const Duration damped = stretched(shortest, suspicion.stretch);
  return suspicion_timeout(damped, budgets_max * damped, others, confirmations_possible());
}

std::optional<Duration> Suspicions::time_allowed(Slot slot) const {
  const auto suspicion = std::ranges::find(list_, slot, &Suspicion::slot);
  if (suspicion == list_.end()) return std::nullopt;
  return time_allowed(*suspicion);
}

Instant Suspicions::verdict_at(const Suspicion& suspicion) const {
  const Instant looked_enough = suspicion.last_look + context_.patience(suspicion.slot);
  return std::max(suspicion.since + time_allowed(suspicion), looked_enough);
}

/// The time allowed is over: looking on would put the verdict off for ever where an answer may
/// take longer than the next look.
bool Suspicions::awaits_last_answer(const Suspicion& suspicion) const {
  return suspicion.silent_looks >= looks_needed(suspicion) &&
         context_.now >= suspicion.since + time_allowed(suspicion) &&
         context_.now < suspicion.last_look + context_.patience(suspicion.slot);
}

void Suspicions::look(Suspicion& suspicion) {
  if (!is_mutant(Mutant::suspects_not_looked_at)) {
    pings_.ping(suspicion.slot, PingPurpose::probe);
  }
  if (context_.now + look_interval() * 5 / 4 >= suspicion.since + time_allowed(suspicion)) {
    ask_controls(suspicion.slot);
  }
  suspicion.last_look = context_.now;
  ++suspicion.silent_looks;
  // One that can neither be failed nor refutes is not hammered for ever.
  const Duration longest = stretched(budgets_max * context_.pause_budget(), suspicion.stretch);
  const bool is_old = context_.now > suspicion.since + 2 * longest;
  const Duration interval = is_old ? context_.config.probe_interval : look_interval();
  suspicion.next_look = context_.now + context_.prng.between(interval * 3 / 4, interval * 5 / 4);
}

void Suspicions::ask_controls(Slot suspect) {
  if (context_.others() < 2) return pings_.echo();
  const auto others = context_.pick_live(controls, [&](Slot slot) {
    return slot != suspect && context_.table.at(slot).state == State::alive;
  });
  for (const Slot slot : others) {
    const std::uint32_t ping = pings_.ping(slot, PingPurpose::sample);
    // What is needed for a verdict is also what there is to learn from: one whose own path was cut
    // for long could pass none for as long again. One in doubt would tell of the other side.
    if (!contains(slot)) pings_.count_as_sample(ping);
  }
}

void Suspicions::speak(Suspicion& suspicion) {
  if (is_accusable(suspicion)) {
    wire::Update accusation = own_finding(context_, suspicion.slot, State::suspect);
    if (is_mutant(Mutant::accuser_raises_incarnation)) ++accusation.incarnation;
    registrar_.learn(accusation, Provenance::own);
  } else if (suspicion.cause == SuspicionCause::suspected) {
    maybe_confirm(suspicion);
  }
}

bool Suspicions::is_accusable(const Suspicion& suspicion) const {
  if (suspicion.cause != SuspicionCause::doubted) return false;
  if (suspicion.silent_looks <= looks_for_confirmation) return false;
  if (context_.now < suspicion.since) return false;  // held down
  return suspicion.silent_looks > looks_for_accusation ||
         context_.now >= suspicion.since + context_.pause_budget() / doubts_per_budget;
}

/// A judge that sees nothing either says so, once: it makes the time shorter for all.
void Suspicions::maybe_confirm(Suspicion& suspicion) {
  if (suspicion.has_confirmed) return;
  if (suspicion.silent_looks <= looks_for_confirmation) return;
  suspicion.has_confirmed = true;
  if (suspicion.witnesses.size() > confirmations_expected) return;
  if (context_.hears_nobody()) return;
  suspicion.witnesses.add(context_.self_record().life.id);
  registrar_.confirm(suspicion.slot);
}

bool Suspicions::has_failed(const Suspicion& suspicion) const {
  if (suspicion.role != Role::judge || suspicion.cause == SuspicionCause::doubted) return false;
  if (suspicion.silent_looks < looks_needed(suspicion)) return false;
  if (context_.now < verdict_at(suspicion)) return false;
  if (is_mutant(Mutant::deaf_member_judges)) return true;
  // Whom nobody answers, or hardly anybody, may have lost its own network: it buries nobody.
  if (context_.others() < 2) return hears_itself_since(suspicion.last_look);
  return context_.last_answered > suspicion.last_look && context_.path.may_judge(context_.now);
}

/// With nobody else to ask, a node asks itself: if not even that arrives, it is its own input that
/// waits. Where that has never arrived, as behind a translating router, it says nothing.
bool Suspicions::hears_itself_since(Instant time) const {
  return !context_.last_heard_itself || *context_.last_heard_itself >= time;
}

/// One that spoke all the time that it was silent to every look does not hear.
wire::Update Suspicions::verdict_on(const Suspicion& suspicion) const {
  wire::Update verdict = own_finding(context_, suspicion.slot, State::failed);
  verdict.unfit =
      suspicion.last_heard > suspicion.since + context_.pause_budget() / doubts_per_budget;
  return verdict;
}

void Suspicions::on_deadline() {
  std::erase_if(list_, [this](const Suspicion& suspicion) {
    return !context_.is_live_still(suspicion.slot, suspicion.life);
  });
  std::vector<wire::Update> failed;
  for (Suspicion& suspicion : list_) {
    if (suspicion.role == Role::listener) {
      if (context_.now < suspicion.fallback) continue;
      // It has only waited so far: its own looking takes the full time.
      suspicion.role = Role::judge;
      suspicion.since = context_.now;
      suspicion.next_look = context_.now;
    }
    if (has_failed(suspicion)) {
      failed.push_back(verdict_on(suspicion));
    } else if (suspicion.next_look <= context_.now && !awaits_last_answer(suspicion)) {
      look(suspicion);
      speak(suspicion);
    }
  }
  for (const wire::Update& verdict : failed) registrar_.learn(verdict, Provenance::own);
}

Instant Suspicions::deadline_of(const Suspicion& suspicion) const {
  if (suspicion.role == Role::listener) return suspicion.fallback;
  if (has_failed(suspicion)) return context_.now;
  if (awaits_last_answer(suspicion)) {
    return suspicion.last_look + context_.patience(suspicion.slot);
  }
  const Instant verdict = verdict_at(suspicion);
  const bool is_held_back =
      suspicion.silent_looks < looks_needed(suspicion) || verdict <= context_.now;
  return is_held_back ? suspicion.next_look : std::min(suspicion.next_look, verdict);
}

Instant Suspicions::next_deadline() const {
  Instant earliest = never;
  for (const Suspicion& suspicion : list_) {
    earliest = std::min(earliest, deadline_of(suspicion));
  }
  return earliest;
}

}  // namespace rollcall::core
