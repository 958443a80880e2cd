// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/experiments/statistics.hpp"

namespace rollcall::lab {

/// How a measured value is held against a figure.
enum class Rule : std::uint8_t {
  about,     // within a share of it, either way
  at_most,   //
  at_least,  //
  shown      // put beside it, not judged: the figure's own conditions are not known
};

/// A figure to hold a measurement against, with where it comes from.
struct Anchor {
  double value = 0;
  Rule rule = Rule::about;
  /// For about: the share of the value that is allowed either way.
  double tolerance = 0;
  std::string source;
};

/// A published figure, to be met within a share of it.
Anchor published(double value, double tolerance, std::string source);
/// A published figure whose own conditions are not known well enough to be judged by.
Anchor beside(double value, std::string source);
/// One of rollcall's own goals.
Anchor at_most(double value);
Anchor at_least(double value);

/// One measured figure.
struct Row {
  std::string configuration;
  std::size_t members = 0;
  std::string metric;
  std::string unit;
  double value = 0;
  std::optional<Anchor> anchor = {};

  /// Nothing where there is nothing to judge by.
  [[nodiscard]] std::optional<bool> is_within() const;
};

/// One place of a plot: the median of what was measured there, and the band around it.
struct Point {
  double x = 0;
  double median = 0;
  double low = 0;
  double high = 0;
};

enum class Scale : std::uint8_t { linear, logarithmic };
enum class Mark : std::uint8_t {
  line,      // points joined, with their bands
  steps,     // each value holds until the next
  reference  // a published figure: dashed, no band
};

struct Series {
  std::string name;
  std::vector<Point> points;
  Mark mark = Mark::line;
};

struct Axis {
  std::string label;  // with its unit
  Scale scale = Scale::linear;
  /// The least distance of two ticks of a linear axis: 1 for what is counted; 0 for any.
  double step_min = 0;
};

struct Plot {
  std::string id;  // of a file name: letters, digits, '-'
  std::string title;
  std::string caption;
  Axis x;
  Axis y;
  std::vector<Series> series;
};

/// What an experiment found.
struct Findings {
  std::vector<Row> rows;
  std::vector<Plot> plots;
  /// What one sees, in two or three sentences made of what was measured.
  std::string seen;
  /// What could not be reproduced and why; what a reader must know besides.
  std::vector<std::string> notes;

  void add(Row row) { rows.push_back(std::move(row)); }
  /// Brings the rows of each configuration together, in the order in which they came.
  void group();
  [[nodiscard]] std::size_t judged() const;
  [[nodiscard]] std::size_t met() const;
  /// A measured value with its unit, for a sentence; "?" if there is none. The members may be 0:
  /// the last row that fits.
  [[nodiscard]] std::string told(const std::string& configuration, const std::string& metric,
                                 std::size_t members = 0) const;
};

/// Median, with the band from the tenth to the ninetieth percentile.
Point point_of(double x, const Summary& summary);

/// The distribution of a sample as a line: at x the share, in percent, of the values up to x.
std::vector<Point> distribution_of(std::vector<double> values);

/// About three significant digits: "0.00124", "12.7", "1830".
std::string figure_text(double value);
/// "≤ 3 s", "1.58 ± 6 %", "(12)".
std::string anchor_text(const Anchor& anchor);
/// "about", "at most", "at least" or "not judged".
std::string_view rule_word(Rule rule);

}  // namespace rollcall::lab
