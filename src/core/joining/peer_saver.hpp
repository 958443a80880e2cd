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
    if (context_.now >= next_save_) save();
  }
  /// Before leaving: what has changed since the last time is kept now, for later is too late.
  void on_leaving() {
    if (next_save_ != never) save();
  }
  [[nodiscard]] Instant next_deadline() const { return next_save_; }

 private:
  void save() {
    next_save_ = never;
    // Those kept before stay, if they live: a stable list is written rarely.
    std::vector<Address> peers = saved_;
    std::erase_if(peers, [this](const Address& peer) {
      const auto slot = context_.table.find_live_at(peer);
      return !slot || context_.is_self(*slot);
    });
    const std::vector<Address> kept = peers;
    const auto is_new = [&](Slot slot) {
      return !std::ranges::binary_search(kept, context_.table.at(slot).address);
    };
    for (const Slot slot : context_.pick_live(peers_max - kept.size(), is_new)) {
      peers.push_back(context_.table.at(slot).address);
    }
    std::ranges::sort(peers);
    // An empty list is not kept: whoever is gone may come back.
    if (peers.empty() || peers == saved_) return;
    saved_ = peers;
    context_.effects->add(PersistPeers{std::move(peers)});
  }

  Context& context_;
  std::vector<Address> saved_;
  Instant next_save_ = never;
};

}  // namespace rollcall::core
