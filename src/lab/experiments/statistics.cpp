// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"

namespace rollcall::lab {

double percentile_of(const std::vector<double>& sorted, double share) {
  ROLLCALL_CHECK(!sorted.empty());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Summary summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.count = values.size(),
          .mean = sum / static_cast<double>(values.size()),
          .min = values.front(),
          .p10 = percentile_of(values, 0.10),
          .p50 = percentile_of(values, 0.50),
          .p90 = percentile_of(values, 0.90),
          .p99 = percentile_of(values, 0.99),
          .max = values.back()};
}

}  // namespace rollcall::lab
