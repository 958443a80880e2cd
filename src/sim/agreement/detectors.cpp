// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/detectors.hpp"

#include <algorithm>

namespace rollcall::sim::agreement {

using consensus::Peer;
using consensus::Peers;

Detectors::Detectors(std::size_t members, std::uint64_t seed)
    : members_(members),
      prng_(seed),
      pairs_(members * members),
      told_(members) {}

void Detectors::accuse(std::size_t observer, std::size_t subject, Instant until) {
  at(observer, subject).accused_until = until;
}

void Detectors::acquit_all() {
  for (Pair& pair : pairs_) pair.accused_until = Instant{};
}

void Detectors::forget(std::size_t observer) {
  for (std::size_t subject = 0; subject < members_; ++subject) {
    at(observer, subject).known.reset();
    at(observer, subject).heard_since = never;
    at(observer, subject).accused_until = Instant{};
  }
  told_[observer].clear();
}

std::optional<Peers> Detectors::look(std::size_t observer, const std::vector<Peer>& truth,
                                     const std::function<bool(std::size_t)>& hears, Instant now) {
  Peers peers;
  for (std::size_t subject = 0; subject < members_; ++subject) {
    Pair& pair = at(observer, subject);
    if (subject == observer) {
      pair.known = truth[subject];
    } else {
      judge(pair, truth[subject], hears(subject), now);
    }
    if (!pair.known) continue;
    if (pair.known->state == Peer::State::failed) pair.accusations[pair.known->life] = now;
    peers.push_back(*pair.known);
  }
  std::ranges::sort(peers, {}, &Peer::name);
  if (peers == told_[observer]) return std::nullopt;
  told_[observer] = peers;
  return peers;
}

void Detectors::judge(Pair& pair, const Peer& truth, bool is_heard, Instant now) {
  if (!is_heard) pair.heard_since = never;
  if (is_heard) {
    pair.heard = now;
    pair.heard_since = std::min(pair.heard_since, now);
    pair.patience = prng_.between(options_.silence_min, options_.silence_max);
    const bool is_news = !pair.known || *pair.known != truth;
    if (is_news && prng_.chance(options_.learns)) pair.known = truth;
  } else if (pair.known && pair.known->state == Peer::State::alive &&
             now - pair.heard > pair.patience) {
    pair.known->state = Peer::State::failed;
  }
  if (pair.known && now < pair.accused_until) pair.known->state = Peer::State::failed;
}

Instant Detectors::accused(std::size_t observer, std::size_t subject, const Life& life) const {
  const Pair& pair = at(observer, subject);
  // Whoever knows a later life knows that this one is over.
  if (pair.known && life < pair.known->life) return pair.heard;
  const auto& accusations = pair.accusations;
  const auto found = accusations.find(life);
  return found == accusations.end() ? never : found->second;
}

Instant Detectors::heard_since(std::size_t observer, std::size_t subject) const {
  return at(observer, subject).heard_since;
}

}  // namespace rollcall::sim::agreement
