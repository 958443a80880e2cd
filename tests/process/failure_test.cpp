// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>

#include "process/agents.hpp"

/// Ends and silences that nobody announced.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST_F(ProcessTest, AKilledAgentHasFailedEverywhere) {
  const auto cluster = start_cluster(4);

  cluster[3]->kill();

  const std::vector<AgentProcess*> others{cluster[0], cluster[1], cluster[2]};
  EXPECT_TRUE(eventually([&] { return all_list(others, "n4", "failed"); }));
  for (const AgentProcess* other : others) {
    EXPECT_EQ(other->count("member-failed", "n4"), 1U);
    for (const char* survivor : {"n1", "n2", "n3"}) {
      EXPECT_EQ(other->count("member-failed", survivor), 0U) << survivor;
    }
  }
}

TEST_F(ProcessTest, APauseWithinTheBudgetIsNeverAFailure) {
  constexpr auto pause = 1500ms;
  constexpr auto budget = 2000ms;
  constexpr int tries = 20;
  const auto cluster = start_cluster(3);

  // On a busy machine a pause may last longer than it was meant to: then it proves nothing, and
  // is tried again with another cluster member set free of suspicion.
  for (int attempt = 0; attempt < tries; ++attempt) {
    const std::size_t failed_before =
        cluster[0]->count("member-failed", "n3") + cluster[1]->count("member-failed", "n3");
    const Clock::time_point begin = Clock::now();
    cluster[2]->signal(SIGSTOP);
    std::this_thread::sleep_for(pause);
    cluster[2]->signal(SIGCONT);
    const bool answered = cluster[2]->status_of("/healthz") == 200;
    const auto silence = Clock::now() - begin;
    ASSERT_TRUE(eventually([&] { return all_see_all(cluster); }));
    if (!answered || silence >= budget) continue;

    EXPECT_EQ(cluster[0]->count("member-failed", "n3") + cluster[1]->count("member-failed", "n3"),
              failed_before);
    return;
  }
  GTEST_SKIP() << "this machine was too busy for a pause of " << pause.count() << " ms";
}

TEST_F(ProcessTest, AnAgentThatWakesFromALongPauseIsBackAndAccusesNobody) {
  const auto cluster = start_cluster(4);
  const std::vector<AgentProcess*> others{cluster[0], cluster[1], cluster[2]};
  const std::string first_life = cluster[0]->id_of("n4");

  cluster[3]->signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return all_list(others, "n4", "failed"); }));
  cluster[3]->signal(SIGCONT);

  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  // A member that was declared failed comes back as a new life: dead is final for a life.
  EXPECT_NE(cluster[0]->id_of("n4"), first_life);
  for (const AgentProcess* agent : cluster) {
    for (const char* innocent : {"n1", "n2", "n3"}) {
      EXPECT_EQ(agent->count("member-suspect", innocent), 0U)
          << agent->name() << " on " << innocent;
      EXPECT_EQ(agent->count("member-failed", innocent), 0U) << agent->name() << " on " << innocent;
    }
  }
}

TEST_F(ProcessTest, AnAgentRestartedAtOnceIsANewLifeOfTheSameMember) {
  for (const AgentSetup::Data data : {AgentSetup::Data::kept, AgentSetup::Data::none}) {
    AgentProcess& n1 = start({.name = "n1"});
    AgentProcess& n2 = start({.name = "n2", .join = {n1.bind()}});
    AgentProcess& n3 = start({.name = "n3", .join = {n1.bind()}, .data = data});
    ASSERT_TRUE(eventually([&] { return all_see_all({&n1, &n2, &n3}); }));
    const std::string first_life = n1.id_of("n3");

    n3.kill();
    n3.start();

    EXPECT_TRUE(eventually([&] {
      const std::string life = n3.id_of("n3");
      return all_see_all({&n1, &n2, &n3}) && life != first_life && n1.id_of("n3") == life &&
             n2.id_of("n3") == life;
    }));
    EXPECT_EQ(n1.get("/v1/members")["count"], 3);
    n1.kill();
    n2.kill();
    n3.kill();
  }
}

TEST_F(ProcessTest, AnAgentRestartedUnderANewAddressIsTheSameMember) {
  for (const AgentSetup::Data data : {AgentSetup::Data::kept, AgentSetup::Data::none}) {
    AgentProcess& n1 = start({.name = "n1"});
    AgentProcess& n2 = start({.name = "n2", .join = {n1.bind()}});
    AgentProcess& n3 = start({.name = "n3", .join = {n1.bind()}, .data = data});
    ASSERT_TRUE(eventually([&] { return all_see_all({&n1, &n2, &n3}); }));

    n3.kill();
    n3.move_to_new_address();
    n3.start();

    EXPECT_TRUE(eventually([&] {
      return all_see_all({&n1, &n2, &n3}) &&
             n1.get("/v1/members/n3").value("address", "") == n3.bind() &&
             n2.get("/v1/members/n3").value("address", "") == n3.bind();
    }));
    EXPECT_EQ(n1.get("/v1/members")["count"], 3);
    n1.kill();
    n2.kill();
    n3.kill();
  }
}

TEST_F(ProcessTest, AnAgentFindsItsClusterAgainWithoutBeingToldASeed) {
  const auto cluster = start_cluster(3);

  // The introducer itself, at once: it never had a seed, and has only what it kept on leaving.
  cluster[0]->signal(SIGTERM);
  ASSERT_EQ(cluster[0]->wait(), 0);
  cluster[0]->start();

  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
}

TEST_F(ProcessTest, EverybodyReturnsAfterEverybodyWasKilled) {
  const auto cluster = start_cluster(3);

  for (AgentProcess* agent : cluster) agent->kill();
  for (AgentProcess* agent : cluster) agent->start();

  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
}

}  // namespace
}  // namespace rollcall::test
