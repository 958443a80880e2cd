// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "core/config.hpp"

/// The parameters of the papers, as configurations of profile swim.
namespace rollcall::lab {

/// SWIM as in the paper of 2002: random targets, a verdict at the period's end, no local health,
/// no buddies, no TCP. Repairs by comparison are off, for the paper has none.
core::Config swim_config();

/// Which of Lifeguard's three parts are on.
struct LifeguardParts {
  bool probe = false;
  bool suspicion = false;
  bool buddy = false;
};

/// The paper's runs: beta 6, K 3; alpha is 5 unless given.
core::Config lifeguard_config(const LifeguardParts& parts, double alpha = 5);

/// memberlist as shipped since 2017: alpha 4, beta 6, K 2; the time-out is not stretched; a
/// comparison with a random member every 30 s, though by digest and not of whole states.
core::Config memberlist_config();

}  // namespace rollcall::lab
