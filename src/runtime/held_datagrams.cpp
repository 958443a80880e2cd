// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/held_datagrams.hpp"

namespace rollcall::runtime {

bool HeldDatagrams::has_room(const HeldDatagram& datagram) const {
  return held_.size() < datagrams_max && bytes_ + datagram.bytes.size() <= bytes_max;
}

bool HeldDatagrams::hold(HeldDatagram datagram, Instant due) {
  if (!has_room(datagram)) return false;
  bytes_ += datagram.bytes.size();
  held_.emplace(due, std::move(datagram));
  return true;
}

bool HeldDatagrams::hold_to_be_overtaken(HeldDatagram datagram, Instant due) {
  if (!has_room(datagram)) return false;
  bytes_ += datagram.bytes.size();
  const std::pair line{datagram.way, datagram.peer};
  overtaken_.insert_or_assign(line, held_.emplace(due, std::move(datagram)));
  return true;
}

std::optional<HeldDatagram> HeldDatagrams::take_overtaken(Way way, const Address& peer) {
  const auto found = overtaken_.find({way, peer});
  if (found == overtaken_.end()) return std::nullopt;
  return take(found->second);
}

std::vector<HeldDatagram> HeldDatagrams::take_due(Instant now) {
  std::vector<HeldDatagram> due;
  while (next_due() <= now && !held_.empty()) due.push_back(take(held_.begin()));
  return due;
}

HeldDatagram HeldDatagrams::take(Queue::iterator at) {
  const auto waiting = overtaken_.find({at->second.way, at->second.peer});
  if (waiting != overtaken_.end() && waiting->second == at) overtaken_.erase(waiting);
  HeldDatagram datagram = std::move(at->second);
  bytes_ -= datagram.bytes.size();
  held_.erase(at);
  return datagram;
}

}  // namespace rollcall::runtime
