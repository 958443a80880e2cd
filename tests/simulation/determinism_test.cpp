// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

/// An eventful minute, in words.
std::string eventful_minute(std::uint64_t seed) {
  std::ostringstream transcript;
  Cluster cluster({.size = 8,
                   .world = {.seed = seed,
                             .link = {.loss = 0.1, .duplicate = 0.1, .reorder = 0.1},
                             .transcript = &transcript}});
  World& world = cluster.world();
  EXPECT_EQ(cluster.form(), "");
  world.crash(HostId{3});
  world.freeze(HostId{4});
  world.run_for(10s);
  world.thaw(HostId{4});
  world.restart(HostId{3}, Disk::kept, {cluster.seed()});
  world.partition({{HostId{0}, HostId{1}, HostId{2}}});
  world.run_for(20s);
  world.heal();
  world.run_for(30s);
  return transcript.str();
}

class Determinism : public SimulationTest {};

TEST_P(Determinism, SameSeedSameTranscriptByteForByte) {
  const std::string one = eventful_minute(GetParam());
  const std::string other = eventful_minute(GetParam());

  EXPECT_TRUE(one == other);
  EXPECT_GT(one.size(), 10'000U);
}

TEST_P(Determinism, OtherSeedsHaveOtherTranscripts) {
  EXPECT_NE(eventful_minute(GetParam()), eventful_minute(GetParam() + 1'000'000));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Determinism, testing::ValuesIn(seeds(5)), seed_name);

}  // namespace
}  // namespace rollcall::sim
