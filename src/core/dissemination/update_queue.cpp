// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/update_queue.hpp"

#include <cmath>

namespace rollcall::core {

wire::Update compose_update(const Record& record) {
  wire::Update update = to_update(record);
  update.has_tags = record.state == State::alive;
  return update;
}

std::size_t UpdateQueue::send_limit() const {
  const auto members = static_cast<double>(context_.table.size());
  const auto decades = static_cast<std::size_t>(std::ceil(std::log10(members + 1)));
  // Profile swim spreads by this alone; profile rollcall has pushed the update before, and
  // repeats it only for those whom loss kept from it.
  return context_.config.profile == Profile::swim ? 4 * decades : 2 + decades;
}

void UpdateQueue::add(Slot slot, wire::Age age, std::optional<LifeId> witness) {
  remove(slot);
  if (entries_.size() <= index_of(slot)) entries_.resize(index_of(slot) + 1);
  Entry& entry = entries_[index_of(slot)];
  entry = {.key = {.sends = 0, .newness = next_newness_--, .slot = slot},
           .news_until = age == wire::Age::news ? context_.now + news_time : Instant::min(),
           .witness = witness,
           .queued = true};
  order_.insert(entry.key);
}

void UpdateQueue::remove(Slot slot) {
  if (entries_.size() <= index_of(slot)) return;
  Entry& entry = entries_[index_of(slot)];
  if (!entry.queued) return;
  order_.erase(entry.key);
  entry.queued = false;
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
  if (entries_.size() <= index_of(slot) || !entries_[index_of(slot)].queued) return std::nullopt;
  return compose(entries_[index_of(slot)]);
}

void UpdateQueue::fill(wire::DatagramWriter& writer) {
  if (order_.empty()) return;
  sent_.clear();
  for (const Key& key : order_) {
    if (!writer.add(compose(entries_[index_of(key.slot)]))) break;
    sent_.push_back(key);
  }
  const std::size_t limit = send_limit();
  for (Key key : sent_) {
    order_.erase(key);
    Entry& entry = entries_[index_of(key.slot)];
    ++key.sends;
    entry.key = key;
    entry.queued = key.sends < limit;
    if (entry.queued) order_.insert(key);
  }
}

}  // namespace rollcall::core
