// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace rollcall::launcher {

/// What went wrong, in the three parts of every message: what, why, and what to do.
struct Problem {
  enum class Kind : std::uint8_t {
    usage,    // what was asked for cannot be; nothing was done
    refused,  // not so, or not possible now
  };
  Kind kind = Kind::refused;
  std::string what;
  std::string why;
  std::string todo;
  /// Further lines to show, such as the end of a log.
  std::vector<std::string> details = {};
};

using Done = std::expected<void, Problem>;

/// Gets one line for each thing done, as it is done.
using Notice = std::function<void(const std::string& line)>;

}  // namespace rollcall::launcher
