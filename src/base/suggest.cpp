// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace rollcall {
namespace {

/// Longer words than any of ours are not compared: the cost is the product of the lengths.
constexpr std::size_t word_bytes_max = 64;

/// One letter in three may be wrong, and two in short words.
std::size_t distance_max(std::string_view word) {
  return std::max<std::size_t>(2, word.size() / 3);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t column = 0; column <= b.size(); ++column) last[column] = column;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view typed, std::span<const std::string_view> words) {
  if (typed.size() > word_bytes_max) return {};
  std::string_view best;
  std::size_t best_distance = distance_max(typed) + 1;
  for (const std::string_view word : words) {
    const std::size_t distance = edit_distance(typed, word);
    // A word of which nothing is left, of either, is no help.
    if (distance < best_distance && distance < std::min(word.size(), typed.size())) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace rollcall
