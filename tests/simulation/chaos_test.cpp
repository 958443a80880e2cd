// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

/// Everything at once, in an order that only the seed knows; then peace, and agreement.
class Chaos : public SimulationTest {
 protected:
  void run(int faults) {
    for (int i = 0; i < faults; ++i) {
      befall();
      world().run_for(std::chrono::milliseconds(draw(4000)));
    }
    make_peace();
  }

  void make_peace() {
    world().heal();
    world().set_link({});
    for (const auto& [from, to] : cuts_) world().mend(from, to);
    for (const HostId host : world().hosts()) {
      world().power_on(host);
      world().set_loss(host, {});
      if (!world().is_running(host)) restart(host, Disk::kept);
      world().thaw(host);
    }
    world().run_for(3s);  // for those that were about to leave
    // Islands that lost all memory of one another do not meet by themselves.
    for (const HostId host : world().hosts()) join(host);
  }

 private:
  void befall() {
    const HostId host = draw_host();
    switch (draw(12)) {
      case 0:
        return crash(host);
      case 1:
        return power_off(host);
      case 2:
      case 3:
        return restart(host, Disk::kept);
      case 4:
        return restart(host, Disk::lost);
      case 5:
        return freeze(host);
      case 6:
        return thaw(host);
      case 7:
        return divide();
      case 8:
        return world().heal();
      case 9:
        return cut(host, draw_host());
      case 10:
        return world().set_link(
            {.loss = 0.1 * static_cast<double>(draw(4)), .duplicate = 0.1, .reorder = 0.1});
      default:
        return leave_or_join(host);
    }
  }

  void crash(HostId host) {
    if (world().is_running(host)) world().crash(host);
  }
  void power_off(HostId host) { world().power_off(host); }
  void restart(HostId host, Disk disk) {
    crash(host);
    world().power_on(host);
    // Seeds of both ends: a member that comes back must not depend on one that is away.
    world().restart(host, disk, {cluster_->seed(), world().seed_of(HostId{1})});
  }
  void freeze(HostId host) {
    if (world().is_running(host)) world().freeze(host);
  }
  void thaw(HostId host) {
    if (world().is_running(host)) world().thaw(host);
  }
  void divide() {
    std::vector<HostId> one;
    for (const HostId host : world().hosts()) {
      if (draw(2) == 0) one.push_back(host);
    }
    world().partition({one});
  }
  void cut(HostId from, HostId to) {
    if (from == to) return;
    cuts_.emplace_back(from, to);
    world().cut(from, to);
  }
  void leave_or_join(HostId host) {
    if (!world().is_running(host)) return;
    if (world().node(host).phase() == core::Phase::left) {
      join(host);
    } else {
      world().command(host, core::LeaveCommand{});
    }
  }
  void join(HostId host) {
    world().command(host, core::JoinCommand{.seeds = {cluster_->seed(), world().seed_of(HostId{1}),
                                                      world().seed_of(HostId{2})},
                                            .keep_trying = true});
  }

  std::vector<std::pair<HostId, HostId>> cuts_;
};

TEST_P(Chaos, EndsInAgreement) {
  make_joined({.size = 4 + draw(8)});

  run(40);

  EXPECT_EQ(cluster_->converge(90s), "");
  world().run_for(60s);
  EXPECT_EQ(cluster_->converge(1s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chaos, testing::ValuesIn(seeds(200)), seed_name);

// Found among four thousand. The core was wrong: a member left before its welcome had arrived, and
// those who had let it in found that it failed (845, 892, 901, 3249); a member that had been cut
// off for long could pass no verdict, for it hardly sampled its path where there were few to ask
// (995, 1126, 1476, 1528, 1574, 2636, 2639, 3842). Or a checker was: it blamed a member for what
// others had found of it (1440, 2365, 2680), members for repeating what those had said who could
// not know better (2173, 2617, 3024, 3256, 3740), or for not knowing what they had no time (451) or
// no means to find out (2274), or for telling nobody while they were frozen (3048).
INSTANTIATE_TEST_SUITE_P(Found, Chaos,
                         testing::Values(451, 845, 892, 901, 995, 1126, 1440, 1476, 1528, 1574,
                                         2173, 2274, 2365, 2617, 2636, 2639, 2680, 3024, 3048, 3249,
                                         3256, 3740, 3842),
                         seed_name);

}  // namespace
}  // namespace rollcall::sim
