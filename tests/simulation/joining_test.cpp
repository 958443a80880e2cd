// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/joining/lan_search.hpp"
#include "simulation_test.hpp"
#include "wire/datagram.hpp"

namespace rollcall::sim {
namespace {

class Joining : public SimulationTest {};

TEST_P(Joining, EverybodyListsEverybodyWhoJoinedThroughOne) {
  make({.size = 2 + draw(12)});

  EXPECT_EQ(cluster_->form(5s), "");

  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(verdicts().count(core::EventKind::member_suspect), 0U);
}

TEST_P(Joining, SucceedsUnderLoss) {
  make({.size = 8, .world = {.link = {.loss = 0.2}}});

  EXPECT_EQ(cluster_->form(60s), "");

  EXPECT_EQ(failures(), 0U);
}

TEST_P(Joining, LoneMemberFindsTheClusterWhenASeedAppears) {
  make({.size = 3});
  world().start(HostId{1}, {cluster_->seed()});
  world().run_for(20s);
  EXPECT_EQ(world().node(HostId{1}).phase(), core::Phase::alone);

  world().start(HostId{0});
  world().start(HostId{2}, {cluster_->seed()});

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Joining, SeedNameIsLookedUpAgainAtEachTry) {
  make({.size = 2});
  world().start(HostId{0});
  world().start(HostId{1}, {{.host = "seeds.example", .port = 7420}});
  world().run_for(5s);

  world().set_name("seeds.example", {world().address(HostId{0})});

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Joining, ReturnsToItsSavedPeersWithoutSeeds) {
  make_joined(5);
  world().run_for(90s);
  const HostId host = draw_joiner();
  ASSERT_FALSE(world().saved_peers(host).empty());
  world().crash(host);
  world().run_for(5s);

  world().restart(host, Disk::kept);

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(Joining, RemembersItsPeersThoughItLeavesAtOnce) {
  make({.size = 3});
  world().start(HostId{0});
  for (const HostId host : range(1, 3)) world().start(host, {cluster_->seed()});
  ASSERT_TRUE(world().run_until([&] { return world().node(HostId{0}).members().size() == 3; }, 5s));

  // The first one was never told of anybody: it has only what it kept within this moment.
  world().command(HostId{0}, core::LeaveCommand{});
  ASSERT_TRUE(
      world().run_until([&] { return world().node(HostId{0}).phase() == core::Phase::left; }, 3s));
  ASSERT_FALSE(world().saved_peers(HostId{0}).empty());
  world().crash(HostId{0});
  world().restart(HostId{0}, Disk::kept);

  EXPECT_EQ(cluster_->converge(15s), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Joining, testing::ValuesIn(seeds(50)), seed_name);

/// Who looks for whom, on a LAN where nobody is named.
class JoiningByLan : public SimulationTest {
 protected:
  void make_on_lan(std::size_t size, LinkOptions link = {}) {
    ClusterOptions options{.size = size, .world = {.link = link}};
    options.config.broadcast = true;
    make(std::move(options));
  }
};

TEST_P(JoiningByLan, MembersWithoutSeedsFindOneAnother) {
  make_on_lan(2 + draw(10));
  for (const HostId host : world().hosts()) {
    world().start(host);
    world().run_for(Duration(draw(3'000'000'000)));
  }

  EXPECT_EQ(cluster_->converge(20s), "");
}

TEST_P(JoiningByLan, AllWhoStartAtOnceEndInOneCluster) {
  make_on_lan(2 + draw(30), {.loss = 0.1});
  for (const HostId host : world().hosts()) world().start(host);

  EXPECT_EQ(cluster_->converge(60s), "");
}

TEST_P(JoiningByLan, FindsTheClusterWhenNoSeedAnswers) {
  make_on_lan(4);
  for (const HostId host : range(0, 3)) world().start(host);
  ASSERT_EQ(cluster_->converge(20s), "");

  world().start(HostId{3}, {{.host = "10.9.9.9", .port = 7420}});
  world().run_for(500ms);
  EXPECT_EQ(world().node(HostId{3}).join_stage(), core::JoinStage::seeds);

  // Long before the silent seed is given up.
  EXPECT_EQ(cluster_->converge(1s), "");
  EXPECT_EQ(world().node(HostId{3}).join_stage(), core::JoinStage::none);
}

TEST_P(JoiningByLan, TwoGroupsThatFormedApartBecomeOne) {
  make_on_lan(6);
  world().partition({range(0, 3), range(3, 6)});
  for (const HostId host : world().hosts()) world().start(host);
  world().run_for(20s);
  ASSERT_EQ(world().node(HostId{0}).members().live_count(), 3U);
  ASSERT_EQ(world().node(HostId{5}).members().live_count(), 3U);

  world().heal();

  EXPECT_EQ(cluster_->converge(60s), "");
}

TEST_P(JoiningByLan, ALoneMemberThatWasCancelledIsFoundButSeeksNobody) {
  make_on_lan(2);
  world().start(HostId{0});
  world().run_for(500ms);
  EXPECT_EQ(world().node(HostId{0}).join_stage(), core::JoinStage::lan);

  const auto cancelled = world().command(HostId{0}, core::CancelJoinCommand{});
  world().run_for(30s);

  ASSERT_NE(world().outcome(cancelled), nullptr);
  EXPECT_EQ(world().node(HostId{0}).phase(), core::Phase::alone);
  EXPECT_EQ(world().node(HostId{0}).join_stage(), core::JoinStage::none);
  world().start(HostId{1});
  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(JoiningByLan, OfManyMembersAFewAnswer) {
  ClusterOptions options{.size = 60};
  options.config.broadcast = true;
  make_joined(std::move(options));
  std::size_t answers = 0;
  world().observe_datagrams([&](HostId, HostId, Bytes datagram) {
    auto reader = wire::DatagramReader::create(datagram, wire::cluster_hash("default"));
    const auto message = reader ? reader->next() : std::unexpected(reader.error());
    if (message && std::holds_alternative<wire::Here>(*message)) ++answers;
  });

  world().start(cluster_->add());

  EXPECT_EQ(cluster_->converge(5s), "");
  EXPECT_GE(answers, 1U);
  EXPECT_LE(answers, 3 * core::LanSearch::answers_wanted);
}

INSTANTIATE_TEST_SUITE_P(Seeds, JoiningByLan, testing::ValuesIn(seeds(50)), seed_name);

class JoiningByHostsFile : public SimulationTest {};

TEST_P(JoiningByHostsFile, ReadsTheFileAnewAtEachTry) {
  ClusterOptions options{.size = 2};
  options.config.reads_hosts = true;
  make(std::move(options));
  world().start(HostId{0});
  world().start(HostId{1});
  world().run_for(10s);
  EXPECT_EQ(world().node(HostId{1}).phase(), core::Phase::alone);
  EXPECT_EQ(world().node(HostId{1}).join_stage(), core::JoinStage::waiting);

  world().set_hosts(HostId{1}, {cluster_->seed()});

  EXPECT_EQ(cluster_->converge(15s), "");
}

TEST_P(JoiningByHostsFile, FindsTheOneThatLivesAmongManyHosts) {
  ClusterOptions options{.size = 2};
  options.config.reads_hosts = true;
  make(std::move(options));
  world().start(HostId{0});
  std::vector<HostPort> hosts(200, {.host = "10.9.9.9", .port = 1});
  for (std::uint16_t i = 0; i < 200; ++i) hosts[i].port = static_cast<std::uint16_t>(i + 1);
  hosts[draw(200)] = cluster_->seed();
  world().set_hosts(HostId{1}, hosts);

  world().start(HostId{1});

  EXPECT_EQ(cluster_->converge(3min), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, JoiningByHostsFile, testing::ValuesIn(seeds(20)), seed_name);

class JoiningAtOnce : public SimulationTest {};

TEST_P(JoiningAtOnce, HundredMembersThroughOneTakeOneSecond) {
  make({.size = 100, .start_gap = 0ms});

  EXPECT_EQ(cluster_->form(1s), "");

  EXPECT_EQ(failures(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, JoiningAtOnce, testing::ValuesIn(seeds(5)), seed_name);

}  // namespace
}  // namespace rollcall::sim
