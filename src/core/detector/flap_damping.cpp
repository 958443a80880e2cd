// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/flap_damping.hpp"

#include <algorithm>
#include <cmath>

#include "core/mutants.hpp"

namespace rollcall::core {
namespace {

/// What a flap above the free ones adds to the stretch: the fifth in a row reaches the most.
constexpr double stretch_a_flap = 0.5;

double decayed(const FlapDamping::Peer& peer, Instant now) {
  if (is_mutant(Mutant::flaps_never_forgiven)) return peer.penalty;
  const double half_lives = to_seconds(now - peer.flapped) / to_seconds(FlapDamping::half_life);
  return peer.penalty * std::exp2(-half_lives);
}

double stretch_of(double penalty) {
  const double stretch = 1 + (penalty - FlapDamping::penalty_free) * stretch_a_flap;
  if (is_mutant(Mutant::flaps_never_forgiven)) return std::max(stretch, 1.0);
  return std::clamp(stretch, 1.0, FlapDamping::stretch_max);
}

}  // namespace

const FlapDamping::Peer* FlapDamping::find(std::uint64_t name_hash, Instant now) const {
  const auto at = std::ranges::lower_bound(peers_, name_hash, {}, &Peer::name_hash);
  const bool is_known = at != peers_.end() && at->name_hash == name_hash;
  return is_known && decayed(*at, now) >= penalty_forgotten ? &*at : nullptr;
}

double FlapDamping::penalty(std::uint64_t name_hash, Instant now) const {
  const Peer* const peer = find(name_hash, now);
  return peer == nullptr ? 0 : decayed(*peer, now);
}

double FlapDamping::stretch(std::uint64_t name_hash, Instant now) const {
  return stretch_of(penalty(name_hash, now));
}

Instant FlapDamping::begin_of_suspicion(std::uint64_t name_hash, Instant now) const {
  const Peer* const peer = find(name_hash, now);
  return peer == nullptr ? now : std::max(now, peer->hold_down_until);
}

void FlapDamping::on_flap(std::uint64_t name_hash, Duration budget, Instant now) {
  Peer& peer = make(name_hash, now);
  const double ceiling = is_mutant(Mutant::flaps_never_forgiven) ? 1e6 : penalty_max;
  peer.penalty = std::min(decayed(peer, now) + 1, ceiling);
  peer.flapped = now;
  ++peer.flaps;
  peer.hold_down_until = now + scaled(budget, stretch_of(peer.penalty) - 1);
}

FlapDamping::Peer& FlapDamping::make(std::uint64_t name_hash, Instant now) {
  if (find(name_hash, now) == nullptr) make_room(now);
  const auto at = std::ranges::lower_bound(peers_, name_hash, {}, &Peer::name_hash);
  if (at != peers_.end() && at->name_hash == name_hash) return *at;
  return *peers_.insert(at, {.name_hash = name_hash, .flapped = now});
}

void FlapDamping::make_room(Instant now) {
  std::erase_if(peers_, [&](const Peer& peer) { return decayed(peer, now) < penalty_forgotten; });
  if (peers_.size() < entries_max) return;
  peers_.erase(
      std::ranges::min_element(peers_, {}, [&](const Peer& peer) { return decayed(peer, now); }));
}

}  // namespace rollcall::core
