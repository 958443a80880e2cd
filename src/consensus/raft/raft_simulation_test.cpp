// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "consensus/raft/raft_history_test.hpp"
#include "consensus/raft/raft_trials_test.hpp"

namespace rollcall::consensus::raft {
namespace {

/// A failing seed is the whole bug report: --gtest_filter='*/N' replays it exactly.
class RaftSimulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RaftSimulation, KeepsItsPromisesUnderFaultsAndRecovers) {
  RaftHistory history(GetParam());
  history.run();
  ASSERT_EQ(history.world().objection(), "");
  EXPECT_TRUE(history.recovers()) << history.world().text();
  history.world().expect_nothing_lost();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RaftSimulation, testing::Range<std::uint64_t>(1, 301));

/// The courses of events that show what each known-bad replica does
/// (tests/simulation/known_bad/raft): the right ones do nothing of the kind.
class RaftTrials : public testing::TestWithParam<RaftTrial> {};

TEST_P(RaftTrials, AreObjectedToByNoChecker) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(GetParam().run(seed), "") << "seed " << seed;
  }
}

std::string trial_name(const testing::TestParamInfo<RaftTrial>& info) {
  return std::string(info.param.name);
}
INSTANTIATE_TEST_SUITE_P(Trials, RaftTrials, testing::ValuesIn(raft_trials()), trial_name);

/// That the histories above reach what they are for.
TEST(RaftSimulationReach, HistoriesHaveElectionsSnapshotsReadsWritesAndOtherVoters) {
  std::size_t terms = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t reads = 0;
  std::size_t writes = 0;
  std::uint64_t events = 0;
  int moved = 0;
  constexpr int histories = 30;
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    RaftHistory history(seed);
    history.run();
    RaftWorld& world = history.world();
    terms += world.checkers().leaders().size();
    snapshots += world.snapshots_installed();
    reads += world.checkers().reads_done();
    writes += world.checkers().writes_done();
    events += world.events();
    history.recovers();
    if (const auto at = world.leader(); at != 0 && world.raft(at).membership() != voters(3))
      ++moved;
  }
  RecordProperty("terms", static_cast<int>(terms));
  RecordProperty("snapshots", static_cast<int>(snapshots));
  RecordProperty("reads", static_cast<int>(reads));
  RecordProperty("writes", static_cast<int>(writes));
  RecordProperty("events", static_cast<int>(events));
  EXPECT_GT(terms, 5U * histories);
  EXPECT_GT(snapshots, 1U * histories);
  EXPECT_GT(reads, 5U * histories);
  EXPECT_GT(writes, 50U * histories);
  EXPECT_GT(events, 2000U * histories);
  EXPECT_GT(moved, histories / 2);
}

}  // namespace
}  // namespace rollcall::consensus::raft
