// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace rollcall::cli {

/// A line on the terminal that says how far a long run has come. Nothing is shown where stderr is
/// no terminal, nor for what is over within a second; nothing of it remains.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// The share that is done, from 0 to 1, and what is being done.
  void show(double share, const std::string& what);

 private:
  using Clock = std::chrono::steady_clock;

  bool is_terminal_;
  Clock::time_point began_;
  Clock::time_point next_;
  bool is_shown_ = false;
};

}  // namespace rollcall::cli
