// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include "base/check.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

constexpr std::size_t column_gap = 2;

std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::none:
      return "";
    case Paint::green:
      return "\x1B[32m";
    case Paint::yellow:
      return "\x1B[33m";
    case Paint::red:
      return "\x1B[31m";
    case Paint::dim:
      return "\x1B[2m";
    case Paint::bold:
      return "\x1B[1m";
  }
  return "";
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Colours stdout_colours() {
  const bool wanted =
      isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return wanted ? Colours::on : Colours::off;
}

std::string painted(std::string_view text, Paint paint, Colours colours) {
  if (colours == Colours::off || paint == Paint::none) return std::string(text);
  return std::string(code_of(paint)) + std::string(text) + "\x1B[0m";
}

Paint paint_of_state(std::string_view state) {
  if (state == "alive") return Paint::green;
  if (state == "suspect") return Paint::yellow;
  if (state == "failed") return Paint::red;
  return Paint::dim;
}

void Table::add(std::vector<Cell> row) {
  ROLLCALL_CHECK(row.size() == columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::text(Colours colours) const {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width(columns_[i].title));
    titles.emplace_back(columns_[i].title, Paint::bold);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width(row[i].text));
  }

  std::string all;
  const auto append = [&](const std::vector<Cell>& row) {
    std::string line;
    std::size_t gap = 0;  // spaces due before the next cell that shows something
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t padding = widths[i] - width(row[i].text);
      const bool right = columns_[i].align == Align::right;
      if (row[i].text.empty()) {
        gap += padding + column_gap;
        continue;
      }
      line += std::string(gap + (right ? padding : 0), ' ');
      line += painted(row[i].text, row[i].paint, colours);
      gap = (right ? 0 : padding) + column_gap;
    }
    all += line + "\n";
  };
  append(titles);
  for (const auto& row : rows_) append(row);
  return all;
}

}  // namespace rollcall::cli
