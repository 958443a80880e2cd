// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/context.hpp"

namespace rollcall::core {

std::vector<Slot> Context::ring_judges_of(Slot slot) const {
  const Ring& ring = table.ring();
  const std::size_t place = table.ring_index(slot);
  std::vector<Slot> judges;
  for (std::size_t step = 1; step < ring.size() && judges.size() < ring_judges; ++step) {
    const Slot before = ring[(place + ring.size() - step) % ring.size()];
    if (table.at(before).state == State::alive) judges.push_back(before);
  }
  return judges;
}

}  // namespace rollcall::core
