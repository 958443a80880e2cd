// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Cores that are wrong, on purpose (core/mutants.hpp): for each, a checker must object. And to the
// right core, none may.
#include "core/mutants.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "trials.hpp"

namespace rollcall::sim {

/// A mutant, the trial that shows what it does, and the checker that must object.
struct KnownBad {
  core::Mutant mutant{};
  std::string_view trial;
  std::string_view checker;
};

void PrintTo(const KnownBad& known, std::ostream* out) {
  *out << name_of_mutant(known.mutant) << " in " << known.trial << ", for " << known.checker;
}

namespace {

using core::Mutant;

constexpr KnownBad known_bad[] = {
    {Mutant::alive_beats_suspect, "silence", "completeness"},
    {Mutant::stale_life_accepted, "missed_restart", "records"},
    {Mutant::final_state_undone, "long_partition", "records"},
    {Mutant::history_believed, "long_partition", "accuracy"},
    {Mutant::old_news_believed, "waking_when_it_heals", "accuracy"},
    {Mutant::name_rule_ignored, "name_twin", "names"},
    {Mutant::death_is_argued, "long_pause", "agreement"},
    {Mutant::tombstone_forgotten, "long_pause", "events"},
    {Mutant::refutation_dropped, "short_pause", "agreement"},
    {Mutant::refutation_not_raised, "short_pause", "agreement"},
    {Mutant::accuser_raises_incarnation, "short_pause", "records"},
    {Mutant::suspicion_not_closed, "short_pause", "bounds"},
    {Mutant::suspicion_skipped, "short_pause", "accuracy"},
    {Mutant::pause_budget_ignored, "short_pause", "accuracy"},
    {Mutant::suspects_not_looked_at, "lossy_member", "accuracy"},
    {Mutant::deaf_member_judges, "deafness", "accuracy"},
    {Mutant::flaps_never_forgiven, "flapping_then_silence", "completeness"},
    {Mutant::refusals_ignored, "crash", "completeness"},
    {Mutant::closed_stream_is_death, "newcomers", "accuracy"},
    {Mutant::news_not_spread, "silence_in_a_crowd", "completeness"},
    {Mutant::update_never_retired, "rest", "bounds"},
    {Mutant::digests_always_equal, "missed_tags", "agreement"},
    {Mutant::digest_without_tags, "missed_tags", "agreement"},
    {Mutant::sync_answers_nothing, "missed_tags", "agreement"},
    {Mutant::lost_never_sought, "long_partition", "agreement"},
    {Mutant::settings_ties_undecided, "switching_at_once", "settings"},
    {Mutant::settings_not_spread, "switching", "settings"},
    {Mutant::switch_keeps_timers, "switching_while_away", "accuracy"},
    {Mutant::leave_not_told, "departure", "departures"},
    {Mutant::leave_is_failure, "departure", "departures"},
    {Mutant::event_twice, "crash", "events"},
    {Mutant::event_lost, "crash", "events"},
};
// Every mutant but none has its row, in the order of the list.
static_assert(std::size(known_bad) == mutant_count<Mutant>);

/// Some mistakes need a little luck to show; one that shows twice in so many runs was seen.
constexpr std::uint64_t seeds_a_mutant = 10;
constexpr int objections_needed = 2;
constexpr std::uint64_t seeds_of_the_right_core = 10;

/// The mutant goes when the test is over.
class MutantGuard {
 public:
  explicit MutantGuard(Mutant mutant) { choose_mutant(mutant); }
  ~MutantGuard() { choose_mutant(Mutant::none); }
  MutantGuard(const MutantGuard&) = delete;
  MutantGuard& operator=(const MutantGuard&) = delete;
};

bool has_objection_of(std::string_view checker, const std::string& violations) {
  const std::string beginning = std::string(checker) + ": ";
  return violations.starts_with(beginning) ||
         violations.find("\n" + beginning) != std::string::npos;
}

class Mutants : public testing::TestWithParam<KnownBad> {};

TEST_P(Mutants, AreObjectedTo) {
  const MutantGuard guard(GetParam().mutant);
  int objections = 0;
  std::string last;
  for (std::uint64_t seed = 1; seed <= seeds_a_mutant && objections < objections_needed; ++seed) {
    last = trial(GetParam().trial).run(seed);
    if (has_objection_of(GetParam().checker, last)) ++objections;
  }
  EXPECT_GE(objections, objections_needed) << "the mutant survives; the last objections:\n" << last;
}

std::string mutant_name(const testing::TestParamInfo<KnownBad>& info) {
  return std::string(name_of_mutant(info.param.mutant));
}
INSTANTIATE_TEST_SUITE_P(KnownBad, Mutants, testing::ValuesIn(known_bad), mutant_name);

TEST(MutantList, HasARowForEachMutantInItsOrder) {
  for (std::size_t i = 0; i < std::size(known_bad); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(known_bad[i].mutant), i + 1);
  }
}

class RightCore : public testing::TestWithParam<Trial> {};

TEST_P(RightCore, IsObjectedToByNoChecker) {
  for (std::uint64_t seed = 1; seed <= seeds_of_the_right_core; ++seed) {
    EXPECT_EQ(GetParam().run(seed), "") << "seed " << seed;
  }
}

std::string trial_name(const testing::TestParamInfo<Trial>& info) {
  return std::string(info.param.name);
}
INSTANTIATE_TEST_SUITE_P(Trials, RightCore, testing::ValuesIn(trials().begin(), trials().end()),
                         trial_name);

}  // namespace
}  // namespace rollcall::sim
