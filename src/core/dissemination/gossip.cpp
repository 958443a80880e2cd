// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/gossip.hpp"

namespace rollcall::core {

void Gossip::announce(Slot slot, wire::Age age, std::optional<LifeId> witness) {
  queue_.add(slot, age, witness);
  if (context_.config.profile == Profile::rollcall) push_.add(slot, age, witness);
  schedule_tick();
}

void Gossip::mention(Slot slot) {
  queue_.add(slot, wire::Age::history);
  schedule_tick();
}

void Gossip::clear() {
  queue_.clear();
  push_.clear();
  next_tick_ = never;
}

void Gossip::schedule_tick() {
  if (next_tick_ != never) return;
  const Duration interval = context_.config.gossip_interval;
  next_tick_ = context_.now + context_.prng.between(interval / 2, interval);
}

void Gossip::on_deadline() {
  if (context_.now < next_tick_) return;
  next_tick_ = never;
  if (queue_.empty()) return;
  const std::size_t fanout =
      context_.config.profile == Profile::swim && context_.config.gossip_fanout != 0
          ? context_.config.gossip_fanout
          : tick_fanout;
  for (const Slot target : context_.pick_live(fanout, [](Slot) { return true; })) {
    writer_.begin(context_.envelope());
    queue_.fill(writer_);
    if (writer_.empty()) break;
    context_.send(context_.table.at(target).address, context_.effects->keep(writer_.bytes()));
  }
  if (!queue_.empty()) schedule_tick();
}

}  // namespace rollcall::core
