// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/eager_push.hpp"

#include <algorithm>

namespace rollcall::core {

std::optional<wire::Update> EagerPush::compose(const News& news) const {
  if (!context_.table.is_used(news.slot)) return std::nullopt;
  const Record& record = context_.table.at(news.slot);
  if (record.life.id != news.life) return std::nullopt;  // the new life has its own entry
  wire::Update update = compose_update(record);
  update.age = news.age;
  if (news.witness) update.witness = *news.witness;
  return update;
}

/// Both neighbours on the ring, then random members. A member needs no news that is only about
/// itself.
std::vector<Slot> EagerPush::pick_targets(std::optional<Slot> only_about) const {
  std::vector<Slot> targets;
  const auto is_wanted = [&](Slot slot) {
    return slot != only_about && std::ranges::find(targets, slot) == targets.end();
  };
  const std::size_t fanout = push_fanout(context_);
  for (const Slot slot : ring_neighbours()) {
    if (is_wanted(slot) && targets.size() < fanout) targets.push_back(slot);
  }
  const auto random = context_.pick_live(fanout - targets.size(), is_wanted);
  targets.insert(targets.end(), random.begin(), random.end());
  return targets;
}

std::vector<Slot> EagerPush::ring_neighbours() const {
  const Ring& ring = context_.table.ring();
  if (!is_live(context_.self_record().state) || ring.size() < 2) return {};
  const std::size_t place = context_.table.ring_index(context_.self);
  return {ring[(place + 1) % ring.size()], ring[(place + ring.size() - 1) % ring.size()]};
}

void EagerPush::flush_if_due() {
  if (pending_.empty() || context_.now < last_flush_ + spacing) return;
  last_flush_ = context_.now;
  // A member needs no news of itself; accusations reach it by tell_subjects().
  const std::optional<Slot> only_about =
      pending_.size() == 1 ? std::optional(pending_.front().slot) : std::nullopt;
  tell_subjects();
  pack();
  if (packed_.empty()) return;
  const std::vector<Slot> targets = pick_targets(only_about);
  for (const Slot target : targets) {
    for (const Slice payload : packed_) context_.send(context_.table.at(target).address, payload);
  }
}

/// A member that this node accuses or declares failed hears it from this node: if it lives, it
/// can answer. Others do not repeat it to the member, who would get N copies.
void EagerPush::tell_subjects() {
  for (const News& news : pending_) {
    const auto update = compose(news);
    if (!update || update->witness != context_.self_record().life.id) continue;
    if (update->state != State::suspect && update->state != State::failed) continue;
    wire::DatagramWriter writer(context_.envelope());
    if (writer.add(*update)) context_.send(update->address, writer);
  }
}

void EagerPush::pack() {
  packed_.clear();
  wire::DatagramWriter writer(context_.envelope());
  std::size_t taken = 0;
  while (taken < pending_.size() && packed_.size() < datagrams_max) {
    writer.begin(context_.envelope());
    while (taken < pending_.size()) {
      const auto update = compose(pending_[taken]);
      if (update && !writer.add(*update)) break;
      ++taken;
    }
    if (!writer.empty()) packed_.push_back(context_.effects->keep(writer.bytes()));
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
}

}  // namespace rollcall::core
