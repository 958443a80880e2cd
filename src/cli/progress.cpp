// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

#include <unistd.h>

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

constexpr int bar_width = 30;
constexpr auto shown_after = 1s;
constexpr auto shown_every = 100ms;

}  // namespace

ProgressLine::ProgressLine()
    : is_terminal_(isatty(STDERR_FILENO) == 1),
      began_(Clock::now()),
      next_(began_ + shown_after) {}

ProgressLine::~ProgressLine() {
  if (is_shown_) std::cerr << "\r\x1B[K" << std::flush;
}

void ProgressLine::show(double share, const std::string& what) {
  if (!is_terminal_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + shown_every;
  is_shown_ = true;
  const double done = std::clamp(share, 0.0, 1.0);
  const auto filled = static_cast<int>(std::lround(done * bar_width));
  std::string bar;
  for (int i = 0; i < bar_width; ++i) bar += i < filled ? "█" : "░";
  std::cerr << "\r\x1B[K" << bar << ' ' << std::lround(done * 100) << "% " << what << std::flush;
}

}  // namespace rollcall::cli
