// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/host_id.hpp"
#include "sim/line.hpp"

namespace rollcall::sim {

using namespace std::chrono_literals;

/// How the delays of a link's packets are spread. Drawn without the mathematical library, whose
/// last digits differ from one system to the next.
enum class DelayShape : std::uint8_t {
  uniform,      // from min to max, each alike
  constant,     // min
  normal,       // around mean, with a standard deviation of a third of mean - min
  exponential,  // min, and an exponential rest that makes the mean
  pareto        // min, and a rest with a long tail (exponent 2) that makes the mean
};

/// How every link behaves. The defaults are those of one data centre.
struct LinkOptions {
  /// One way; each packet draws its own, so that packets overtake one another.
  Duration delay_min = 100us;
  /// Whatever the shape, no delay is longer.
  Duration delay_max = 500us;
  DelayShape shape = DelayShape::uniform;
  /// Before the longest are cut; not looked at by uniform and constant. At least delay_min.
  Duration delay_mean = 300us;
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

/// A rack or a data centre: hosts of two zones may have other links than those of one.
enum class ZoneId : std::uint32_t {};

/// Decides the fate of each packet: open path, loss, delay, copies, room on the hosts' lines.
///
/// Order: what a host sends draws from that host's own generator, one packet after another; so
///        no host's packets change the luck of another's. A question that is asked again has
///        another answer.
class Network {
 public:
  Network(const LinkOptions& link, Prng prng) : link_(link), prng_(prng) {}

  void add_host();

  // --- Links ---------------------------------------------------------------------------------
  /// Every link that has no options of its own.
  void set_link(const LinkOptions& link) { link_ = link; }
  [[nodiscard]] const LinkOptions& link() const { return link_; }
  /// All hosts begin in zone 0.
  void set_zone(HostId host, ZoneId zone) { zones_[index_of(host)] = zone; }
  [[nodiscard]] ZoneId zone(HostId host) const { return zones_[index_of(host)]; }
  /// The links between two zones, both ways; or those within one.
  void set_zone_link(ZoneId one, ZoneId other, const LinkOptions& link);
  /// The link from one host to another; it goes before their zones'.
  void set_pair_link(HostId from, HostId to, const LinkOptions& link) {
    pair_links_.insert_or_assign({from, to}, link);
  }
  [[nodiscard]] const LinkOptions& link(HostId from, HostId to) const {
    return zone_links_.empty() && pair_links_.empty() ? link_ : own_link(from, to);
  }

  // --- Hosts ---------------------------------------------------------------------------------
  void set_loss(HostId host, const HostLoss& loss);
  [[nodiscard]] const HostLoss& loss(HostId host) const { return losses_[index_of(host)]; }
  /// What the host's line carries; what waits on it goes as it would have gone.
  void set_bandwidth(HostId host, const Bandwidth& bandwidth);
  [[nodiscard]] bool has_bounded_lines() const { return has_bounded_lines_; }
  [[nodiscard]] Line& line_out(HostId host) { return lines_[index_of(host)].out; }
  [[nodiscard]] Line& line_in(HostId host) { return lines_[index_of(host)].in; }

  // --- Paths ---------------------------------------------------------------------------------
  /// Hosts of different groups cannot reach one another. All begin in group 0.
  void set_group(HostId host, std::uint32_t group) {
    groups_[index_of(host)] = group;
    has_groups_ = true;
  }
  [[nodiscard]] bool share_group(HostId one, HostId other) const {
    return !has_groups_ || groups_[index_of(one)] == groups_[index_of(other)];
  }
  void heal_groups();
  /// Nothing gets from one to the other; the way back is not touched.
  void cut(HostId from, HostId to) { cuts_.emplace(from, to); }
  void mend(HostId from, HostId to) { cuts_.erase({from, to}); }

  // --- One packet ----------------------------------------------------------------------------
  [[nodiscard]] bool is_open(HostId from, HostId to) const {
    return share_group(from, to) && (cuts_.empty() || !cuts_.contains({from, to}));
  }
  [[nodiscard]] bool loses_datagram(HostId from, HostId to) {
    if (happens(from, link(from, to).loss)) return true;
    return has_losses_ && (happens(from, loss(from).out) || happens(from, loss(to).in));
  }
  /// The share of pings that are answered while the path is open.
  [[nodiscard]] double answered_share(HostId from, HostId to) const {
    const auto arrives = [this](HostId one, HostId other) {
      return (1 - link(one, other).loss) * (1 - loss(one).out) * (1 - loss(other).in);
    };
    return arrives(from, to) * arrives(to, from);
  }
  [[nodiscard]] bool loses_segment(HostId from, HostId to);
  [[nodiscard]] Duration draw_delay(HostId from, HostId to);
  [[nodiscard]] Duration draw_datagram_delay(HostId from, HostId to);
  [[nodiscard]] bool duplicates(HostId from, HostId to) {
    return happens(from, link(from, to).duplicate);
  }

 private:
  struct Lines {
    Line out;
    Line in;
  };

  [[nodiscard]] const LinkOptions& own_link(HostId from, HostId to) const;
  [[nodiscard]] Prng& chance_of(HostId host) { return chances_[index_of(host)]; }
  [[nodiscard]] bool happens(HostId sender, double probability) {
    return probability > 0 && chance_of(sender).chance(probability);
  }

  LinkOptions link_;
  Prng prng_;  // only gives each host its own
  std::vector<Prng> chances_;
  std::vector<std::uint32_t> groups_;
  bool has_groups_ = false;  // some host may be in another group than 0
  std::vector<HostLoss> losses_;
  bool has_losses_ = false;
  std::vector<ZoneId> zones_;
  std::vector<Lines> lines_;
  bool has_bounded_lines_ = false;
  std::map<std::pair<ZoneId, ZoneId>, LinkOptions> zone_links_;
  std::map<std::pair<HostId, HostId>, LinkOptions> pair_links_;
  std::set<std::pair<HostId, HostId>> cuts_;
};

}  // namespace rollcall::sim
