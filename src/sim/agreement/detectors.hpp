// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "consensus/log.hpp"

namespace rollcall::sim::agreement {

struct DetectorOptions {
  /// How long a member must be silent before an observer finds it failed; each pair draws its own.
  Duration silence_min = std::chrono::milliseconds(300);
  Duration silence_max = std::chrono::milliseconds(1500);
  /// How often an observer looks at everybody.
  Duration look_interval = std::chrono::milliseconds(100);
  /// The chance, at each look, that it learns what is new of a member that it hears.
  double learns = 0.5;
};

/// Stands in for the failure detectors: knows the truth, and tells it to each member late, or,
/// where it is asked to, falsely.
class Detectors {
 public:
  Detectors(std::size_t members, std::uint64_t seed);

  void set(const DetectorOptions& options) { options_ = options; }
  [[nodiscard]] const DetectorOptions& options() const { return options_; }
  /// The observer holds the subject for failed until then, whatever it hears.
  void accuse(std::size_t observer, std::size_t subject, Instant until);
  void acquit_all();
  /// A process begins: it knows nobody.
  void forget(std::size_t observer);

  /// `truth`: everybody as they are; `hears`: whether the observer hears a subject now.
  /// What the observer knows then, if that is not what it knew.
  [[nodiscard]] std::optional<consensus::Peers> look(std::size_t observer,
                                                     const std::vector<consensus::Peer>& truth,
                                                     const std::function<bool(std::size_t)>& hears,
                                                     Instant now);
  /// When the observer last held this life for failed; never: it did not.
  [[nodiscard]] Instant accused(std::size_t observer, std::size_t subject, const Life& life) const;
  /// Since when the observer has heard the subject at every look; never: it does not now.
  [[nodiscard]] Instant heard_since(std::size_t observer, std::size_t subject) const;

 private:
  struct Pair {
    std::optional<consensus::Peer> known;
    Instant heard{};
    Instant heard_since = never;
    Duration patience{};
    Instant accused_until{};
    std::map<Life, Instant> accusations;
  };

  void judge(Pair& pair, const consensus::Peer& truth, bool is_heard, Instant now);
  [[nodiscard]] Pair& at(std::size_t observer, std::size_t subject) {
    return pairs_[observer * members_ + subject];
  }
  [[nodiscard]] const Pair& at(std::size_t observer, std::size_t subject) const {
    return pairs_[observer * members_ + subject];
  }

  std::size_t members_;
  Prng prng_;
  DetectorOptions options_;
  std::vector<Pair> pairs_;
  std::vector<consensus::Peers> told_;
};

}  // namespace rollcall::sim::agreement
