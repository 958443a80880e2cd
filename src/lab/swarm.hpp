// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "lab/scenario.hpp"

/// Clusters and trouble that nobody thought of.
namespace rollcall::lab {

/// A random cluster of 3 to 40 members, with random settings, a random network and random
/// faults, then peace, after which all must agree. One seed, one scenario.
Scenario draw_scenario(std::uint64_t seed);

struct ShrinkOptions {
  /// Whether a scenario still shows what is looked for.
  std::function<bool(const Scenario&)> fails;
  /// How often that may be asked.
  std::size_t tries_max = 400;
};

/// A smaller scenario that fails as well: fewer faults, fewer members, a plainer network and
/// plainer settings, shorter times. What is left over is needed for the failure, as far as
/// tries_max allowed to find out.
///
/// Source: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 2002.
Scenario shrink(const Scenario& scenario, const ShrinkOptions& options);

}  // namespace rollcall::lab
