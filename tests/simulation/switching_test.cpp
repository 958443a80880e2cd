// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Settings of a whole cluster, changed while it runs.
#include <algorithm>
#include <array>

#include "simulation_test.hpp"

namespace rollcall::sim {
namespace {

using core::DetectorKind;

constexpr std::array<core::SettingsChange, 4> four_settings = {{
    {.detector = DetectorKind::gossip, .suspicion_enabled = true},
    {.detector = DetectorKind::pingack, .suspicion_enabled = false},
    {.detector = DetectorKind::gossip, .suspicion_enabled = false},
    {.detector = DetectorKind::pingack, .suspicion_enabled = true},
}};

class Switching : public SimulationTest {
 protected:
  void change(HostId host, const core::SettingsChange& change) {
    world().command(host, core::ChangeSettingsCommand{.change = change,
                                                      .scope = core::SettingsScope::cluster,
                                                      .expected_number = std::nullopt});
  }
  void switch_to(DetectorKind kind, HostId host) { change(host, {.detector = kind}); }

  /// All have one version, with the same settings.
  [[nodiscard]] bool agree() {
    const core::VersionedSettings& first = world().node(running().front()).settings();
    return std::ranges::all_of(running(), [&](HostId host) {
      const core::VersionedSettings& own = world().node(host).settings();
      return own.version == first.version && own.settings == first.settings;
    });
  }
  [[nodiscard]] bool agree_within(Duration limit) {
    return world().run_until([this] { return agree(); }, limit);
  }
  [[nodiscard]] std::vector<HostId> running() {
    std::vector<HostId> hosts = world().hosts();
    std::erase_if(hosts, [this](HostId host) { return !world().is_running(host); });
    return hosts;
  }
  [[nodiscard]] std::uint64_t version_of(HostId host) {
    return world().node(host).settings().version.number;
  }
  [[nodiscard]] bool is_suspected() {
    return verdicts().count(core::EventKind::member_suspect) > 0;
  }
  HostId draw_other(HostId host) {
    const HostId drawn = draw_host();
    return drawn != host ? drawn : HostId{(index(host) + 1) % size()};
  }
  static std::uint32_t index(HostId host) { return static_cast<std::uint32_t>(host); }
  [[nodiscard]] std::uint32_t size() { return static_cast<std::uint32_t>(world().host_count()); }
};

TEST_P(Switching, AHundredTimesUnderLossFailsNobody) {
  make_joined({.size = 10, .world = {.link = {.loss = 0.05}}});
  world().run_for(5s);

  for (std::size_t round = 1; round <= 100; ++round) {
    const HostId host = draw_host();
    change(host, four_settings.at(round % 4));
    if (round % 10 == 0) change(draw_other(host), four_settings.at((round + 1) % 4));
    EXPECT_TRUE(agree_within(1s)) << "round " << round;
    world().run_for(std::chrono::milliseconds(100 + draw(2000)));
  }

  EXPECT_EQ(failures(), 0U);
  EXPECT_GE(version_of(HostId{0}), 100U);
  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_P(Switching, ReachesALateJoiner) {
  make_joined(5);
  switch_to(DetectorKind::gossip, draw_host());
  world().run_for(2s);

  const HostId late = cluster_->add();
  world().start(late, {cluster_->seed()});

  ASSERT_EQ(cluster_->converge(5s), "");
  EXPECT_TRUE(agree());
  EXPECT_EQ(world().node(late).config().detector, DetectorKind::gossip);
}

TEST_P(Switching, IsNotForgottenByAMemberThatStartsAgain) {
  make_joined(5);
  switch_to(DetectorKind::gossip, draw_host());
  world().run_for(2s);
  const HostId host = draw_joiner();

  world().crash(host);
  world().restart(host, Disk::kept);

  EXPECT_EQ(version_of(host), 1U) << "it has it from its own disk";
  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_P(Switching, OnBothSidesOfAPartitionEndsInTheNewest) {
  make_joined(10);
  world().partition({range(0, 5), range(5, 10)});
  world().run_for(10s);
  switch_to(DetectorKind::gossip, HostId{1});
  world().run_for(1s);
  change(HostId{2}, {.suspicion_time = 3s});
  change(HostId{7}, {.suspicion_enabled = false});
  world().run_for(5s);
  ASSERT_EQ(version_of(HostId{0}), 2U);
  ASSERT_EQ(version_of(HostId{9}), 1U);

  world().heal();

  EXPECT_EQ(cluster_->converge(10s), "");
  EXPECT_TRUE(agree_within(1s));
  EXPECT_EQ(version_of(HostId{9}), 2U);
  EXPECT_EQ(world().node(HostId{9}).config().suspicion_time, 3s);
}

TEST_P(Switching, WhileSomebodyIsSuspectedJudgesNobodyByOldTimers) {
  for (const core::SettingsChange& settings : four_settings) {
    make_joined(8);
    change(HostId{0},
           {.detector = settings.detector == DetectorKind::gossip ? DetectorKind::pingack
                                                                  : DetectorKind::gossip});
    world().run_for(10s);
    const HostId away = draw_joiner();
    world().freeze(away);
    static_cast<void>(world().run_until([this] { return is_suspected(); }, 1800ms));

    change(draw_other(away), {.detector = settings.detector});
    world().run_for(100ms);
    world().thaw(away);
    world().run_for(10s);

    EXPECT_EQ(failures(), 0U);
    EXPECT_EQ(cluster_->violations(), "");
  }
}

TEST_P(Switching, SuspicionOffFailsNobodyWhoWasMerelySuspected) {
  make_joined(8);
  world().run_for(5s);
  const HostId away = draw_joiner();
  world().freeze(away);
  static_cast<void>(world().run_until([this] { return is_suspected(); }, 1800ms));

  change(draw_other(away), {.suspicion_enabled = false});
  world().run_for(50ms);
  world().thaw(away);
  world().run_for(10s);

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Switching, WhileAMemberIsDeadStillFindsIt) {
  for (const core::SettingsChange& settings : four_settings) {
    make_joined(10);
    world().run_for(5s);
    const HostId dead = draw_joiner();
    const LifeId life = cluster_->life(dead).id;
    const Instant since = world().now();
    world().power_off(dead);
    world().run_for(std::chrono::milliseconds(draw(3000)));

    change(draw_other(dead), settings);

    EXPECT_TRUE(cluster_->until_all_know(life, since, 15s)) << core::to_text(*settings.detector);
    EXPECT_EQ(failures(), 9U);
    EXPECT_EQ(cluster_->violations(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Switching, testing::ValuesIn(seeds(20)), seed_name);

}  // namespace
}  // namespace rollcall::sim
