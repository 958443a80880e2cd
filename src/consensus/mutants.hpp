// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/mutants.hpp"

/// Deliberately broken agreement above the raft core (base/mutants.hpp), which has mutants of its
/// own (raft/mutants.hpp).
namespace rollcall::consensus {

enum class Mutant : std::uint8_t {
  none,
  reads_what_is_here,     // a linearizable read is answered without asking the leader
  fetch_skips_entries,    // who follows without a vote is not given all
  proposal_is_answer,     // a write is acknowledged when it is proposed
  heartbeat_unconfirmed,  // a leader takes heartbeats without asking whether it still leads
  reset_not_told,         // readers are not told that views were skipped
};

}  // namespace rollcall::consensus
