// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.hpp"
#include "registry/types.hpp"
#include "sim/agreement/checkers.hpp"
#include "sim/agreement/observer.hpp"
#include "sim/agreement/world.hpp"

namespace rollcall::sim::agreement {

/// Readers that follow a group's views through one member after the other, and resume by the number
/// of the last view they saw. They object (`watches`) to a gap, and to another view than was agreed
/// on; what they have seen already they are not shown again, as a server does it that knows their
/// number.
class Watchers final : public Observer {
 public:
  Watchers(AgreementWorld& world, Checkers& checkers, std::uint64_t seed)
      : world_(world),
        checkers_(checkers),
        prng_(seed) {}

  void add(std::string group) { watchers_.push_back({.group = std::move(group), .at = {}}); }
  /// From now on they come and go until the world ends.
  void begin();
  /// Nobody goes away any more.
  void stay() { are_staying_ = true; }
  /// Empty, or who has not seen the last view.
  [[nodiscard]] std::string missing() const;
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

  void on_changed(Run run, const std::vector<registry::ViewDelta>& changes) override;
  void on_reset(Run run) override;
  void on_end(Run run) override;

 private:
  struct Watcher {
    std::string group;
    std::optional<Run> at;
    std::uint64_t last = 0;
  };

  void come_and_go();
  void resume(Watcher& watcher);
  void show(Watcher& watcher, const registry::ViewDelta& delta);

  AgreementWorld& world_;
  Checkers& checkers_;
  Prng prng_;
  std::vector<Watcher> watchers_;
  bool are_staying_ = false;
  std::uint64_t seen_ = 0;
};

}  // namespace rollcall::sim::agreement
