// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <algorithm>

#include "sim/delay.hpp"

namespace rollcall::sim {

void Network::add_host() {
  chances_.emplace_back(prng_.next());
  groups_.push_back(0);
  losses_.emplace_back();
  zones_.push_back(ZoneId{0});
  lines_.emplace_back();
}

void Network::set_zone_link(ZoneId one, ZoneId other, const LinkOptions& link) {
  zone_links_.insert_or_assign({std::min(one, other), std::max(one, other)}, link);
}

const LinkOptions& Network::own_link(HostId from, HostId to) const {
  if (const auto pair = pair_links_.find({from, to}); pair != pair_links_.end()) {
    return pair->second;
  }
  const ZoneId one = zone(from);
  const ZoneId other = zone(to);
  const auto zones = zone_links_.find({std::min(one, other), std::max(one, other)});
  return zones == zone_links_.end() ? link_ : zones->second;
}

void Network::set_loss(HostId host, const HostLoss& loss) {
  losses_[index_of(host)] = loss;
  has_losses_ = std::ranges::any_of(
      losses_, [](const HostLoss& each) { return each.in > 0 || each.out > 0; });
}

void Network::set_bandwidth(HostId host, const Bandwidth& bandwidth) {
  line_out(host).set(bandwidth.out_bytes_per_second, bandwidth.queue_bytes);
  line_in(host).set(bandwidth.in_bytes_per_second, bandwidth.queue_bytes);
  has_bounded_lines_ = std::ranges::any_of(
      lines_, [](const Lines& lines) { return lines.out.is_bounded() || lines.in.is_bounded(); });
}

void Network::heal_groups() {
  std::ranges::fill(groups_, 0U);
  has_groups_ = false;
}

bool Network::loses_segment(HostId from, HostId to) {
  const bool leaves = loss(from).scope == LossScope::datagrams || !happens(from, loss(from).out);
  const bool enters = loss(to).scope == LossScope::datagrams || !happens(from, loss(to).in);
  return happens(from, link(from, to).loss) || !leaves || !enters;
}

Duration Network::draw_delay(HostId from, HostId to) {
  return sim::draw_delay(link(from, to), chance_of(from));
}

Duration Network::draw_datagram_delay(HostId from, HostId to) {
  const LinkOptions& options = link(from, to);
  const Duration delay = sim::draw_delay(options, chance_of(from));
  if (!happens(from, options.reorder)) return delay;
  return delay + chance_of(from).between(Duration::zero(), options.reorder_by);
}

}  // namespace rollcall::sim
