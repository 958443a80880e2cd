// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Agreements that are wrong, on purpose (registry/mutants.hpp, consensus/mutants.hpp, and some of
// consensus/raft/mutants.hpp): for each, a checker of the simulated agreement must object.
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "consensus/mutants.hpp"
#include "consensus/raft/mutants.hpp"
#include "registry/mutants.hpp"
#include "sim/agreement/trial.hpp"

namespace rollcall::sim::agreement {

using Above = consensus::Mutant;
using Below = consensus::raft::Mutant;
using State = registry::Mutant;

/// A mistake in one of the three rooms, and the checker that must object.
struct KnownBad {
  State state = State::none;
  Above above = Above::none;
  Below below = Below::none;
  std::string_view checker;

  [[nodiscard]] std::string name() const {
    if (state != State::none) return std::string(name_of_mutant(state));
    if (above != Above::none) return std::string(name_of_mutant(above));
    return std::string(name_of_mutant(below));
  }
};

void PrintTo(const KnownBad& known, std::ostream* out) {
  *out << known.name() << ", for " << known.checker;
}

namespace {

constexpr KnownBad known_bad[] = {
    {.state = State::retries_done_again, .checker = "linearizability"},
    {.state = State::sessions_lost_in_snapshot, .checker = "views"},
    {.state = State::empty_groups_lost_in_snapshot, .checker = "views"},
    {.state = State::old_life_accepted, .checker = "linearizability"},
    {.state = State::evicts_whoever_is_there, .checker = "linearizability"},
    {.state = State::whole_lease_not_given, .checker = "leases"},
    {.state = State::one_report_cuts, .checker = "cuts"},
    {.above = Above::reads_what_is_here, .checker = "linearizability"},
    {.above = Above::fetch_skips_entries, .checker = "log"},
    {.above = Above::proposal_is_answer, .checker = "log"},
    {.above = Above::heartbeat_unconfirmed, .checker = "linearizability"},
    {.above = Above::reset_not_told, .checker = "views"},
    {.below = Below::reads_unconfirmed, .checker = "linearizability"},
    {.below = Below::acknowledges_unstored, .checker = "log"},
};
constexpr std::size_t own_mutants = mutant_count<State> + mutant_count<Above>;
constexpr std::size_t raft_mutants = 2;
// Every mutant of these two rooms, but "none", has its row.
static_assert(std::size(known_bad) == own_mutants + raft_mutants);

/// Some mistakes need a rare course of events.
constexpr std::uint64_t seeds_max = 1000;

/// The mutants go when the test is over.
class MutantGuard {
 public:
  explicit MutantGuard(const KnownBad& known) { choose(known.state, known.above, known.below); }
  ~MutantGuard() { choose(State::none, Above::none, Below::none); }
  MutantGuard(const MutantGuard&) = delete;
  MutantGuard& operator=(const MutantGuard&) = delete;

 private:
  static void choose(State state, Above above, Below below) {
    choose_mutant(state);
    choose_mutant(above);
    choose_mutant(below);
  }
};

bool has_objection_of(std::string_view checker, const std::string& violations) {
  const std::string beginning = std::string(checker) + ": ";
  return violations.starts_with(beginning) ||
         violations.find("\n" + beginning) != std::string::npos;
}

class AgreementMutants : public testing::TestWithParam<KnownBad> {};

TEST_P(AgreementMutants, AreObjectedTo) {
  const MutantGuard guard(GetParam());
  std::string last;
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    last = run_drawn_trial(seed).violations;
    if (!has_objection_of(GetParam().checker, last)) continue;
    RecordProperty("seed", static_cast<int>(seed));
    return;
  }
  FAIL() << "the mutant survives; the last objections:\n" << last;
}

std::string mutant_name(const testing::TestParamInfo<KnownBad>& info) {
  return info.param.name();
}
INSTANTIATE_TEST_SUITE_P(KnownBad, AgreementMutants, testing::ValuesIn(known_bad), mutant_name);

/// The same program, with nothing wrong in it.
TEST(RightAgreement, IsObjectedToByNoChecker) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(run_drawn_trial(seed).violations, "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace rollcall::sim::agreement
