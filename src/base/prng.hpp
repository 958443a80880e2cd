// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace rollcall {

/// A small seeded generator: the only source of chance in the core. Not for secrets.
///
/// Same seed, same numbers, on every compiler and standard library; that is why the standard
/// distributions, whose results are not specified, are not used.
///
/// Threads: none; the caller serialises calls.
/// Source:  Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Prng {
 public:
  explicit Prng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t word = state_;
    word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31U);
  }

  /// A whole number in [0, bound); bound > 0.
  std::size_t below(std::size_t bound) {
    ROLLCALL_CHECK(bound > 0);
    // Multiply-shift: the bias is below bound / 2^64, which no experiment of ours can see.
    return static_cast<std::size_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }

  /// A number in [0, 1).
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  bool chance(double probability) { return unit() < probability; }

  /// A duration in [low, high).
  Duration between(Duration low, Duration high) {
    ROLLCALL_CHECK(low <= high);
    return low +
           Duration(static_cast<Duration::rep>(unit() * static_cast<double>((high - low).count())));
  }

  LifeId life_id() { return LifeId{next(), next()}; }

  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t state_;
};

}  // namespace rollcall
