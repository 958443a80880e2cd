// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "lab/runner.hpp"

namespace rollcall::cli {

using namespace std::chrono_literals;

std::string decimals(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string to_text_short(Duration duration) {
  const double seconds = to_seconds(duration);
  const auto three_digits = [](double number) {
    if (number < 10) return decimals(number, 2);
    return decimals(number, number < 100 ? 1 : 0);
  };
  if (duration == Duration::zero()) return "0s";
  if (duration < 1ms) return three_digits(seconds * 1e6) + "us";
  if (duration < 1s) return three_digits(seconds * 1e3) + "ms";
  if (duration < 2min) return three_digits(seconds) + "s";
  const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
  if (duration < 2h) {
    return std::to_string(whole / 1min) + "m" + std::to_string(whole % 1min / 1s) + "s";
  }
  return std::to_string(whole / 1h) + "h" + std::to_string(whole % 1h / 1min) + "m";
}

std::string spread_text(const std::vector<Duration>& times) {
  const auto spread = lab::spread_of(times);
  if (!spread) return "none";
  if (spread->count == 1) return to_text_short(spread->max);
  return "median " + to_text_short(spread->median) + ", p99 " + to_text_short(spread->p99) +
         ", max " + to_text_short(spread->max) + " (" + std::to_string(spread->count) + ")";
}

std::string hash_text(std::uint64_t hash) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace rollcall::cli
