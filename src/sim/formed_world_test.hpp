// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "sim/checkers_trouble.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// A formed cluster of n0, n1, …, and what its members say, true or not.
class FormedWorldTest : public testing::Test {
 protected:
  explicit FormedWorldTest(std::size_t members = 6) { start(members); }

  void start(std::size_t members) {
    for (std::size_t i = 0; i < members; ++i) add("n" + std::to_string(i));
    world_.start_formed();
    run_for(Duration(0));
  }

  HostId add(const std::string& name) {
    core::Config config;
    config.name = name;
    return world_.add_host(config);
  }
  /// Runs, with a look at the troubles as often as they need it.
  void run_for(Duration time) {
    run_for(time, [] {});
  }
  template <class Look>
  void run_for(Duration time, Look look) {
    const Instant end = world_.now() + time;
    do {
      world_.run_until(std::min(end, world_.now() + TroubleLog::look_interval));
      troubles_.look();
      look();
    } while (world_.now() < end);
  }

  [[nodiscard]] Life life(HostId host) const { return world_.node(host).life(); }
  /// Gives the checker an event as if the observer had told it just now.
  template <class Checker>
  void say(Checker& checker, HostId observer, core::EventKind kind, HostId about, const Life& life,
           const std::string& by = {}) {
    const core::Publish event{.kind = kind,
                              .name = world_.name(about),
                              .life = life,
                              .incarnation = 0,
                              .address = {},
                              .by = by,
                              .message = {}};
    checker.on_event({world_.now(), {observer, world_.run(observer)}, ++index_, event});
  }

  static constexpr HostId n0{0};
  static constexpr HostId n1{1};
  static constexpr HostId n2{2};
  static constexpr HostId n3{3};

  World world_{WorldOptions{}};
  TroubleLog troubles_{world_};

 private:
  std::uint64_t index_ = 0;
};

}  // namespace rollcall::sim
