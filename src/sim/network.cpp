// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <algorithm>

namespace rollcall::sim {

void Network::add_host() {
  groups_.push_back(0);
  losses_.emplace_back();
}

void Network::heal_groups() {
  std::ranges::fill(groups_, 0U);
}

bool Network::is_open(HostId from, HostId to) const {
  if (!share_group(from, to)) return false;
  return cuts_.empty() || !cuts_.contains({from, to});
}

bool Network::loses_datagram(HostId from, HostId to) {
  return happens(link_.loss) || happens(loss(from).out) || happens(loss(to).in);
}

bool Network::loses_segment(HostId from, HostId to) {
  const bool leaves = loss(from).scope == LossScope::datagrams || !happens(loss(from).out);
  const bool enters = loss(to).scope == LossScope::datagrams || !happens(loss(to).in);
  return happens(link_.loss) || !leaves || !enters;
}

Duration Network::draw_datagram_delay() {
  const Duration delay = draw_delay();
  if (!happens(link_.reorder)) return delay;
  return delay + prng_.between(Duration::zero(), link_.reorder_by);
}

}  // namespace rollcall::sim
