// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sim/cluster.hpp"

/// Faults of the world as a whole: what the members make of slow lines, far zones and bad clocks.
namespace rollcall::sim {
namespace {

constexpr HostId n0{0};
constexpr HostId n1{1};

class WorldFaultsTest : public testing::Test {
 protected:
  void form(std::size_t size) {
    cluster_ = std::make_unique<Cluster>(ClusterOptions{.size = size});
    ASSERT_EQ(cluster_->form(), "");
    world().run_for(5s);
  }
  void TearDown() override { EXPECT_EQ(cluster_ ? cluster_->violations() : "", ""); }

  [[nodiscard]] World& world() { return cluster_->world(); }
  [[nodiscard]] std::size_t count(core::EventKind kind) const {
    return cluster_->verdicts().count(kind);
  }

  /// The longest round trip that hosts of one range have last measured to those of another.
  [[nodiscard]] Duration slowest_rtt(std::uint32_t from, std::uint32_t from_end, std::uint32_t to,
                                     std::uint32_t to_end) {
    Duration slowest{};
    for (std::uint32_t i = from; i < from_end; ++i) {
      const core::MemberTable& members = world().node(HostId{i}).members();
      for (std::uint32_t j = to; j < to_end; ++j) {
        slowest = std::max(slowest, members.at(*members.find(cluster_->life(HostId{j}).id)).rtt);
      }
    }
    return slowest;
  }

  std::unique_ptr<Cluster> cluster_;
};

TEST_F(WorldFaultsTest, AFarZoneIsAsLiveAsANearOne) {
  cluster_ = std::make_unique<Cluster>(ClusterOptions{.size = 10});
  for (std::uint32_t i = 5; i < 10; ++i) world().set_zone(HostId{i}, ZoneId{1});
  world().set_zone_link(ZoneId{0}, ZoneId{1},
                        {.delay_min = 80ms,
                         .delay_max = 1s,
                         .shape = DelayShape::pareto,
                         .delay_mean = 85ms,
                         .loss = 0.02});
  ASSERT_EQ(cluster_->form(), "");
  world().run_for(120s);

  EXPECT_EQ(count(core::EventKind::member_failed), 0U);
  EXPECT_GE(slowest_rtt(0, 5, 5, 10), 160ms);
  EXPECT_LT(slowest_rtt(0, 5, 0, 5), 2ms);
  EXPECT_LT(slowest_rtt(5, 10, 5, 10), 2ms);
  EXPECT_EQ(cluster_->converge(5s), "");
}

TEST_F(WorldFaultsTest, AMemberWithoutAWayToOneOtherIsHeldByAll) {
  form(5);

  world().cut(n0, n1);
  world().cut(n1, n0);
  world().run_for(60s);

  EXPECT_EQ(count(core::EventKind::member_failed), 0U);
}

TEST_F(WorldFaultsTest, AFullLineDropsDatagramsAndTheMemberBearsIt) {
  form(10);

  world().set_bandwidth(n1, {.out_bytes_per_second = 1200, .queue_bytes = 200});
  world().power_off(HostId{5});
  world().run_for(60s);

  EXPECT_GT(world().dropped_at_line(n1), 10U);
  EXPECT_EQ(world().dropped_at_line(n0), 0U);
  EXPECT_EQ(count(core::EventKind::member_failed), 9U);
  world().set_bandwidth(n1, {});
  EXPECT_EQ(cluster_->converge(10s), "");
}

TEST_F(WorldFaultsTest, ANarrowLineMakesStreamsSlow) {
  form(60);
  const auto joining_time = [&] {
    const HostId joiner = cluster_->add();
    const Instant since = world().now();
    world().start(joiner, {world().seed_of(n1)});
    EXPECT_TRUE(world().run_until(
        [&] { return world().node(joiner).phase() == core::Phase::joined; }, 60s, 1ms));
    return world().now() - since;
  };
  EXPECT_LT(joining_time(), 20ms);

  // Sixty records are more than two thousand bytes.
  world().set_bandwidth(n1, {.out_bytes_per_second = 2000});

  const Duration slow = joining_time();
  EXPECT_GT(slow, 1s);
  EXPECT_LT(slow, 5s);
}

TEST_F(WorldFaultsTest, ALineThatCarriesWhatAMemberSaysDropsNothing) {
  form(10);

  world().set_bandwidth(n1, {.out_bytes_per_second = 20'000, .in_bytes_per_second = 20'000});
  world().power_off(HostId{5});
  world().run_for(60s);

  EXPECT_EQ(world().dropped_at_line(n1), 0U);
  EXPECT_EQ(count(core::EventKind::member_failed), 9U);
}

TEST_F(WorldFaultsTest, ADriftingClockMattersLittle) {
  for (const std::int64_t ppm : {-100'000, -500, 500, 100'000}) {
    form(10);
    world().set_drift(n1, ppm);
    world().set_drift(HostId{4}, -ppm);
    world().run_for(120s);
    EXPECT_EQ(count(core::EventKind::member_failed), 0U) << ppm;
    EXPECT_EQ(count(core::EventKind::member_suspect), 0U) << ppm;

    const LifeId life = cluster_->life(HostId{5}).id;
    const Instant since = world().now();
    world().power_off(HostId{5});
    // A clock that goes a tenth too slow takes the pause for a tenth longer than it is.
    EXPECT_TRUE(cluster_->until_all_know(life, since, 4s)) << ppm;
    EXPECT_EQ(cluster_->violations(), "") << ppm;
  }
}

TEST_F(WorldFaultsTest, ADriftOutlivesAProcess) {
  form(5);
  world().set_drift(n1, 100'000);
  world().crash(n1);
  world().run_for(1s);
  world().restart(n1, Disk::kept, {cluster_->seed()});
  const std::uint64_t before = world().node(n1).counters().probes;
  const std::uint64_t sound = world().node(n0).counters().probes;

  world().run_for(1000s);

  const auto fast = static_cast<double>(world().node(n1).counters().probes - before);
  const auto usual = static_cast<double>(world().node(n0).counters().probes - sound);
  EXPECT_NEAR(fast / usual, 1.1, 0.02);
}

TEST_F(WorldFaultsTest, AMonotonicClockThatJumpsIsAPauseOfItsOwn) {
  form(10);
  std::size_t accusations = 0;
  world().observe([&](const Observation& observation) {
    const auto kind = observation.event.kind;
    accusations +=
        kind == core::EventKind::member_suspect || kind == core::EventKind::member_failed ? 1 : 0;
  });

  for (const Duration by : {Duration(1s), Duration(60s), Duration(24h)}) {
    world().jump_clock(n1, by);
    world().run_for(20s);
  }

  EXPECT_EQ(accusations, 0U);
  EXPECT_EQ(cluster_->converge(5s), "");
}

/// All that a member does and says, in order.
class Diary {
 public:
  void follow(World& world) {
    world.observe([this](const Observation& observation) {
      const core::Publish& event = observation.event;
      write(observation.observer.host, observation.time,
            std::to_string(static_cast<int>(event.kind)) + " " + event.name);
    });
    world.observe_datagrams([this, &world](HostId from, HostId to, Bytes bytes) {
      std::string text = "from " + std::to_string(index_of(from)) + " ";
      for (const auto byte : bytes) text += static_cast<char>(byte);
      write(to, world.now(), text);
    });
  }
  void write(HostId host, Instant time, const std::string& text) {
    pages_[host] += std::to_string(time.time_since_epoch().count()) + " " + text + "\n";
  }
  [[nodiscard]] const std::string& of(HostId host) { return pages_[host]; }

 private:
  std::map<HostId, std::string> pages_;
};

/// Two clusters in one world that never meet; the first may have an eventful time.
Diary two_clusters(bool is_eventful) {
  World world({.seed = 9, .link = {.loss = 0.1, .duplicate = 0.1, .reorder = 0.1}});
  Diary diary;
  diary.follow(world);
  for (int i = 0; i < 8; ++i) {
    core::Config config;
    config.name = "n" + std::to_string(i);
    world.add_host(config);
  }
  const HostId other_first{4};
  for (std::uint32_t i = 0; i < 8; ++i) {
    const HostId seed = i < 4 ? n0 : other_first;
    const bool is_first = HostId{i} == seed;
    world.start(HostId{i}, is_first ? std::vector<HostPort>{} : std::vector{world.seed_of(seed)});
    world.run_for(10ms);
    if (is_eventful && i == 3) {
      world.crash(n1);
      world.restart(n1, Disk::kept, {world.seed_of(n0)});
    }
  }
  world.run_for(10s);
  if (is_eventful) {
    world.crash(n1);
    world.freeze(HostId{2});
    world.set_drift(HostId{3}, 5000);
    world.inject(world.address(n0), HostId{3}, {});
  }
  world.run_for(20s);
  return diary;
}

TEST(WorldChanceTest, OfOneMemberNeverMixesWithAnothers) {
  Diary quiet = two_clusters(false);
  Diary eventful = two_clusters(true);

  EXPECT_NE(quiet.of(n0), eventful.of(n0));
  for (std::uint32_t i = 4; i < 8; ++i) {
    EXPECT_GT(quiet.of(HostId{i}).size(), 5000U);
    EXPECT_TRUE(quiet.of(HostId{i}) == eventful.of(HostId{i})) << "n" << i;
  }
}

TEST(WorldClockTest, ATimeOfDayThatIsSetChangesNothing) {
  const auto run = [](bool steps) {
    Cluster cluster({.size = 6});
    Diary diary;
    diary.follow(cluster.world());
    EXPECT_EQ(cluster.form(), "");
    if (steps) cluster.world().step_wall_clock(n1, -3h);
    cluster.world().run_for(10s);
    if (steps) cluster.world().step_wall_clock(n1, 48h);
    cluster.world().run_for(10s);
    const Duration off = cluster.world().wall_time(n1) - cluster.world().now().time_since_epoch();
    EXPECT_EQ(off, steps ? Duration(45h) : Duration{});
    return diary;
  };
  Diary usual = run(false);
  Diary stepped = run(true);

  for (std::uint32_t i = 0; i < 6; ++i) {
    EXPECT_TRUE(usual.of(HostId{i}) == stepped.of(HostId{i})) << "n" << i;
  }
}

}  // namespace
}  // namespace rollcall::sim
