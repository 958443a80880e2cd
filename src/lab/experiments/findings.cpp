// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/findings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace rollcall::lab {

Anchor published(double value, double tolerance, std::string source) {
  return {.value = value, .rule = Rule::about, .tolerance = tolerance, .source = std::move(source)};
}
Anchor beside(double value, std::string source) {
  return {.value = value, .rule = Rule::shown, .source = std::move(source)};
}
Anchor at_most(double value) {
  return {.value = value, .rule = Rule::at_most, .source = "rollcall's goal"};
}
Anchor at_least(double value) {
  return {.value = value, .rule = Rule::at_least, .source = "rollcall's goal"};
}

std::optional<bool> Row::is_within() const {
  if (!anchor) return std::nullopt;
  switch (anchor->rule) {
    case Rule::about:
      return std::abs(value - anchor->value) <= anchor->tolerance * std::abs(anchor->value);
    case Rule::at_most:
      return value <= anchor->value;
    case Rule::at_least:
      return value >= anchor->value;
    case Rule::shown:
      break;
  }
  return std::nullopt;
}

void Findings::group() {
  std::vector<std::string> order;
  for (const Row& row : rows) {
    if (std::ranges::find(order, row.configuration) == order.end()) {
      order.push_back(row.configuration);
    }
  }
  std::ranges::stable_sort(rows, {}, [&](const Row& row) {
    return std::ranges::find(order, row.configuration) - order.begin();
  });
}

std::size_t Findings::judged() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows, [](const Row& row) { return row.is_within().has_value(); }));
}

std::size_t Findings::met() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows, [](const Row& row) { return row.is_within().value_or(false); }));
}

std::string Findings::told(const std::string& configuration, const std::string& metric,
                           std::size_t members) const {
  std::string text = "?";
  for (const Row& row : rows) {
    const bool fits = row.configuration == configuration && row.metric == metric;
    if (!fits || (members != 0 && row.members != members)) continue;
    const bool is_short = row.unit == "s" && row.value < 0.1;
    text =
        is_short ? figure_text(1000 * row.value) + " ms" : figure_text(row.value) + " " + row.unit;
  }
  return text;
}

Point point_of(double x, const Summary& summary) {
  return {.x = x, .median = summary.p50, .low = summary.p10, .high = summary.p90};
}

std::vector<Point> distribution_of(std::vector<double> values) {
  constexpr int steps = 100;
  std::vector<Point> points;
  if (values.empty()) return points;
  std::ranges::sort(values);
  for (int i = 0; i < steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    const double percent = 100 * share;
    points.push_back({percentile_of(values, share), percent, percent, percent});
  }
  points.push_back({values.back(), 100, 100, 100});
  return points;
}

std::string figure_text(double value) {
  if (value == 0) return "0";
  std::array<char, 32> text{};
  const double size = std::abs(value);
  const bool is_whole = std::round(value) == value && size < 1e7;
  const char* format = is_whole ? "%.0f" : "%.3g";
  if (!is_whole && size >= 999.5 && size < 1e7) format = "%.0f";
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string_view rule_word(Rule rule) {
  switch (rule) {
    case Rule::about:
      return "about";
    case Rule::at_most:
      return "at most";
    case Rule::at_least:
      return "at least";
    case Rule::shown:
      return "not judged";
  }
  return "";
}

std::string anchor_text(const Anchor& anchor) {
  const std::string value = figure_text(anchor.value);
  switch (anchor.rule) {
    case Rule::about:
      return value + " ± " + figure_text(std::round(anchor.tolerance * 100)) + " %";
    case Rule::at_most:
      return "≤ " + value;
    case Rule::at_least:
      return "≥ " + value;
    case Rule::shown:
      break;
  }
  return "(" + value + ")";
}

}  // namespace rollcall::lab
