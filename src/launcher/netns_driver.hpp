// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/driver.hpp"
#include "launcher/netns_plan.hpp"
#include "launcher/tools.hpp"

namespace rollcall::launcher {

/// Each node on a host of its own: a network namespace, connected to a bridge by a virtual cable,
/// made with ip(8) and made faulty with nft(8). netns_plan.hpp has the picture.
///
/// Order:   everything is found by its name, and the names follow from the state; so what a
///          launcher left that was killed half-way is completed or taken away by the next one.
/// Errors:  Problem, with the words of the program that failed.
/// Limits:  nodes_max hosts; a bridge of Linux has 1024 ports, and every host is told the hardware
///          address of every other, which takes the kernel half a kilobyte each.
class NetnsDriver final : public Driver {
 public:
  explicit NetnsDriver(DriverSetup setup);

  [[nodiscard]] Done check() const override;
  [[nodiscard]] Done check_faults(const ClusterState&) const override { return {}; }
  std::expected<Names, Problem> make_hosts(const ClusterState& state) override;
  Done apply_faults(const ClusterState& state) override;
  Done remove_hosts(const ClusterState& state) override;

 private:
  [[nodiscard]] Done run_all(const std::vector<Command>& commands) const;
  [[nodiscard]] Done make_switch(const std::string& prefix) const;
  [[nodiscard]] std::vector<Port> ports(const std::string& prefix) const;
  [[nodiscard]] Done remove(const Names& names) const;
  [[nodiscard]] Done make_host(const ClusterState& state, std::size_t index) const;
  [[nodiscard]] Done introduce_all(const ClusterState& state) const;
  [[nodiscard]] Done load_rules(const ClusterState& state) const;
  [[nodiscard]] std::filesystem::path rules_file() const {
    return setup_.directory / "network.nft";
  }
  [[nodiscard]] std::filesystem::path neighbours_file() const {
    return setup_.directory / "neighbours.batch";
  }

  DriverSetup setup_;
  Tools tools_;
};

}  // namespace rollcall::launcher
