// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/host_id.hpp"

namespace rollcall::sim {

using namespace std::chrono_literals;

/// How every link behaves. The defaults are those of one data centre.
struct LinkOptions {
  /// One way; each packet draws its own, so that packets overtake one another.
  Duration delay_min = 100us;
  Duration delay_max = 500us;
  /// The chance that a packet is lost, one way.
  double loss = 0;
  /// The chance that a datagram arrives twice.
  double duplicate = 0;
  /// The chance that a datagram is held back by up to reorder_by.
  double reorder = 0;
  Duration reorder_by = 20ms;
};

enum class LossScope : std::uint8_t {
  datagrams,  // a firewall or a full socket buffer: streams are not touched
  all
};

/// Loss at one host, on top of the links' own.
struct HostLoss {
  double in = 0;
  double out = 0;
  LossScope scope = LossScope::all;
};

/// Decides the fate of each packet: open path, loss, delay, copies.
///
/// Order: draws from its own generator, one packet after another; a question that is asked again
///        has another answer.
class Network {
 public:
  Network(const LinkOptions& link, Prng prng) : link_(link), prng_(prng) {}

  void add_host();

  void set_link(const LinkOptions& link) { link_ = link; }
  [[nodiscard]] const LinkOptions& link() const { return link_; }
  void set_loss(HostId host, const HostLoss& loss) { losses_[index_of(host)] = loss; }
  [[nodiscard]] const HostLoss& loss(HostId host) const { return losses_[index_of(host)]; }

  /// Hosts of different groups cannot reach one another. All begin in group 0.
  void set_group(HostId host, std::uint32_t group) { groups_[index_of(host)] = group; }
  [[nodiscard]] bool share_group(HostId one, HostId other) const {
    return groups_[index_of(one)] == groups_[index_of(other)];
  }
  void heal_groups();
  /// Nothing gets from one to the other; the way back is not touched.
  void cut(HostId from, HostId to) { cuts_.emplace(from, to); }
  void mend(HostId from, HostId to) { cuts_.erase({from, to}); }

  [[nodiscard]] bool is_open(HostId from, HostId to) const;
  [[nodiscard]] bool loses_datagram(HostId from, HostId to);
  [[nodiscard]] bool loses_segment(HostId from, HostId to);
  [[nodiscard]] Duration draw_delay() { return prng_.between(link_.delay_min, link_.delay_max); }
  [[nodiscard]] Duration draw_datagram_delay();
  [[nodiscard]] bool duplicates() { return happens(link_.duplicate); }

 private:
  [[nodiscard]] bool happens(double probability) {
    return probability > 0 && prng_.chance(probability);
  }

  LinkOptions link_;
  Prng prng_;
  std::vector<std::uint32_t> groups_;
  std::vector<HostLoss> losses_;
  std::set<std::pair<HostId, HostId>> cuts_;
};

}  // namespace rollcall::sim
