// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/mutants.hpp"

/// Deliberately broken registries (base/mutants.hpp), for the checkers of the simulated agreement.
namespace rollcall::registry {

enum class Mutant : std::uint8_t {
  none,
  retries_done_again,             // a request that is committed twice is done twice
  sessions_lost_in_snapshot,      // and so what was done before it is done again
  empty_groups_lost_in_snapshot,  // and with them their numbers, which are given again
  old_life_accepted,              // takes the place of the later one
  evicts_whoever_is_there,        // also who has joined again since
  whole_lease_not_given,          // a new leader counts from a time that it cannot know
  one_report_cuts,                // a single observer has a live member removed
};

}  // namespace rollcall::registry
