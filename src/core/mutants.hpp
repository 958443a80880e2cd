// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Deliberately broken cores: each mutant is one mistake that an implementer could make, at the
/// place where it would be made, and that users would suffer from. The simulator's checkers are
/// believed because they object to every one of them (tests/simulation/known_bad).
///
/// In the library that everybody links, is_mutant() is false at compile time: a hook costs
/// nothing and there is no state. Only the library rollcall_core_mutable, made of the same
/// sources with ROLLCALL_MUTANTS defined, has the one global that chooses a mutant.
///
/// Limits: hooks are in sources and in headers that the core keeps to itself, never in a header
///         that other rooms include: those rooms are compiled once, for both libraries.
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

inline constexpr std::array mutant_names = {
    std::string_view("none"),
    std::string_view("alive_beats_suspect"),
    std::string_view("stale_life_accepted"),
    std::string_view("final_state_undone"),
    std::string_view("history_believed"),
    std::string_view("old_news_believed"),
    std::string_view("name_rule_ignored"),
    std::string_view("death_is_argued"),
    std::string_view("tombstone_forgotten"),
    std::string_view("refutation_dropped"),
    std::string_view("refutation_not_raised"),
    std::string_view("accuser_raises_incarnation"),
    std::string_view("suspicion_not_closed"),
    std::string_view("suspicion_skipped"),
    std::string_view("pause_budget_ignored"),
    std::string_view("suspects_not_looked_at"),
    std::string_view("deaf_member_judges"),
    std::string_view("flaps_never_forgiven"),
    std::string_view("refusals_ignored"),
    std::string_view("closed_stream_is_death"),
    std::string_view("news_not_spread"),
    std::string_view("update_never_retired"),
    std::string_view("digests_always_equal"),
    std::string_view("digest_without_tags"),
    std::string_view("sync_answers_nothing"),
    std::string_view("lost_never_sought"),
    std::string_view("settings_ties_undecided"),
    std::string_view("settings_not_spread"),
    std::string_view("switch_keeps_timers"),
    std::string_view("leave_not_told"),
    std::string_view("leave_is_failure"),
    std::string_view("event_twice"),
    std::string_view("event_lost"),
};
static_assert(mutant_names.size() == static_cast<std::size_t>(Mutant::event_lost) + 1);

constexpr std::string_view to_text(Mutant mutant) {
  return mutant_names[static_cast<std::size_t>(mutant)];
}

#ifdef ROLLCALL_MUTANTS
/// The mistake that every node of this process makes from now on.
void choose_mutant(Mutant mutant);
[[nodiscard]] bool is_mutant(Mutant mutant);
#else
[[nodiscard]] constexpr bool is_mutant(Mutant) {
  return false;
}
#endif

}  // namespace rollcall::core
