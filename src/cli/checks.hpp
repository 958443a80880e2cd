// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

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

}  // namespace rollcall::cli
