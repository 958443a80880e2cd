// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Replicas that are wrong, on purpose (consensus/raft/mutants.hpp): for each, a checker must
// object, or a replica's own checks must stop it. And to the right ones, none may.
#include "consensus/raft/mutants.hpp"

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "consensus/raft/raft_trials_test.hpp"

namespace rollcall::consensus::raft {

/// A mutant, the trial that shows what it does, and who must object: a checker, or "internal
/// check".
struct KnownBad {
  Mutant mutant{};
  std::string_view trial;
  const char* objector;
};

void PrintTo(const KnownBad& known, std::ostream* out) {
  *out << name_of_mutant(known.mutant) << " in " << known.trial << ", for " << known.objector;
}

namespace {

constexpr KnownBad known_bad[] = {
    {Mutant::forgets_vote, "vote_then_restart", "election safety"},
    {Mutant::votes_twice, "random_history", "internal check"},
    {Mutant::votes_for_anybody, "random_history", "leader completeness"},
    {Mutant::tells_unstored_vote, "random_history", "durability"},
    {Mutant::campaigns_unstored, "random_history", "internal check"},
    {Mutant::learners_elect, "minority_with_learner", "election safety"},
    {Mutant::any_vote_reply_counts, "late_grant", "leader completeness"},
    {Mutant::skips_previous, "random_history", "state-machine safety"},
    {Mutant::stale_append_cuts, "random_history", "leader completeness"},
    {Mutant::commits_beyond_match, "random_history", "state-machine safety"},
    {Mutant::acknowledges_unstored, "random_history", "durability"},
    {Mutant::applies_unstored, "random_history", "internal check"},
    {Mutant::counts_old_terms, "figure_8", "leader completeness"},
    {Mutant::counts_unstored, "leader_with_slow_disk", "leader completeness"},
    {Mutant::counts_learners, "minority_with_learner", "leader completeness"},
    {Mutant::counts_old_answers, "late_answer", "leader completeness"},
    {Mutant::changes_at_once, "two_leaders_change", "leader completeness"},
    {Mutant::changes_side_by_side, "two_changes", "leader completeness"},
    {Mutant::forgets_rolled_back, "random_history", "snapshots"},
    {Mutant::reads_unconfirmed, "sleeping_leader", "reads"},
    {Mutant::reads_before_own_term, "read_after_restart", "reads"},
    {Mutant::reads_on_old_confirmation, "sleeping_leader", "reads"},
    {Mutant::snapshot_of_later_voters, "random_history", "snapshots"},
    {Mutant::snapshot_cuts_log, "random_history", "internal check"},
};
// Every mutant but none has its row, in the order of the list.
static_assert(std::size(known_bad) == mutant_count<Mutant>);

/// Some mistakes need a little luck to show.
constexpr std::uint64_t seeds_a_mutant = 100;

constexpr int was_objected_to = 3;

/// Runs in a process of its own, which a replica's own checks may end.
[[noreturn]] void run_mutant(const KnownBad& known) {
  choose_mutant(known.mutant);
  for (std::uint64_t seed = 1; seed <= seeds_a_mutant; ++seed) {
    const std::string objection = raft_trial(known.trial).run(seed);
    if (objection.empty()) continue;
    std::fprintf(stderr, "seed %d: %s\n", static_cast<int>(seed), objection.c_str());
    std::_Exit(was_objected_to);
  }
  std::_Exit(0);
}

bool is_caught(int status) {
  return (WIFEXITED(status) && WEXITSTATUS(status) == was_objected_to) ||
         (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

class RaftMutants : public testing::TestWithParam<KnownBad> {};

TEST_P(RaftMutants, AreObjectedTo) {
  EXPECT_EXIT(run_mutant(GetParam()), is_caught, GetParam().objector);
}

std::string mutant_name(const testing::TestParamInfo<KnownBad>& info) {
  return std::string(name_of_mutant(info.param.mutant));
}
INSTANTIATE_TEST_SUITE_P(KnownBad, RaftMutants, testing::ValuesIn(known_bad), mutant_name);

TEST(RaftMutantList, HasARowForEachMutantInItsOrder) {
  for (std::size_t i = 0; i < std::size(known_bad); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(known_bad[i].mutant), i + 1);
  }
}

}  // namespace
}  // namespace rollcall::consensus::raft
