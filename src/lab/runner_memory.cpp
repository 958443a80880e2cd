// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "lab/runner.hpp"

/// What a run needs, before it takes it.
namespace rollcall::lab {
namespace {

// Measured as the growth of the resident set (docs/simulator.md, "Memory"), rounded up.
constexpr std::uint64_t bytes_at_least = 20'000'000;
constexpr std::uint64_t bytes_per_member = 40'000;
/// What each member keeps about each other, unless all began with one list that they share.
constexpr std::uint64_t bytes_per_record = 640;
/// What the checkers keep about that, where they all watch.
constexpr std::uint64_t bytes_per_checked_record = 320;

std::string gibibytes(std::uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GiB", static_cast<double>(bytes) / (1U << 30U));
  return text.data();
}

}  // namespace

std::uint64_t memory_estimate(const Scenario& scenario) {
  const std::uint64_t fresh = fresh_members(scenario);
  const std::uint64_t members = scenario.cluster.members + fresh;
  const bool is_shared = scenario.cluster.start == Start::formed;
  const std::uint64_t keepers = is_shared ? fresh : members;
  const std::uint64_t record =
      bytes_per_record + (has_all_checkers(scenario) ? bytes_per_checked_record : 0);
  return bytes_at_least + members * bytes_per_member + keepers * members * record;
}

std::optional<std::uint64_t> available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (file >> key >> kibibytes) {
    if (key == "MemAvailable:") return kibibytes * 1024;
    std::getline(file, unit);
  }
  return std::nullopt;
}

std::string memory_problem(const Scenario& scenario, std::optional<std::uint64_t> available) {
  const std::uint64_t needed = memory_estimate(scenario);
  if (!available || needed <= *available) return {};
  return "a cluster of " + std::to_string(scenario.cluster.members + fresh_members(scenario)) +
         " members needs about " + gibibytes(needed) + " of memory, and this machine has " +
         gibibytes(*available) + " to give";
}

}  // namespace rollcall::lab
