// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/standing_aside.hpp"

namespace rollcall::core {

void StandingAside::on_deadline() {
  if (context_.now < next_ping_) return;
  next_ping_ = context_.now + context_.config.probe_interval;
  for (const Slot slot : context_.pick_live(1, [](Slot) { return true; })) {
    pings_.sample(slot);
  }
}

}  // namespace rollcall::core
