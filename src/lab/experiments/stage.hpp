// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/prng.hpp"
#include "core/config.hpp"
#include "sim/world.hpp"

namespace rollcall::lab {

using namespace std::chrono_literals;

struct StageOptions {
  std::size_t members = 3;
  core::Config config{};
  std::uint64_t seed = 1;
  sim::LinkOptions link{};
};

/// What an experiment counts over all running members.
struct Totals {
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
  std::uint64_t probes = 0;
  std::uint64_t probes_failed = 0;
};

/// A formed cluster of n0, n1, … in a world of its own, for one configuration of an experiment.
///
/// Order:   same options and calls, same results.
/// Threads: none.
class Stage {
 public:
  explicit Stage(const StageOptions& options);

  [[nodiscard]] sim::World& world() { return world_; }
  [[nodiscard]] const sim::World& world() const { return world_; }
  [[nodiscard]] std::size_t size() const { return options_.members; }
  /// For what the experiment itself draws; never mixed with the members' randomness.
  [[nodiscard]] Prng& prng() { return prng_; }
  [[nodiscard]] LifeId life(sim::HostId host) const { return world_.node(host).life().id; }
  [[nodiscard]] HostPort seed_host() const { return world_.seed_of(sim::HostId{0}); }

  /// Runs for a random time around a duration, so that nothing keeps step with the members.
  void rest(Duration around);
  /// Different running hosts, drawn at random.
  [[nodiscard]] std::vector<sim::HostId> draw_hosts(std::size_t count);

  [[nodiscard]] Totals totals() const;

 private:
  StageOptions options_;
  sim::World world_;
  Prng prng_;
};

/// The host that carries a member's name, "n12"; nothing for any other name.
std::optional<sim::HostId> host_named(std::string_view name);

/// When the members said of certain lives that they were suspect, and that they were over.
class EndWatch {
 public:
  struct End {
    Instant since{};
    std::optional<Instant> suspected;
    std::optional<Instant> first;
    Instant last{};
    /// Observers that said it was over.
    std::size_t told = 0;
  };

  explicit EndWatch(sim::World& world);
  EndWatch(const EndWatch&) = delete;
  EndWatch& operator=(const EndWatch&) = delete;

  void expect(const LifeId& life, Instant since) { ends_[life] = {.since = since}; }
  [[nodiscard]] const End& end(const LifeId& life) const { return ends_.at(life); }
  void clear() { ends_.clear(); }

 private:
  void on_event(const sim::Observation& observation);

  std::unordered_map<LifeId, End> ends_;  // looked up only, never iterated
};

}  // namespace rollcall::lab
