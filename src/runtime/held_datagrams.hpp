// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "runtime/fault_rules.hpp"

namespace rollcall::runtime {

/// A datagram that is late on purpose.
struct HeldDatagram {
  Way way{};
  Address peer;
  ByteVector bytes;
};

/// The datagrams that are late on purpose, until their time comes.
///
/// Order:   what is due at one moment comes in the order in which it was held.
/// Limits:  datagrams_max, and bytes_max together.
/// Threads: none.
class HeldDatagrams {
 public:
  static constexpr std::size_t datagrams_max = 4096;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20U;

  /// False, and nothing is held, if there is no room.
  bool hold(HeldDatagram datagram, Instant due);
  /// As above, but it comes sooner if take_overtaken() asks for it. One a line.
  bool hold_to_be_overtaken(HeldDatagram datagram, Instant due);

  [[nodiscard]] bool has_overtaken(Way way, const Address& peer) const {
    return overtaken_.contains({way, peer});
  }
  std::optional<HeldDatagram> take_overtaken(Way way, const Address& peer);
  std::vector<HeldDatagram> take_due(Instant now);
  [[nodiscard]] Instant next_due() const { return held_.empty() ? never : held_.begin()->first; }

 private:
  using Queue = std::multimap<Instant, HeldDatagram>;

  [[nodiscard]] bool has_room(const HeldDatagram& datagram) const;
  HeldDatagram take(Queue::iterator at);

  Queue held_;
  std::map<std::pair<Way, Address>, Queue::iterator> overtaken_;
  std::size_t bytes_ = 0;
};

}  // namespace rollcall::runtime
