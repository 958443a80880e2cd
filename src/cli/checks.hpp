// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace rollcall::cli {

/// A check of a flag's value: a whole number within bounds, said in words where it is none.
inline auto whole_number(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    const bool valid = error == std::errc() && stopped == end && number >= least && number <= most;
    return valid ? ""
                 : "'" + text + "' is not a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most);
  };
}

/// A check of a flag's value: one of these words.
inline auto one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::ranges::find(words, text) != words.end()) return "";
    std::string allowed;
    for (const std::string& word : words) allowed += (allowed.empty() ? "" : ", ") + word;
    return "'" + text + "' is not one of " + allowed;
  };
}

/// A check of a flag's value: a duration.
inline std::string check_duration(const std::string& text) {
  return parse_duration(text) ? "" : "'" + text + "' is no duration, such as 500ms, 10s or 2m";
}

}  // namespace rollcall::cli
