// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_bounds.hpp"

#include <optional>
#include <string>

#include "sim/checkers_agreement.hpp"
#include "sim/formed_world_test.hpp"
#include "wire/datagram.hpp"

namespace rollcall::sim {
namespace {

// --- BoundsChecker ---------------------------------------------------------------------------

class BoundsCheckerTest : public FormedWorldTest {
 protected:
  std::string watch(Duration time) {
    run_for(time, [this] { checker_.look(); });
    return checker_.violations().text();
  }
  /// Long enough for the cluster to count as quiet, and for a window to begin and end.
  static constexpr Duration quiet = BoundsChecker::settle_time + 2 * BoundsChecker::window_time;

  BoundsChecker checker_{world_, troubles_};
};

TEST_F(BoundsCheckerTest, AcceptsAQuietCluster) {
  EXPECT_EQ(watch(quiet + BoundsChecker::window_time), "");
}

TEST_F(BoundsCheckerTest, ExpectsNoUpdatesOfWhoIsFrozen) {
  world_.command(n1, core::SetTagsCommand{.tags = {{"role", "db"}}});
  ASSERT_GT(world_.node(n1).queue_sizes().updates, 0U);
  world_.freeze(n1);

  EXPECT_EQ(watch(quiet + BoundsChecker::settle_time), "");
}

TEST_F(BoundsCheckerTest, ObjectsToAMemberThatTalksAllTheTime) {
  // n1 is asked a thousand times a second, and answers.
  const std::uint32_t cluster = wire::cluster_hash(world_.node(n1).config().cluster);
  wire::DatagramWriter writer({.cluster = cluster, .sender = life(n3).id, .health = 0});
  ASSERT_TRUE(writer.add(wire::Ping{.sequence = 1, .target = life(n1).id}));
  const ByteVector ping(writer.bytes().begin(), writer.bytes().end());
  ASSERT_EQ(watch(quiet), "");
  const auto ask = [&] {
    for (int i = 0; i < 50; ++i) world_.inject(world_.address(n3), n1, ping);
    checker_.look();
  };

  run_for(2 * BoundsChecker::window_time, ask);

  const std::string objections = checker_.violations().text();
  EXPECT_TRUE(objections.starts_with("bounds: ")) << objections;
  EXPECT_NE(objections.find("n1 (joined) sends"), std::string::npos) << objections;
}

// --- AgreementChecker ------------------------------------------------------------------------

class AgreementCheckerTest : public FormedWorldTest {
 protected:
  std::string watch(Duration time) {
    run_for(time, [this] { checker_.look(); });
    return checker_.violations().text();
  }

  AgreementChecker checker_{world_, troubles_, 5s};
};

TEST_F(AgreementCheckerTest, AcceptsMembersThatAgreeAgainSoonEnough) {
  watch(1s);
  world_.command(n2, core::SetTagsCommand{.tags = {{"rack", "7"}}});

  EXPECT_EQ(watch(20s), "");
}

TEST_F(AgreementCheckerTest, ObjectsToADisagreementThatStays) {
  watch(1s);
  for (const HostId other : world_.hosts()) {
    if (other == n2) continue;
    world_.cut(n2, other);
    world_.cut(other, n2);
  }
  world_.command(n2, core::SetTagsCommand{.tags = {{"rack", "7"}}});

  const std::string objections = watch(20s);

  EXPECT_TRUE(objections.starts_with("agreement: ")) << objections;
}

TEST_F(AgreementCheckerTest, ExpectsNoAgreementAcrossAPartition) {
  watch(1s);
  world_.partition({{n2}});
  world_.command(n2, core::SetTagsCommand{.tags = {{"rack", "7"}}});

  EXPECT_EQ(watch(20s), "");
}

}  // namespace
}  // namespace rollcall::sim
