// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/gossip.hpp"

#include "core/mutants.hpp"

namespace rollcall::core {

void Gossip::announce(Slot slot, wire::Age age, std::optional<LifeId> witness) {
  if (is_mutant(Mutant::news_not_spread)) return;
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
  if (context_.config.profile == Profile::rollcall) {
    next_tick_ = context_.now + context_.prng.between(interval / 2, interval);
  } else if (context_.config.swim.gossip_ticks) {
    // As published: a tick of fixed length, at a phase of each member's own.
    const Duration due = context_.now - last_tick_;
    next_tick_ = due < interval ? last_tick_ + interval
                                : context_.now + context_.prng.between(Duration::zero(), interval);
  }
}

void Gossip::on_deadline() {
  if (context_.now < next_tick_) return;
  next_tick_ = never;
  last_tick_ = context_.now;
  if (queue_.empty()) return;
  const std::size_t fanout =
      context_.config.profile == Profile::swim && context_.config.gossip_fanout != 0
          ? context_.config.gossip_fanout
          : tick_fanout;
  for (const Slot target : context_.pick_live(fanout, [](Slot) { return true; })) {
    wire::DatagramWriter writer(context_.envelope());
    queue_.fill(writer);
    if (writer.empty()) break;
    context_.send(context_.table.at(target).address, writer);
  }
  if (!queue_.empty()) schedule_tick();
}

}  // namespace rollcall::core
