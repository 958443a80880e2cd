// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/van_renesse.hpp"

#include <numeric>
#include <vector>

namespace rollcall::lab {

Duration gossip_interval(const VanRenesse& service) {
  return from_seconds(8 * static_cast<double>(service.members) / service.bytes_per_second);
}

Duration fail_time(const VanRenesse& service) {
  const auto n = static_cast<double>(service.members);
  const std::size_t live = service.members - service.failed;
  // Any of n members may be the one that is missed by somebody.
  const double allowed = service.mistakes / n;
  std::vector<double> reached(live + 1);  // the chance that it has reached so many
  reached[1] = 1;
  std::vector<double> spreads(live + 1);
  for (std::size_t k = 1; k <= live; ++k) {
    spreads[k] = static_cast<double>(k) / n * static_cast<double>(live - k) / (n - 1);
  }
  std::size_t gossips = 0;
  while (std::accumulate(reached.begin(), reached.end() - 1, 0.0) > allowed) {
    for (std::size_t k = live; k >= 1; --k) {
      reached[k] = reached[k] * (1 - spreads[k]) + reached[k - 1] * spreads[k - 1];
    }
    ++gossips;
  }
  return scaled(gossip_interval(service), static_cast<double>(gossips) / n);
}

}  // namespace rollcall::lab
