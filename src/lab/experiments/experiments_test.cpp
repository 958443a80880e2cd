// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/experiments/experiment.hpp"
#include "lab/report.hpp"

namespace rollcall::lab {
namespace {

struct Tiny {
  const char* id;
  std::vector<std::size_t> members;
  std::size_t repetitions;
};

void PrintTo(const Tiny& tiny, std::ostream* out) {
  *out << tiny.id;
}

Findings run_tiny(const Tiny& tiny, std::uint64_t seed = 3) {
  const Experiment* experiment = find_experiment(tiny.id);
  return run_experiment(*experiment,
                        {.seed = seed, .repetitions = tiny.repetitions, .members = tiny.members});
}

/// Each experiment at a size that takes a moment: what it gives is of the right shape. Whether
/// the figures are right is what the experiments are for, at sizes that can tell.
class ExperimentsTest : public testing::TestWithParam<Tiny> {};

TEST_P(ExperimentsTest, GivesWholeRowsAndPlots) {
  std::vector<double> shares;
  const Experiment* experiment = find_experiment(GetParam().id);
  ASSERT_NE(experiment, nullptr);
  const Findings findings = run_experiment(
      *experiment, {.seed = 3,
                    .repetitions = GetParam().repetitions,
                    .members = GetParam().members,
                    .progress = [&](double share, std::string_view) { shares.push_back(share); }});

  ASSERT_FALSE(findings.rows.empty());
  for (const Row& row : findings.rows) {
    EXPECT_FALSE(row.configuration.empty());
    EXPECT_FALSE(row.unit.empty()) << row.metric;
    EXPECT_GE(row.members, 2U) << row.metric;
    EXPECT_TRUE(std::isfinite(row.value)) << row.configuration << ": " << row.metric;
    EXPECT_GE(row.value, 0) << row.configuration << ": " << row.metric;
    EXPECT_TRUE(!row.anchor || !row.anchor->source.empty()) << row.metric;
  }
  ASSERT_FALSE(findings.plots.empty());
  for (const Plot& plot : findings.plots) {
    EXPECT_GE(plot.series.size(), 2U) << plot.id;
    for (const Series& series : plot.series) {
      for (const Point& point : series.points) {
        EXPECT_LE(point.low, point.median) << plot.id << ": " << series.name;
        EXPECT_LE(point.median, point.high) << plot.id << ": " << series.name;
      }
    }
  }
  EXPECT_EQ(findings.seen.find('?'), std::string::npos) << findings.seen;
  ASSERT_FALSE(shares.empty());
  EXPECT_EQ(shares.front(), 0);
  EXPECT_TRUE(std::ranges::is_sorted(shares));
  EXPECT_LT(shares.back(), 1);
}

INSTANTIATE_TEST_SUITE_P(All, ExperimentsTest,
                         testing::Values(Tiny{"e1", {8, 12}, 10}, Tiny{"e2", {8, 12}, 2},
                                         Tiny{"e3", {8}, 5}, Tiny{"e4", {12}, 1},
                                         Tiny{"e5", {16, 20}, 2}, Tiny{"e6", {4, 6}, 1},
                                         Tiny{"e8", {20}, 1}, Tiny{"e10", {10, 12}, 1},
                                         Tiny{"e11", {8, 12}, 1}, Tiny{"e12", {8}, 1}),
                         [](const auto& tiny) { return std::string(tiny.param.id); });

TEST(ExperimentListTest, KnowsEachByItsNumberOnly) {
  EXPECT_EQ(experiments().size(), 10U);
  EXPECT_EQ(find_experiment("e5")->id, "e5");
  EXPECT_EQ(find_experiment("E5"), nullptr);
  EXPECT_EQ(find_experiment(""), nullptr);
}

TEST(ExperimentListTest, FindsTheSameForOneSeedAndElseSomethingElse) {
  const Experiment& e5 = *find_experiment("e5");
  const std::string once = rows_csv(e5, run_tiny({"e5", {16}, 2}));

  EXPECT_EQ(rows_csv(e5, run_tiny({"e5", {16}, 2})), once);
  EXPECT_NE(rows_csv(e5, run_tiny({"e5", {16}, 2}, 4)), once);
}

TEST(RollcallInExperimentsTest, KeepsItsBoundsEvenWhenTiny) {
  for (const Row& row : run_tiny({"e5", {16}, 8}).rows) {
    if (row.configuration != "rollcall" || !row.anchor) continue;
    EXPECT_TRUE(row.is_within().value_or(false)) << row.metric << " " << row.value;
  }
}

TEST(AnchorTest, JudgesByItsRule) {
  const auto within = [](double value, const Anchor& anchor) {
    return Row{.value = value, .anchor = anchor}.is_within();
  };

  EXPECT_EQ(within(10.9, published(10, 0.1, "x")), true);
  EXPECT_EQ(within(11.1, published(10, 0.1, "x")), false);
  EXPECT_EQ(within(8.9, published(10, 0.1, "x")), false);
  EXPECT_EQ(within(3, at_most(3)), true);
  EXPECT_EQ(within(3.1, at_most(3)), false);
  EXPECT_EQ(within(2.9, at_least(3)), false);
  EXPECT_EQ(within(100, beside(1, "x")), std::nullopt);
  EXPECT_EQ(Row{}.is_within(), std::nullopt);
}

TEST(AnchorTest, ReadsAsText) {
  EXPECT_EQ(anchor_text(published(1.58, 0.08, "x")), "1.58 ± 8 %");
  EXPECT_EQ(anchor_text(at_most(3)), "≤ 3");
  EXPECT_EQ(anchor_text(at_least(17)), "≥ 17");
  EXPECT_EQ(anchor_text(beside(12, "x")), "(12)");
  EXPECT_EQ(figure_text(0.00123456), "0.00123");
  EXPECT_EQ(figure_text(1834.4), "1834");
  EXPECT_EQ(figure_text(0), "0");
}

TEST(FindingsTest, BringsTheRowsOfAConfigurationTogether) {
  Findings findings;
  for (const char* name : {"b", "a", "b"}) findings.add({.configuration = name});
  findings.rows.back().members = 2;

  findings.group();

  EXPECT_EQ(findings.rows[0].configuration, "b");
  EXPECT_EQ(findings.rows[1].members, 2U);
  EXPECT_EQ(findings.rows[2].configuration, "a");
}

TEST(FindingsTest, TellsAShortTimeInMilliseconds) {
  Findings findings;
  findings.add({"a", 10, "time", "s", 0.0125});
  findings.add({"a", 20, "time", "s", 3.5});

  EXPECT_EQ(findings.told("a", "time", 10), "12.5 ms");
  EXPECT_EQ(findings.told("a", "time"), "3.5 s");
  EXPECT_EQ(findings.told("b", "time"), "?");
}

TEST(SummaryTest, RanksByTheNearest) {
  const Summary summary = summarize({4, 1, 3, 2});

  EXPECT_EQ(summary.count, 4U);
  EXPECT_EQ(summary.mean, 2.5);
  EXPECT_EQ(summary.p50, 2);
  EXPECT_EQ(summary.p99, 4);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summarize({}).count, 0U);
}

}  // namespace
}  // namespace rollcall::lab
