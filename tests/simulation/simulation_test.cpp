// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation_test.hpp"

#include <cstdlib>
#include <numeric>

namespace rollcall::sim {
namespace {

std::optional<std::uint64_t> environment_number(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

}  // namespace

Cluster& SimulationTest::make(ClusterOptions options) {
  options.world.seed = GetParam();
  if (const char* path = std::getenv("ROLLCALL_SIM_TRANSCRIPT")) {
    transcript_.open(path);
    options.world.transcript = &transcript_;
  }
  cluster_ = std::make_unique<Cluster>(options);
  return *cluster_;
}

Cluster& SimulationTest::make_joined(ClusterOptions options) {
  make(std::move(options));
  EXPECT_EQ(cluster_->form(), "");
  return *cluster_;
}

void SimulationTest::TearDown() {
  EXPECT_EQ(cluster_ ? cluster_->violations() : "", "");
}

std::vector<HostId> SimulationTest::range(std::uint32_t first, std::uint32_t last) {
  std::vector<HostId> hosts;
  for (std::uint32_t i = first; i < last; ++i) hosts.push_back(HostId{i});
  return hosts;
}

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const auto seed = environment_number("ROLLCALL_SIM_SEED")) return {*seed};
  const std::uint64_t factor = environment_number("ROLLCALL_SIM_FACTOR").value_or(1);
  std::vector<std::uint64_t> all(count * factor);
  std::iota(all.begin(), all.end(), std::uint64_t{1});
  return all;
}

}  // namespace rollcall::sim
