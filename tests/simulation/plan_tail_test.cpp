// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "lab/experiments/stage.hpp"
#include "lab/plan.hpp"
#include "simulation_test.hpp"

/// The tails that `rollcall plan` predicts, beside hundreds of losses in small formed clusters.
/// ROLLCALL_PLAN_TABLE=1 prints rows for docs/plan.md.
namespace rollcall::sim {
namespace {

constexpr std::size_t members = 32;
/// Lost in one world before a new one is taken: the number of members hardly matters.
constexpr std::size_t losses_in_one_world = 4;
constexpr Duration knowing_limit = 2min;

enum class Fault : std::uint8_t { power, process };

struct Case {
  std::string name;
  core::Profile profile = core::Profile::rollcall;
  double loss = 0;
  Fault fault = Fault::power;
  std::size_t repetitions = 400;
  /// Either a share of what was predicted, or a time; the greater counts.
  double median_share = 0.1;
  double p99_share = 0.15;
  Duration slack{};
};

/// From each loss until the last survivor knew.
std::vector<Duration> simulate(const Case& test) {
  std::vector<Duration> times;
  core::Config config;
  config.profile = test.profile;
  for (std::uint64_t seed = 1; times.size() < test.repetitions; ++seed) {
    lab::Stage stage(
        {.members = members, .config = config, .seed = seed, .link = {.loss = test.loss}});
    lab::EndWatch ends(stage.world());
    for (std::size_t lost = 1; lost <= losses_in_one_world; ++lost) {
      stage.rest(4s);
      const HostId host = stage.draw_hosts(1).front();
      const LifeId life = stage.life(host);
      const Instant since = stage.world().now();
      ends.expect(life, since);
      test.fault == Fault::power ? stage.world().power_off(host) : stage.world().crash(host);
      const auto all_know = [&] { return ends.end(life).told >= members - lost; };
      EXPECT_TRUE(stage.world().run_until(all_know, knowing_limit, 10ms)) << "seed " << seed;
      times.push_back(ends.end(life).last - since);
    }
  }
  return times;
}

class PlanTail : public testing::TestWithParam<Case> {};

TEST_P(PlanTail, IsAsPredicted) {
  const Case& test = GetParam();
  lab::PlanQuestion question{.members = members, .loss = test.loss, .rtt = 600us};
  question.config.profile = test.profile;
  const lab::Plan plan = lab::predict(question);
  const lab::Times said = test.fault == Fault::power ? plan.silent_loss : plan.crash;

  const std::vector<Duration> found = simulate(test);
  const Duration median = percentile(found, 0.5);
  const Duration p99 = percentile(found, 0.99);

  if (std::getenv("ROLLCALL_PLAN_TABLE") != nullptr) {
    std::printf("| %s | %.3f s / %.3f s | %.3f s / %.3f s |\n", test.name.c_str(),
                to_seconds(said.median), to_seconds(said.p99), to_seconds(median), to_seconds(p99));
  }
  EXPECT_NEAR(to_seconds(median), to_seconds(said.median),
              to_seconds(std::max(scaled(said.median, test.median_share), test.slack)));
  EXPECT_NEAR(to_seconds(p99), to_seconds(said.p99),
              to_seconds(std::max(scaled(said.p99, test.p99_share), test.slack)));
}

std::vector<Case> cases() {
  constexpr auto swim = core::Profile::swim;
  return {{.name = "RollcallSilentLoss"},
          {.name = "RollcallSilentLossAt20PercentLoss",
           .loss = 0.2,
           .repetitions = 1000,
           .p99_share = 0.25},
          {.name = "RollcallCrash", .fault = Fault::process, .p99_share = 0.5, .slack = 3ms},
          {.name = "RollcallCrashAt20PercentLoss",
           .loss = 0.2,
           .fault = Fault::process,
           .repetitions = 1000,
           .p99_share = 0.5,
           .slack = 3ms},
          {.name = "SwimSilentLoss", .profile = swim}};
}

INSTANTIATE_TEST_SUITE_P(Tails, PlanTail, testing::ValuesIn(cases()),
                         [](const auto& tail) { return tail.param.name; });

}  // namespace
}  // namespace rollcall::sim
