// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/network.hpp"

/// Chance with a shape, from nothing but comparisons, sums and square roots, which every machine
/// rounds alike: one seed must replay one run wherever it runs.
namespace rollcall::sim {

/// A number with mean 0 and standard deviation 1, nearly normal, never beyond 6.
[[nodiscard]] double draw_normal(Prng& prng);

/// A number with mean 1, exponentially spread.
///
/// Source: von Neumann, "Various techniques used in connection with random digits", 1951.
[[nodiscard]] double draw_exponential(Prng& prng);

/// A number with mean 1 and a tail that falls with the square (Lomax, exponent 2).
[[nodiscard]] double draw_long_tail(Prng& prng);

/// One packet's delay on a link, within its bounds.
[[nodiscard]] Duration draw_delay(const LinkOptions& link, Prng& prng);

}  // namespace rollcall::sim
