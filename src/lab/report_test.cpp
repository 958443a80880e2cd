// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/report_axis.hpp"
#include "lab/report_plot.hpp"

namespace rollcall::lab {
namespace {

Experiment experiment() {
  return {.id = "e0", .title = "A & B", .question = "Is 1 < 2?", .method = "Counted."};
}

Findings findings() {
  Findings result;
  result.seen = "Seen.";
  result.add({"swim, \"one\"", 128, "time", "s", 12.25, published(12.7, 0.1, "a <paper>")});
  result.add({"rollcall", 1000, "time", "s", 5, at_most(3)});
  result.add({"rollcall", 1000, "bytes", "B", 7, {}});
  result.plots.push_back(
      {.id = "times",
       .title = "Times",
       .caption = "Caption.",
       .x = {"members", Scale::logarithmic},
       .y = {"seconds", Scale::logarithmic},
       .series = {{"swim & co", {{10, 2, 1, 3}, {1000, 4, 3, 9}}},
                  {"rollcall", {{10, 0, 0, 0}, {1000, 1, 1, 1}}},
                  {"model", {{10, 2, 2, 2}, {1000, 3, 3, 3}}, Mark::reference}}});
  result.notes.emplace_back("A note.");
  return result;
}

RunRecord run_record() {
  return {.seed = 7,
          .repetitions = 30,
          .members = {128, 1000},
          .command = "rollcall simulate --experiment e0 --seed 7",
          .program = "rollcall 0.0.0",
          .seconds = 1.5};
}

/// Empty when every element that is opened is closed, in order, and no '&' or '<' stands alone;
/// else what is wrong. That is what makes a page readable by any program.
std::string fault_of(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '&') {
      const std::size_t end = text.find(';', at);
      if (end == std::string::npos || end - at > 6) return "a bare & at " + text.substr(at, 20);
    }
    if (text[at] != '<') continue;
    const std::size_t end = text.find('>', at);
    if (end == std::string::npos) return "an open < at " + text.substr(at, 20);
    const std::string tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) return "a < within <" + tag;
    const std::string name = tag.substr(tag.starts_with('/') ? 1 : 0, tag.find(' '));
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "</" + name + "> closes nothing";
      open.pop_back();
    } else if (!tag.starts_with('!') && !tag.ends_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end;
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(FaultOfTest, ObjectsToWhatIsNotWellFormed) {
  EXPECT_EQ(fault_of("<a><b c=\"1\"/>x &amp; y</a>"), "");
  EXPECT_NE(fault_of("<a><b></a>"), "");
  EXPECT_NE(fault_of("<a>1 & 2 or more</a>"), "");
  EXPECT_NE(fault_of("<a>"), "");
}

TEST(ReportTest, IsAWellFormedPageWithEverySeriesAndRow) {
  const std::string page = report_html(experiment(), findings(), run_record());

  EXPECT_EQ(fault_of(page), "");
  for (const char* part : {"swim &amp; co", ">rollcall<", ">model<", "A &amp; B", "1 &lt; 2",
                           "a &lt;paper&gt;", "A note.", "Seen.", "✓ met", "✗ not met",
                           "rollcall simulate --experiment e0 --seed 7", "1 of 2"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST(ReportTest, NeedsNothingFromElsewhere) {
  const std::string page = report_html(experiment(), findings(), run_record());

  for (const char* part : {"http:", "https:", "src=", "@import", "url(", "<script"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(PlotTest, DrawsALineForEachSeriesAndABandWhereThereIsOne) {
  const std::string svg = to_svg(findings().plots.front());

  EXPECT_EQ(fault_of(svg), "");
  EXPECT_EQ(count_of(svg, "<polyline"), 3U);
  EXPECT_EQ(count_of(svg, "<polygon"), 1U);
  // Rollcall's first point is zero: a logarithmic axis has no place for it.
  EXPECT_EQ(count_of(svg, "<circle"), 3U);
  EXPECT_EQ(count_of(svg, "line c0"), 2U) << "rollcall's line and its name have the first colour";
}

TEST(PlotTest, SaysWhereASeriesHasNoPlaceOnALogarithmicAxis) {
  Plot plot = findings().plots.front();
  plot.series[1].points = {{10, 0, 0, 0}};

  EXPECT_NE(to_svg(plot).find(">rollcall: none<"), std::string::npos);
}

TEST(PlotTest, DrawsAPlotWithoutPoints) {
  const Plot plot{.id = "empty", .title = "Nothing", .series = {{"a", {}}, {"b", {}}}};

  EXPECT_EQ(fault_of(to_svg(plot)), "");
}

TEST(CsvTest, QuotesWhatMustBeQuoted) {
  EXPECT_EQ(
      rows_csv(experiment(), findings()),
      "experiment,configuration,members,metric,unit,value,anchor,rule,tolerance,source,within\n"
      "e0,\"swim, \"\"one\"\"\",128,time,s,12.25,12.7,about,0.1,a <paper>,yes\n"
      "e0,rollcall,1000,time,s,5,3,at most,,rollcall's goal,no\n"
      "e0,rollcall,1000,bytes,B,7,,,,,\n");
}

TEST(CsvTest, HasALineForEachPoint) {
  EXPECT_EQ(count_of(points_csv(findings()), "\n"), 7U);
}

TEST(ReportTest, IsWrittenAsThreeFiles) {
  const auto directory = std::filesystem::path(testing::TempDir()) / "rollcall-report" / "new";
  std::filesystem::remove_all(directory);

  const auto written = write_report(directory, experiment(), findings(), run_record());

  ASSERT_TRUE(written) << written.error();
  ASSERT_EQ(written->size(), 3U);
  for (const auto& path : *written) EXPECT_GT(std::filesystem::file_size(path), 50U) << path;
  std::filesystem::remove_all(directory.parent_path());
}

TEST(ReportTest, SaysWhereItCouldNotBeWritten) {
  const auto file = std::filesystem::path(testing::TempDir()) / "rollcall-no-directory";
  std::ofstream(file) << "a file";

  const auto written = write_report(file, experiment(), findings(), run_record());

  ASSERT_FALSE(written);
  EXPECT_NE(written.error().find("rollcall-no-directory"), std::string::npos);
  std::filesystem::remove(file);
}

TEST(AxisTest, HasRoundTicksThatHoldEveryValue) {
  const AxisScale linear(Scale::linear, 0, 13);
  EXPECT_EQ(linear.ticks().front(), 0);
  EXPECT_EQ(linear.ticks().back(), 15);
  EXPECT_EQ(linear.share(15), 1);

  const AxisScale logarithmic(Scale::logarithmic, 0.003, 40);
  EXPECT_TRUE(std::ranges::all_of(logarithmic.ticks(), [](double tick) {
    const double power = std::log10(tick);
    return std::abs(power - std::round(power)) < 1e-9;
  })) << "over four decades only powers of ten";
  EXPECT_GE(logarithmic.share(0.003), 0);
  EXPECT_FALSE(logarithmic.has_place(0));
}

TEST(AxisTest, CountsInWholeSteps) {
  const AxisScale flat(Scale::linear, 1000, 1000, 1);
  EXPECT_EQ(flat.ticks(), (std::vector<double>{1000, 1001}));
  EXPECT_EQ(tick_text(999.8), "1,000");
}

TEST(AxisTest, LiesWhereItsScaleSays) {
  const AxisScale logarithmic(Scale::logarithmic, 1, 100);

  EXPECT_NEAR(logarithmic.share(10), 0.5, 1e-9);
  EXPECT_EQ(logarithmic.share(1000), 1);
  EXPECT_EQ(tick_text(10'000), "10,000");
  EXPECT_EQ(tick_text(0.05), "0.05");
}

}  // namespace
}  // namespace rollcall::lab
