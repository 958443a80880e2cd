// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation_test.hpp"

/// What `rollcall plan` predicts, beside what the simulated cluster does. ROLLCALL_PLAN_TABLE=1
/// prints the table of docs/plan.md; ROLLCALL_PLAN_MEMBERS=n compares at that size instead.
namespace rollcall::sim {
namespace {

struct Case {
  std::size_t members = 0;
  core::Profile profile = core::Profile::rollcall;
  double loss = 0;
  int repetitions = 0;
};

/// Round trips of 0.6 ms on average, as the prediction takes them.
constexpr LinkOptions usual_link{};

struct Measured {
  std::vector<Duration> crash;
  std::vector<Duration> silent_loss;
  std::vector<Duration> spread;
  double datagrams_per_second = 0;
  double bytes_per_second = 0;
  double suspicions_per_member_hour = 0;
};

class Laboratory {
 public:
  static constexpr int spreads_per_repetition = 4;

  explicit Laboratory(const Case& test) : case_(test), cluster_(options_of(test)), prng_(7) {
    world().observe([this](const Observation& observation) {
      const core::Publish& event = observation.event;
      if (event.kind != core::EventKind::member_suspect) return;
      suspicions_.emplace(event.life.id, event.incarnation);
    });
  }

  [[nodiscard]] Measured measure() {
    EXPECT_EQ(cluster_.form(60s), "");
    world().run_for(30s);
    Measured measured;
    measure_traffic(measured);
    for (int i = 0; i < case_.repetitions; ++i) {
      measured.silent_loss.push_back(detection(&World::power_off));
      measured.crash.push_back(detection(&World::crash));
      // These vary most, and take least.
      for (int j = 0; j < spreads_per_repetition; ++j) measured.spread.push_back(spread());
    }
    EXPECT_EQ(cluster_.violations(), "");
    return measured;
  }

 private:
  static ClusterOptions options_of(const Case& test) {
    ClusterOptions options{.size = test.members, .world = {.seed = 11, .link = usual_link}};
    options.world.link.loss = test.loss;
    options.config.profile = test.profile;
    options.checks_order = false;
    return options;
  }
  [[nodiscard]] World& world() { return cluster_.world(); }
  [[nodiscard]] HostId draw_host() {
    return HostId{static_cast<std::uint32_t>(1 + prng_.below(case_.members - 1))};
  }

  void measure_traffic(Measured& measured) {
    constexpr Duration span = 60s;
    constexpr double header_bytes = 28;
    const auto total = [&](std::uint64_t core::Counters::* counter) {
      double sum = 0;
      for (const HostId host : world().hosts()) {
        sum += static_cast<double>(world().node(host).counters().*counter);
      }
      return sum / static_cast<double>(case_.members) / to_seconds(span);
    };
    const std::size_t suspicions = suspicions_.size();
    const double datagrams = total(&core::Counters::datagrams_sent);
    const double bytes = total(&core::Counters::bytes_sent);
    world().run_for(span);
    measured.datagrams_per_second = total(&core::Counters::datagrams_sent) - datagrams;
    measured.bytes_per_second =
        total(&core::Counters::bytes_sent) - bytes + header_bytes * measured.datagrams_per_second;
    measured.suspicions_per_member_hour = static_cast<double>(suspicions_.size() - suspicions) /
                                          static_cast<double>(case_.members) *
                                          (3600 / to_seconds(span));
  }

  Duration detection(void (World::*fault)(HostId)) {
    world().run_for(prng_.between(5s, 7s));
    const HostId host = draw_host();
    const LifeId life = cluster_.life(host).id;
    const Instant since = world().now();
    (world().*fault)(host);
    const auto took = cluster_.until_all_know(life, since, 5min);
    EXPECT_TRUE(took);
    world().power_on(host);
    world().restart(host, Disk::kept, {cluster_.seed()});
    EXPECT_EQ(cluster_.converge(120s), "");
    return took.value_or(5min);
  }

  /// How long until all have heard of one member's new tags.
  Duration spread() {
    world().run_for(prng_.between(5s, 7s));
    const HostId host = draw_host();
    const LifeId life = cluster_.life(host).id;
    const Instant since = world().now();
    const std::uint32_t before = incarnation(host, life);
    world().command(host, core::SetTagsCommand{.tags = {{"turn", std::to_string(before)}}});
    const auto all_know = [&] {
      return std::ranges::all_of(world().hosts(),
                                 [&](HostId other) { return incarnation(other, life) > before; });
    };
    EXPECT_TRUE(world().run_until(all_know, 60s, 100us));
    return world().now() - since;
  }
  [[nodiscard]] std::uint32_t incarnation(HostId observer, const LifeId& life) {
    const core::MemberTable& members = world().node(observer).members();
    const auto slot = members.find(life);
    return slot ? members.at(*slot).incarnation : 0;
  }

  Case case_;
  Cluster cluster_;
  Prng prng_;
  /// A life refutes by raising its incarnation: accused at one of them, it is so once.
  std::set<std::pair<LifeId, std::uint32_t>> suspicions_;
};

std::string words(Duration duration) {
  char text[32];
  const double seconds = to_seconds(duration);
  if (seconds < 1) {
    std::snprintf(text, sizeof text, "%.1f ms", 1000 * seconds);
  } else {
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  }
  return text;
}

void print_row(const Case& test, const char* what, const lab::Times& said,
               const std::vector<Duration>& found) {
  std::printf("| %s | %zu | %.0f %% | %s | %s / %s | %s / %s |\n",
              test.profile == core::Profile::swim ? "swim" : "rollcall", test.members,
              100 * test.loss, what, words(said.median).c_str(), words(said.p99).c_str(),
              words(percentile(found, 0.5)).c_str(), words(percentile(found, 0.99)).c_str());
}

void print(const Case& test, const lab::Plan& plan, const Measured& measured) {
  print_row(test, "process crash", plan.crash, measured.crash);
  print_row(test, "silent loss", plan.silent_loss, measured.silent_loss);
  print_row(test, "spread", plan.spread, measured.spread);
  std::printf("| %s | %zu | %.0f %% | sent by a member | %.2f/s, %.0f B/s | %.2f/s, %.0f B/s |\n",
              test.profile == core::Profile::swim ? "swim" : "rollcall", test.members,
              100 * test.loss, plan.datagrams_per_second, plan.bytes_per_second,
              measured.datagrams_per_second, measured.bytes_per_second);
  std::printf("| %s | %zu | %.0f %% | suspected an hour | %.3g | %.3g |\n",
              test.profile == core::Profile::swim ? "swim" : "rollcall", test.members,
              100 * test.loss, plan.suspicions_per_member_hour,
              measured.suspicions_per_member_hour);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const Case& test = info.param;
  const std::string profile = test.profile == core::Profile::swim ? "Swim" : "Rollcall";
  const std::string loss = std::to_string(static_cast<int>(100 * test.loss));
  return profile + "Of" + std::to_string(test.members) +
         (test.loss > 0 ? "At" + loss + "PercentLoss" : "");
}

class PlanBesideSimulation : public testing::TestWithParam<Case> {};

/// A time is as predicted when it is within a share of it, or within a few milliseconds: below
/// those, what counts is chance in the delays, which the formulas do not have.
void expect_near(Duration found, Duration said, double share, Duration slack, const char* what) {
  const Duration allowed = std::max(scaled(said, share), slack);
  EXPECT_LE(std::chrono::abs(found - said), allowed)
      << what << ": predicted " << words(said) << ", simulated " << words(found);
}

TEST_P(PlanBesideSimulation, MediansAreAsPredicted) {
  const Case& test = GetParam();
  lab::PlanQuestion question{.members = test.members, .loss = test.loss, .rtt = 600us};
  question.config.profile = test.profile;
  const lab::Plan plan = lab::predict(question);

  const Measured measured = Laboratory(test).measure();
  if (std::getenv("ROLLCALL_PLAN_TABLE") != nullptr) print(test, plan, measured);

  expect_near(percentile(measured.crash, 0.5), plan.crash.median, 0.15, 3ms, "process crash");
  expect_near(percentile(measured.silent_loss, 0.5), plan.silent_loss.median, 0.15, 3ms,
              "silent loss");
  // News of profile swim goes on at ticks of gossip-interval: the median is one tick or the next.
  const Duration slack = test.profile == core::Profile::swim ? 250ms : 3ms;
  expect_near(percentile(measured.spread, 0.5), plan.spread.median, 0.25, slack, "spread");
  const double tolerance = test.loss > 0.1 ? 0.35 : 0.15;
  EXPECT_NEAR(measured.datagrams_per_second / plan.datagrams_per_second, 1, tolerance);
  if (plan.suspicions_per_member_hour > 10) {
    EXPECT_NEAR(measured.suspicions_per_member_hour / plan.suspicions_per_member_hour, 1,
                tolerance);
  }
  // Under loss, the prediction also counts TCP's headers, which the world does not.
  if (test.loss == 0) {
    EXPECT_NEAR(measured.bytes_per_second / plan.bytes_per_second, 1, 0.15);
  }
}

std::vector<Case> cases() {
  constexpr auto swim = core::Profile::swim;
  std::vector<Case> all{{.members = 20, .repetitions = 40},
                        {.members = 100, .repetitions = 40},
                        {.members = 300, .repetitions = 12},
                        {.members = 100, .loss = 0.05, .repetitions = 40},
                        {.members = 100, .loss = 0.2, .repetitions = 20},
                        {.members = 20, .profile = swim, .repetitions = 30},
                        {.members = 100, .profile = swim, .repetitions = 30},
                        {.members = 300, .profile = swim, .repetitions = 9},
                        {.members = 100, .profile = swim, .loss = 0.2, .repetitions = 5}};
  if (const char* members = std::getenv("ROLLCALL_PLAN_MEMBERS")) {
    const std::size_t size = std::strtoul(members, nullptr, 10);
    all = {{.members = size, .repetitions = 20},
           {.members = size, .profile = swim, .repetitions = 20}};
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Sizes, PlanBesideSimulation, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace rollcall::sim
