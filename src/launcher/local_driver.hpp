// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/driver.hpp"

namespace rollcall::launcher {

/// Agents side by side on this machine, on ports of 127.0.0.1. There is nothing to make: the
/// machine itself is every node's host, and its loopback is not ours to break.
class LocalDriver final : public Driver {
 public:
  [[nodiscard]] Done check() const override { return {}; }
  [[nodiscard]] Done check_faults() const override {
    return std::unexpected(
        Problem{.what = "cluster",
                .why = "its nodes share the network of this machine, which is left alone",
                .todo = "use 'rollcall cluster up --driver netns' for faults of the network"});
  }
  std::expected<Names, Problem> make_hosts(const ClusterState&) override { return Names{}; }
  Done apply_faults(const ClusterState&) override { return {}; }
  Done remove_hosts(const ClusterState&) override { return {}; }
};

}  // namespace rollcall::launcher
