// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/update_queue.hpp"

#include <algorithm>
#include <cmath>

#include "core/mutants.hpp"

namespace rollcall::core {

wire::Update compose_update(const Record& record) {
  wire::Update update = to_update(record);
  update.has_tags = record.state == State::alive;
  return update;
}

std::size_t push_fanout(const Context& context) {
  if (context.config.gossip_fanout != 0) return context.config.gossip_fanout;
  const double members = static_cast<double>(std::max<std::size_t>(context.others(), 1));
  return std::min<std::size_t>(12, static_cast<std::size_t>(std::ceil(std::log(members))) + 3);
}

std::size_t UpdateQueue::send_limit(wire::Age age) const {
  const auto members = static_cast<double>(context_.table.size());
  const auto decades = static_cast<std::size_t>(std::ceil(std::log10(members + 1)));
  // Profile rollcall has pushed the update before: without loss about push_fanout() copies of it
  // are heard. Profile swim spreads by this alone.
  if (context_.config.profile == Profile::rollcall) {
    return age == wire::Age::news ? std::max(push_fanout(context_) - 1, 2 + decades) : 2 + decades;
  }
  const SwimTuning& swim = context_.config.swim;
  if (swim.update_sends != 0) return swim.update_sends;
  if (swim.growth == SwimTuning::Growth::decades) return 4 * decades;
  return 3 * static_cast<std::size_t>(std::ceil(std::log(members + 1)));
}

void UpdateQueue::add(Slot slot, wire::Age age, std::optional<LifeId> witness) {
  remove(slot);
  const Key key{.sends = 0, .newness = next_newness_--, .slot = slot};
  entries_[slot] = {
      .key = key,
      .limit = send_limit(age),
      .news_until = age == wire::Age::news ? context_.now + news_time : Instant::min(),
      .witness = witness};
  order_.insert(key);
}

void UpdateQueue::on_heard(Slot slot, const LifeId& witness) {
  if (context_.config.profile != Profile::rollcall) return;
  const auto entry = entries_.find(slot);
  if (entry == entries_.end() || compose(entry->second).witness != witness) return;
  const Key key = entry->second.key;
  order_.erase(key);
  count(key);
}

void UpdateQueue::count(Key key) {
  const auto entry = entries_.find(key.slot);
  if (++key.sends >= entry->second.limit && !is_mutant(Mutant::update_never_retired)) {
    entries_.erase(entry);
    return;
  }
  entry->second.key = key;
  order_.insert(key);
}

void UpdateQueue::remove(Slot slot) {
  const auto entry = entries_.find(slot);
  if (entry == entries_.end()) return;
  order_.erase(entry->second.key);
  entries_.erase(entry);
}

void UpdateQueue::clear() {
  order_.clear();
  entries_.clear();
}

wire::Update UpdateQueue::compose(const Entry& entry) const {
  wire::Update update = compose_update(context_.table.at(entry.key.slot));
  update.age = context_.now < entry.news_until ? wire::Age::news : wire::Age::history;
  if (entry.witness) update.witness = *entry.witness;
  return update;
}

std::optional<wire::Update> UpdateQueue::peek(Slot slot) const {
  const auto entry = entries_.find(slot);
  if (entry == entries_.end()) return std::nullopt;
  return compose(entry->second);
}

void UpdateQueue::fill(wire::DatagramWriter& writer) {
  if (order_.empty()) return;
  sent_.clear();
  for (const Key& key : order_) {
    if (!writer.add(compose(entries_.at(key.slot)))) break;
    sent_.push_back(key);
  }
  for (const Key& key : sent_) {
    order_.erase(key);
    count(key);
  }
}

}  // namespace rollcall::core
