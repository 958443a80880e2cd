// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/cluster.hpp"

namespace rollcall::sim {

/// A test over many seeds. A failing seed is the whole bug report: the run prints the one command
/// that replays it (replay_listener.cpp), with a transcript.
class SimulationTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  /// What the test needs beyond the defaults; the seed is the test's own.
  Cluster& make(ClusterOptions options);
  /// As make(), and everybody has joined.
  Cluster& make_joined(ClusterOptions options);
  Cluster& make_joined(std::size_t size) { return make_joined(ClusterOptions{.size = size}); }

  /// Nothing that a checker watches for has happened, in any test.
  void TearDown() override;

  [[nodiscard]] World& world() { return cluster_->world(); }
  [[nodiscard]] const VerdictLog& verdicts() const { return cluster_->verdicts(); }
  [[nodiscard]] std::size_t failures() const {
    return verdicts().count(core::EventKind::member_failed);
  }
  /// A number in [0, bound), for choosing whom a fault befalls.
  std::size_t draw(std::size_t bound) { return chooser_.below(bound); }
  HostId draw_host() { return HostId{static_cast<std::uint32_t>(draw(world().host_count()))}; }
  /// Any host but n0.
  HostId draw_joiner() {
    return HostId{static_cast<std::uint32_t>(1 + draw(world().host_count() - 1))};
  }
  /// Hosts [first, last).
  static std::vector<HostId> range(std::uint32_t first, std::uint32_t last);

  std::unique_ptr<Cluster> cluster_;

 private:
  Prng chooser_{GetParam()};
  std::ofstream transcript_;
};

/// The seeds 1 to count. ROLLCALL_SIM_SEED=n takes that one alone; ROLLCALL_SIM_FACTOR=n takes
/// n times as many.
std::vector<std::uint64_t> seeds(std::size_t count);

inline std::string seed_name(const testing::TestParamInfo<std::uint64_t>& info) {
  return "seed" + std::to_string(info.param);
}

}  // namespace rollcall::sim
