// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include "consensus/replica_world_test.hpp"

namespace rollcall::consensus {
namespace {

/// Everything at once and by chance; the world's checkers object at once. Afterwards all is healed,
/// and everybody must come to have every command that was ever committed.
class ReplicaSoak : public testing::TestWithParam<std::uint64_t> {
 protected:
  ReplicaWorld world{GetParam()};

  void begin() {
    const bool together = world.prng().chance(0.5);
    const std::array<std::string, 3> zones = {"", "x", "y"};
    for (int i = 0; i < 7; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      names_.push_back(name);
      world.add(name, {.data = i < 5,
                       .introducer = i == 0 && !together,
                       .expect = static_cast<std::uint16_t>(together && i < 5 ? 3 : 0),
                       .zone = zones[world.prng().below(3)]});
    }
    ASSERT_TRUE(world.run_until([&] { return world.converged(); })) << world.text();
  }
  std::string any() { return names_[world.prng().below(names_.size())]; }
  std::size_t down() {
    std::size_t count = 0;
    for (auto& [name, host] : world.hosts()) count += host.replica ? 0 : 1;
    return count;
  }
  void disturb() {
    const std::string name = any();
    auto& host = world.host(name);
    switch (world.prng().below(10)) {
      case 0:
        if (down() < 2) world.crash(name);
        break;
      case 1:
      case 2:
        if (!host.replica) world.start(name);
        break;
      case 3:
        world.partition({name, any()});
        break;
      case 4:
        world.heal();
        break;
      case 5:
        host.disk.full = !host.disk.full && host.replica.has_value();
        break;
      case 6:
        world.loss = world.prng().chance(0.5) ? 0 : 0.05;
        break;
      case 7:
        if (down() < 2 && host.replica) world.leave(name, 1s);
        break;
      case 8:
        lose_disk(name);
        break;
      default:
        break;
    }
  }
  /// Once, and when the other two voters have everything: what more disks than that lose is lost.
  void lose_disk(const std::string& name) {
    const auto voters = world.voters();
    if (lost_ || voters.size() != 3 || !voters.contains(name) || !world.converged()) return;
    lost_ = true;
    world.crash(name);
    world.host(name).disk = {};
    ReplicaConfig& config = world.host(name).config;
    config.raft.self = raft::VoterId{world.prng().next() | 1U};
    // Whoever puts a new disk in knows that there is a log.
    config.begins_alone = false;
    config.bootstrap_expect = 0;
  }
  void use() {
    for (int i = 0; i < 4; ++i) {
      const std::string name = any();
      if (!world.host(name).replica) continue;
      world.propose(name);
      if (world.prng().chance(0.3)) world.read(name);
    }
  }
  void recover() {
    world.heal();
    world.loss = 0;
    for (const std::string& name : names_) {
      world.host(name).disk.full = false;
      if (!world.host(name).replica) world.start(name);
    }
  }

  std::vector<std::string> names_;
  bool lost_ = false;
};

TEST_P(ReplicaSoak, NothingCommittedIsLostAndEverybodyAgrees) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (int round = 0; round < 150; ++round) {
    disturb();
    use();
    world.run_for(world.prng().between(1ms, 400ms));
    if (HasFailure()) FAIL() << world.text();
  }
  recover();
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }, 60s)) << world.text();
  EXPECT_TRUE(world.commit_from("a"));
  EXPECT_TRUE(world.commit_from("g"));
  EXPECT_TRUE(world.run_until([&] { return world.voters().size() == 3; }, 60s)) << world.text();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplicaSoak, testing::Range<std::uint64_t>(1, 61));

}  // namespace
}  // namespace rollcall::consensus
