// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace rollcall::lab {

/// What a sample of measurements comes to. All zero for an empty sample.
struct Summary {
  std::size_t count = 0;
  double mean = 0;
  double min = 0;
  double p10 = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

Summary summarize(std::vector<double> values);

/// The value below which a share of the sorted values lies, by the nearest rank; values must not
/// be empty.
double percentile_of(const std::vector<double>& sorted, double share);

}  // namespace rollcall::lab
