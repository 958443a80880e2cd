// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "core/context.hpp"

namespace rollcall::core {

/// Has the addresses of some live members kept, for finding the cluster again after a restart.
///
/// Limits: peers_max addresses, written at most once per interval and only when they changed.
class PeerSaver {
 public:
  static constexpr std::size_t peers_max = 32;
  static constexpr Duration interval = std::chrono::seconds(10);
  /// The first list is kept soon, for a process may not live long.
  static constexpr Duration first_delay = std::chrono::seconds(1);

  explicit PeerSaver(Context& context) : context_(context) {}

  void on_member_changed() {
    if (next_save_ == never) next_save_ = context_.now + (saved_.empty() ? first_delay : interval);
  }

  void on_deadline() {
    if (context_.now < next_save_) return;
    next_save_ = never;
    std::vector<Address> peers;
    for (const Slot slot : context_.table.live()) {
      if (!context_.is_self(slot)) peers.push_back(context_.table.at(slot).address);
    }
    std::ranges::sort(peers);
    if (peers.size() > peers_max) {
      // Those kept before stay, if they live: a stable list is written rarely.
      std::ranges::sort(peers, {}, [this](const Address& peer) {
        return std::pair(!std::ranges::binary_search(saved_, peer), peer);
      });
      peers.resize(peers_max);
      std::ranges::sort(peers);
    }
    // An empty list is not kept: whoever is gone may come back.
    if (peers.empty() || peers == saved_) return;
    saved_ = peers;
    context_.effects->add(PersistPeers{std::move(peers)});
  }
  [[nodiscard]] Instant next_deadline() const { return next_save_; }

 private:
  Context& context_;
  std::vector<Address> saved_;
  Instant next_save_ = never;
};

}  // namespace rollcall::core
