// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/mutants.hpp"

/// Deliberately broken cores (base/mutants.hpp): each mutant is one mistake that an implementer
/// could make, at the place where it would be made, and that users would suffer from.
namespace rollcall::core {

enum class Mutant : std::uint8_t {
  none,
  // The order of records.
  alive_beats_suspect,  // at equal incarnation, and suspicions never hold
  stale_life_accepted,  // an earlier life replaces a later one
  final_state_undone,   // somebody's "alive" revives a life that was over
  history_believed,     // an old verdict from the other side of a partition buries the living
  old_news_believed,    // what waited while it slept is taken for news on waking
  name_rule_ignored,    // a newcomer is let in though a live member has its name
  death_is_argued,      // a member held for failed refutes, where only a new life is believed
  tombstone_forgotten,  // the dead are forgotten at once
  // Suspicion and refutation.
  refutation_dropped,          // a suspect says nothing
  refutation_not_raised,       // it answers at the incarnation at which it is accused
  accuser_raises_incarnation,  // only the member itself may
  suspicion_not_closed,        // a refuted suspicion goes on being looked at
  suspicion_skipped,           // silence is a verdict
  pause_budget_ignored,        // three silent looks are a verdict
  suspects_not_looked_at,      // the time runs, but nobody pings the suspect
  deaf_member_judges,          // who hears nobody buries everybody
  flaps_never_forgiven,        // each flap makes the next suspicion longer, for ever
  // Proof of death.
  refusals_ignored,        // a host that says so itself is not believed
  closed_stream_is_death,  // a closed stream alone is
  // Dissemination.
  news_not_spread,       // neither pushed nor riding along
  update_never_retired,  // every update is repeated for ever
  digests_always_equal,  // differences are never looked into
  digest_without_tags,   // digests that agree although records differ
  sync_answers_nothing,  // who is asked for differences names none
  lost_never_sought,     // the sides of a healed partition do not look for one another
  // Settings.
  settings_ties_undecided,  // of two changes made at once each stays where it was made
  settings_not_spread,      // a change waits for anti-entropy
  switch_keeps_timers,      // members are judged by timers of the other detector
  // Leaving.
  leave_not_told,    // the leaver goes without a word
  leave_is_failure,  // a departure is taken for a death
  // What readers are told.
  event_twice,  // a failure is published twice
  event_lost,   // a failure is not published
};

}  // namespace rollcall::core
