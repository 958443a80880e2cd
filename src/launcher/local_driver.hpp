// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "launcher/driver.hpp"

namespace rollcall::launcher {

/// Agents side by side on this machine, on ports of 127.0.0.1. There is nothing to make: the
/// machine itself is every node's host, and its loopback is not ours to break. So each agent is
/// asked to break its own network, if it was started with permission for that.
class LocalDriver final : public Driver {
 public:
  explicit LocalDriver(DriverSetup setup) : setup_(std::move(setup)) {}

  [[nodiscard]] Done check() const override { return {}; }
  [[nodiscard]] Done check_faults(const ClusterState& state) const override;
  std::expected<Names, Problem> make_hosts(const ClusterState&) override { return Names{}; }
  Done apply_faults(const ClusterState& state) override;
  Done after_start(const ClusterState& state) override { return apply_faults(state); }
  Done remove_hosts(const ClusterState&) override { return {}; }

 private:
  [[nodiscard]] Done apply_to(const NodeRecord& node, const std::string& document) const;

  DriverSetup setup_;
};

/// Whether the agents of the cluster are started with permission for faults.
bool allows_faults(const ClusterState& state);

/// What this node's agent shall do to its own network, as the API of an agent takes it; empty if
/// nothing. Both ends of a broken line break it, so that it is broken also for an agent that is
/// paused or only just started.
std::string fault_document(const ClusterState& state, const NodeRecord& node);

}  // namespace rollcall::launcher
