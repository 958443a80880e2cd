// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// The agreed view of the members themselves, in fixed courses of events.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/agreement/trial.hpp"
#include "simulation_test.hpp"

namespace rollcall::sim::agreement {
namespace {

constexpr ClientOptions nobody = {.seed = 1, .clients = 0, .groups = 1};

class AgreementCut : public testing::TestWithParam<std::uint64_t> {
 protected:
  static WorldOptions steady(std::size_t members) {
    WorldOptions options;
    options.seed = GetParam();
    options.members = members;
    options.snapshot_entries = 1000;
    return options;
  }
  static std::uint64_t view(Trial& trial) {
    return trial.checkers().reference().cluster().number();
  }
  /// Ten members, the leader among them in every other run; the other voters can decide.
  std::vector<std::size_t> ten_but_voters(AgreementWorld& world) const {
    std::vector<std::size_t> ten;
    const std::size_t leader = world.leader().value();
    const raft::Membership membership = world.replica(leader).raft()->membership();
    if (GetParam() % 2 == 1) ten.push_back(leader);
    for (std::size_t member = 0; ten.size() < 10; ++member) {
      if (!membership.is_voter(world.disk(member)->voter())) ten.push_back(member);
    }
    return ten;
  }
  static bool is_formed(Trial& trial) {
    return trial.world().run_until([&] { return trial.missing().empty(); }, 20s);
  }
};

TEST_P(AgreementCut, RemovesTenThatAreLostTogetherInOneView) {
  Trial trial(steady(24), nobody);
  AgreementWorld& world = trial.world();
  trial.begin();
  ASSERT_TRUE(is_formed(trial)) << trial.missing();
  // Detectors that agree within a suspicion time of one another.
  world.detectors().set({.silence_min = 300ms, .silence_max = 350ms, .look_interval = 20ms});
  world.run_for(3s);
  const std::uint64_t before = view(trial);

  for (const std::size_t member : ten_but_voters(world)) world.crash(member);
  world.run_for(5s);

  EXPECT_EQ(view(trial), before + 1);
  const registry::ViewDelta* const delta = trial.checkers().view("cluster", before + 1);
  ASSERT_NE(delta, nullptr);
  EXPECT_EQ(delta->left.size(), 10U);
  EXPECT_EQ(delta->cause, registry::Cause::failed);
  EXPECT_EQ(trial.violations(), "");
}

TEST_P(AgreementCut, RemovesNobodyWhomLessThanAMajorityAccuses) {
  Trial trial(steady(7), nobody);
  trial.begin();
  ASSERT_TRUE(is_formed(trial)) << trial.missing();
  const std::uint64_t before = view(trial);
  AgreementWorld& world = trial.world();

  for (std::size_t observer = 0; observer < 3; ++observer) {
    world.detectors().accuse(observer, 5, world.now() + 15s);
  }
  world.run_for(20s);

  EXPECT_EQ(view(trial), before);
  EXPECT_EQ(trial.violations(), "");
}

TEST_P(AgreementCut, LetsARemovedLiveMemberComeBackAsANewLife) {
  Trial trial(steady(5), nobody);
  trial.begin();
  ASSERT_TRUE(is_formed(trial)) << trial.missing();
  AgreementWorld& world = trial.world();
  world.run_for(5s);  // so that there are enough voters without it
  const std::size_t subject = world.leader() == 4U ? 3 : 4;
  const Life old = world.life(subject);

  world.partition({subject});
  world.run_for(8s);
  EXPECT_EQ(trial.checkers().reference().cluster().find(world.name(subject)), nullptr);
  world.net().mend_all();

  EXPECT_TRUE(is_formed(trial)) << trial.missing();
  EXPECT_LT(old, world.life(subject));
  EXPECT_EQ(trial.violations(), "");
}

TEST_P(AgreementCut, LetsNobodyDecideWithoutAMajority) {
  Trial trial(steady(6), nobody);
  trial.begin();
  ASSERT_TRUE(is_formed(trial)) << trial.missing();
  AgreementWorld& world = trial.world();
  world.run_for(5s);
  // Only voters can decide: cut all of them off from one another.
  for (std::size_t one = 0; one < 6; ++one) world.partition({one});
  world.run_for(2s);
  const std::uint64_t before = view(trial);
  std::size_t refused = 0;
  for (std::size_t member = 0; member < 6; ++member) {
    registry::MemberSpec spec;
    spec.id = "late";
    spec.address = "10.0.0.1:1";
    world.join(member, {.group = "jobs", .member = spec}, 2s,
               [&](const auto& result) { refused += result ? 0U : 1U; });
  }
  world.run_for(5s);

  EXPECT_EQ(view(trial), before);
  EXPECT_EQ(refused, 6U);
  EXPECT_FALSE(world.leader());
  trial.end();
  EXPECT_EQ(trial.violations(), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgreementCut, testing::ValuesIn(seeds(5)), seed_name);

}  // namespace
}  // namespace rollcall::sim::agreement
