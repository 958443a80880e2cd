// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner.hpp"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/scenario_yaml.hpp"

namespace rollcall::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Scenario scenario_of(const std::string& text) {
  auto read = parse_scenario(text);
  EXPECT_TRUE(read) << to_text(read.error().front(), "text");
  return *read;
}
RunResult run(const std::string& text, std::uint64_t seed = 1) {
  return run_scenario(scenario_of(text), {.seed = seed});
}

const std::string busy = R"(
cluster: {members: 8}
network: {loss: 5%, reorder: 5%, duplicate: 5%}
duration: 40s
faults:
  - crash: 1 at random
    at: 5s
    for: 3s
  - freeze: 2 at random
    at: 12s
    for: 1s
  - partition: [50%]
    at: 15s
    for: 8s
)";

TEST(RunnerTest, ReplaysARunFromItsSeed) {
  const RunResult first = run(busy, 7);
  const RunResult second = run(busy, 7);
  const RunResult other = run(busy, 8);

  EXPECT_EQ(first.hash, second.hash);
  EXPECT_EQ(first.measured.detection, second.measured.detection);
  EXPECT_EQ(first.measured.bytes_per_second, second.measured.bytes_per_second);
  EXPECT_NE(first.hash, other.hash);
}

TEST(RunnerTest, WritesTheSameTranscriptForTheSameSeed) {
  std::ostringstream one;
  std::ostringstream other;
  const Scenario scenario = scenario_of(busy);
  const RunResult with = run_scenario(scenario, {.seed = 3, .transcript = &one});
  run_scenario(scenario, {.seed = 3, .transcript = &other});

  EXPECT_EQ(one.str(), other.str());
  EXPECT_THAT(one.str(), HasSubstr(" crashes\n"));
  EXPECT_EQ(with.hash, run_scenario(scenario, {.seed = 3}).hash);
}

TEST(RunnerTest, MeasuresACrashAndASilence) {
  const RunResult result = run(R"(
faults:
  - crash: n3
    at: 5s
  - power-off: n4
    at: 10s
expect: {converged-within: 10s, crash-known-within: 1s, silence-known-within: 10s,
         false-failures: 0, detection-median: 10s}
)");

  EXPECT_EQ(result.violations, "");
  EXPECT_THAT(result.broken, IsEmpty());
  ASSERT_EQ(result.measured.crash_detection.size(), 1U);
  ASSERT_EQ(result.measured.silence_detection.size(), 1U);
  EXPECT_LT(result.measured.crash_detection.front(), 1s);
  EXPECT_GT(result.measured.silence_detection.front(), 1s);
  EXPECT_LE(result.measured.first_detection.front(), result.measured.detection.front());
  EXPECT_EQ(result.measured.members_at_end, 8U);
  EXPECT_GT(result.measured.bytes_per_second, 0);
}

TEST(RunnerTest, SaysWhichBoundIsBrokenAndByWhat) {
  const RunResult result = run(R"(
faults:
  - power-off: n4
    at: 10s
expect: {silence-known-within: 100ms, bytes-per-second: 1}
)");

  ASSERT_EQ(result.broken.size(), 2U);
  EXPECT_THAT(result.broken[0], HasSubstr("expect.silence-known-within: found "));
  EXPECT_THAT(result.broken[0], HasSubstr("; allowed: at most 100ms"));
  EXPECT_THAT(result.broken[1], HasSubstr("expect.bytes-per-second: found "));
  EXPECT_FALSE(result.holds());
}

TEST(RunnerTest, SaysThatADeathWasNotKnownAtTheEnd) {
  const RunResult result = run(R"(
duration: 11s
faults:
  - power-off: n4
    at: 10s
expect: {silence-known-within: 5s}
)");

  EXPECT_EQ(result.measured.unknown_silences, 1U);
  EXPECT_THAT(result.broken, ElementsAre("expect.silence-known-within: found 1 not known to "
                                         "everybody at the end; allowed: at most 5s"));
}

TEST(RunnerTest, TellsAFailureOfWhoWasPausedFromAFalseOne) {
  const RunResult result = run(R"(
faults:
  - freeze: n4
    at: 5s
    for: 20s
expect: {converged-within: 5s}
)");

  EXPECT_EQ(result.measured.failures_of_living, 1U);
  EXPECT_EQ(result.measured.false_failures, 0U);
  EXPECT_TRUE(result.holds());
}

TEST(RunnerTest, JudgesPercentilesOverAllRunsTogether) {
  const Scenario scenario = scenario_of(R"(
faults:
  - power-off: n4
    at: 10s
expect: {detection-median: 1ms, detection-p99: 1h}
)");
  std::vector<RunResult> runs;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    runs.push_back(run_scenario(scenario, {.seed = seed}));
  }

  EXPECT_TRUE(std::ranges::all_of(runs, &RunResult::holds));
  const auto broken = judge_together(scenario, runs);
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_THAT(broken[0], HasSubstr("expect.detection-median"));
}

TEST(RunnerTest, LooksForAgreementOnEachSideOfAPartitionThatStays) {
  const RunResult result = run(R"(
faults:
  - partition: [n0..n4, n5..n9]
    at: 5s
expect: {converged-within: 10s}
)");

  EXPECT_TRUE(result.holds()) << result.broken.front();
  EXPECT_EQ(result.measured.members_at_end, 10U);
}

TEST(RunnerTest, MembersLeaveReturnMoveAndArrive) {
  const RunResult result = run(R"(
faults:
  - leave: n3
    at: 2s
    for: 5s
  - leave: n4
    at: 2s
  - restart: n5
    at: 3s
    down: 1s
    address: new
    disk: lost
  - join: 3 new
    at: 4s
  - crash: n11
    at: 8s
expect: {converged-within: 5s, false-failures: 0, crash-known-within: 1s}
)");

  EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken);
  EXPECT_EQ(result.measured.members_at_end, 11U);
}

TEST(RunnerTest, AFaultThatMakesNoSenseAtItsTimeDoesNothing) {
  const RunResult result = run(R"(
faults:
  - thaw: all
  - release-input: n1
  - join: n2
  - heal: all
    at: 1s
  - mend: n0 -> n1
  - crash: n3
    at: 2s
  - freeze: n3
    at: 3s
    for: 1s
expect: {converged-within: 5s, crash-known-within: 1s}
)");

  EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken);
}

TEST(RunnerTest, AClusterThatCannotFormIsToldOf) {
  const RunResult result = run("{cluster: {members: 3}, network: {loss: 1}, duration: 1s}");

  ASSERT_EQ(result.broken.size(), 1U);
  EXPECT_THAT(result.broken[0], HasSubstr("the cluster did not form within 5m: "));
}

TEST(RunnerTest, AFormedClusterWasOneFromTheFirstMoment) {
  const RunResult result = run(R"(
cluster: {members: 50, start: formed}
duration: 20s
faults:
  - crash: 2 at random
    at: 5s
expect: {converged-within: 5s, crash-known-within: 1s, false-failures: 0}
)");

  EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken);
  EXPECT_EQ(result.simulated, 20s);
}

TEST(RunnerTest, ZonesLinesAndClocksAreFaultsToo) {
  const RunResult result = run(R"(
cluster: {members: 12}
network: {zones: [n0..n5, n6..n11], between-zones: {delay: 20ms..40ms, delay-shape: pareto}}
duration: 40s
faults:
  - bandwidth: n3
    in: 50000
    out: 50000
    for: 10s
  - drift: 2 at random
    ppm: -500
    for: 20s
  - step-clock: n4
    by: -1h
    at: 3s
  - jump-clock: n5
    by: 500ms
    at: 5s
  - crash: n6
    at: 25s
expect: {converged-within: 5s, crash-known-within: 1s, failures-of-living: 0}
)");

  EXPECT_TRUE(result.holds()) << result.violations << testing::PrintToString(result.broken);
  EXPECT_GT(result.measured.detection.front(), 20ms);
}

TEST(RunnerTest, TellsHowFarItIs) {
  double last = 0;
  bool grows = true;
  run_scenario(scenario_of("duration: 20s"), {.progress = [&](double share) {
                 grows = grows && share >= last;
                 last = share;
               }});

  EXPECT_TRUE(grows);
  EXPECT_EQ(last, 1);
}

TEST(MemoryTest, RefusesWhatDoesNotFit) {
  Scenario scenario;
  scenario.cluster.members = 100'000;

  EXPECT_THAT(memory_problem(scenario, std::uint64_t{8} << 30U),
              HasSubstr("a cluster of 100000 members needs about "));
  EXPECT_EQ(memory_problem(scenario, std::nullopt), "");
  scenario.cluster.start = Start::formed;
  EXPECT_EQ(memory_problem(scenario, std::uint64_t{8} << 30U), "");
  scenario.cluster.members = 100;
  EXPECT_EQ(memory_problem(scenario, std::uint64_t{8} << 30U), "");
  EXPECT_GT(available_memory().value_or(1), 0U);
}

TEST(RunnerTest, WatchesLargeFormedClustersWithAllCheckers) {
  const std::string text = R"(
cluster: {members: 300, start: formed}
duration: 25s
faults:
  - crash: 1 at random
    at: 2s
    for: 5s
  - freeze: 3 at random
    at: 5s
    for: 1s
  - leave: 1 at random
    at: 9s
    for: 3s
)";
  ASSERT_TRUE(has_all_checkers(scenario_of(text)));

  const RunResult result = run(text);

  EXPECT_EQ(result.violations, "");
  EXPECT_EQ(result.measured.gap_at_end, "");
  EXPECT_FALSE(has_all_checkers(scenario_of("cluster: {members: 2000, start: formed}")));
}

}  // namespace
}  // namespace rollcall::lab
