// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::cli {

enum class Paint : std::uint8_t { none, green, yellow, red, dim, bold };

/// Whether what is printed on stdout may be coloured: a terminal that can, and no NO_COLOR.
enum class Colours : std::uint8_t { off, on };
Colours stdout_colours();

/// The text between the terminal's codes for the paint.
std::string painted(std::string_view text, Paint paint, Colours colours);

/// The paint of a member's state.
Paint paint_of_state(std::string_view state);

/// Made from text without ceremony, so that a row reads as a list of its texts.
struct Cell {
  Cell(std::string shown, Paint with = Paint::none)  // NOLINT(google-explicit-constructor)
      : text(std::move(shown)),
        paint(with) {}
  Cell(const char* shown) : text(shown) {}  // NOLINT(google-explicit-constructor)

  std::string text;
  Paint paint = Paint::none;
};

enum class Align : std::uint8_t { left, right };
struct Column {
  std::string title;
  Align align = Align::left;
};

/// Rows under titles, each column as wide as its widest cell. Cells are made printable.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell for each column.
  void add(std::vector<Cell> row);
  [[nodiscard]] std::string text(Colours colours) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace rollcall::cli
