// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <gtest/gtest.h>

#include "consensus/raft/raft_world_test.hpp"

namespace rollcall::consensus::raft {
namespace {

constexpr int rounds = 400;

/// One seed is one random history of faults; the checkers of RaftWorld watch all of it. A failing
/// seed is the whole bug report: --gtest_filter='*/N' replays it exactly.
class RaftSimulation : public testing::TestWithParam<std::uint64_t> {};

void disturb(RaftWorld& world, std::uint64_t hosts) {
  Prng& prng = world.prng();
  const std::uint64_t victim = 1 + prng.below(hosts);
  switch (prng.below(12)) {
    case 0:
    case 1:
      world.crash(victim);
      break;
    case 2:
    case 3:
    case 4:
      world.restart(victim);
      break;
    case 5:
      world.partition({victim});
      break;
    case 6:
      world.partition({victim, 1 + prng.below(hosts)});
      break;
    case 7:
    case 8:
      world.partition({});
      break;
    case 9:
      world.host(victim).disk_full = prng.chance(0.4);
      break;
    case 10:
      world.faults = {};
      break;
    default:
      world.faults = {.loss = prng.unit() * 0.3,
                      .duplicates = prng.unit() * 0.3,
                      .delay_max = prng.between(1ms, 60ms),
                      .disk_max = prng.between(1ms, 40ms)};
  }
}

void use(RaftWorld& world, std::uint64_t hosts) {
  Prng& prng = world.prng();
  const std::uint64_t at = 1 + prng.below(hosts);
  if (!world.host(at).raft) return;
  const std::uint64_t other = 1 + prng.below(hosts);
  switch (prng.below(12)) {
    case 0:
      world.transfer(at, other);
      break;
    case 1:
      world.change(at, static_cast<ChangeKind>(prng.below(4)), other);
      break;
    case 2:
    case 3:
      world.read(at);
      break;
    default:
      for (std::size_t i = prng.below(8); i > 0; --i) world.propose(at, prng.below(41));
  }
}

TEST_P(RaftSimulation, KeepsItsPromisesUnderFaultsAndRecovers) {
  RaftWorld world(GetParam());
  const std::uint64_t voters_count = 1 + 2 * world.prng().below(3);
  const std::uint64_t hosts = voters_count + 2;
  world.add_group(voters_count);
  world.run_for(20ms);  // the beginning is stored
  world.add(voters_count + 1);
  world.add(voters_count + 2);

  for (int round = 0; round < rounds; ++round) {
    if (world.prng().chance(0.25)) disturb(world, hosts);
    use(world, hosts);
    if (world.leader() != 0) use(world, hosts);
    world.run_for(world.prng().between(1ms, 60ms));
    ASSERT_FALSE(HasFailure());
  }
  world.heal();

  ASSERT_TRUE(world.run_until([&] { return world.converged(); }, 60s)) << world.text();
  const std::uint64_t leader = world.leader();
  ASSERT_TRUE(world.run_until([&] {
    const std::uint64_t at = world.leader();
    return at != 0 && world.propose(at, 9).has_value();
  }));
  ASSERT_TRUE(world.run_until([&] { return world.converged(); }, 60s)) << leader << world.text();
  RecordProperty("terms", static_cast<int>(world.leaders().size()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RaftSimulation, testing::Range<std::uint64_t>(1, 301));

/// That the histories above reach what they are for.
TEST(RaftSimulationReach, FaultsLeadToElectionsSnapshotsAndReads) {
  std::uint64_t terms = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t reads = 0;
  std::uint64_t entries = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RaftWorld world(seed);
    world.add_group(3);
    for (int round = 0; round < rounds; ++round) {
      if (world.prng().chance(0.25)) disturb(world, 3);
      use(world, 3);
      if (const auto at = world.leader(); at != 0) {
        world.propose(at, 5);
        world.read(at);
      }
      world.run_for(world.prng().between(1ms, 60ms));
    }
    terms += world.leaders().size();
    snapshots += world.snapshots_installed();
    reads += world.reads_done();
    entries += number(world.applied_max());
  }
  EXPECT_GT(terms, 100U);
  EXPECT_GT(snapshots, 20U);
  EXPECT_GT(reads, 400U);
  EXPECT_GT(entries, 2000U);
  RecordProperty("terms", static_cast<int>(terms));
  std::printf("terms %d, snapshots installed %d, reads %d, entries %d\n", static_cast<int>(terms),
              static_cast<int>(snapshots), static_cast<int>(reads), static_cast<int>(entries));
}

}  // namespace
}  // namespace rollcall::consensus::raft
