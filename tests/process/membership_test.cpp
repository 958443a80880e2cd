// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "process/agents.hpp"

/// Coming and going on purpose: join, leave, come back, be sent away.
namespace rollcall::test {
namespace {

TEST_F(ProcessTest, AgentsJoinThroughOneAndAllSeeAll) {
  const auto cluster = start_cluster(4);

  for (const AgentProcess* agent : cluster) {
    EXPECT_EQ(agent->phase(), "joined") << agent->name();
    EXPECT_EQ(agent->status_of("/readyz"), 200U) << agent->name();
    EXPECT_EQ(agent->status_of("/healthz"), 200U) << agent->name();
    EXPECT_EQ(agent->get("/v1/members")["count"], 4) << agent->name();
  }
}

TEST_F(ProcessTest, AnAgentJoinsLaterThroughAnyMember) {
  const auto cluster = start_cluster(2);
  AgentProcess& late = start({.name = "late"});
  ASSERT_TRUE(eventually([&] { return late.state_of("late") == "alive"; }));

  const RunResult joined = rollcall({"join", cluster[1]->bind(), "--http", late.http()});

  EXPECT_EQ(joined.status, 0) << joined.err;
  EXPECT_TRUE(eventually([&] { return all_see_all({cluster[0], cluster[1], &late}); }));
}

TEST_F(ProcessTest, ATerminatedAgentLeavesAndNobodyCallsItFailed) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto cluster = start_cluster(3);

    cluster[2]->signal(signal);

    EXPECT_EQ(cluster[2]->wait(), 0) << "after signal " << signal;
    const std::vector<AgentProcess*> others{cluster[0], cluster[1]};
    EXPECT_TRUE(eventually([&] { return all_list(others, "n3", "left"); }));
    for (const AgentProcess* other : others) {
      EXPECT_EQ(other->count("member-leave", "n3"), 1U);
      EXPECT_EQ(other->count("member-failed", "n3"), 0U);
      EXPECT_EQ(other->count("member-suspect", "n3"), 0U);
    }
    cluster[0]->kill();
    cluster[1]->kill();
  }
}

TEST_F(ProcessTest, ALonelyAgentLeavesWithoutDelay) {
  AgentProcess& alone = start({.name = "alone"});
  ASSERT_TRUE(eventually([&] { return alone.state_of("alone") == "alive"; }));

  alone.signal(SIGTERM);

  EXPECT_EQ(alone.wait(), 0);
}

TEST_F(ProcessTest, AnAgentLeavesStaysUpAndComesBackAsANewLife) {
  const auto cluster = start_cluster(3);
  const std::string first_life = cluster[0]->id_of("n3");

  const RunResult left = rollcall({"leave", "--http", cluster[2]->http()});

  ASSERT_EQ(left.status, 0) << left.err;
  EXPECT_TRUE(eventually([&] { return all_list({cluster[0], cluster[1]}, "n3", "left"); }));
  EXPECT_TRUE(cluster[2]->is_running());
  EXPECT_EQ(cluster[2]->phase(), "left");
  EXPECT_EQ(cluster[2]->status_of("/readyz"), 503U);

  const RunResult back = rollcall({"join", cluster[1]->bind(), "--http", cluster[2]->http()});

  ASSERT_EQ(back.status, 0) << back.err;
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); }));
  EXPECT_NE(cluster[0]->id_of("n3"), first_life);
  EXPECT_EQ(cluster[0]->count("member-failed", "n3"), 0U);
}

TEST_F(ProcessTest, AFailedMemberCanBeForcedOutAndALiveOneCannot) {
  const auto cluster = start_cluster(3);
  cluster[2]->kill();
  ASSERT_TRUE(eventually([&] { return all_list({cluster[0], cluster[1]}, "n3", "failed"); }));

  const RunResult live = rollcall({"force-leave", "n2", "--http", cluster[0]->http()});
  const RunResult nobody = rollcall({"force-leave", "n9", "--http", cluster[0]->http()});
  const RunResult failed = rollcall({"force-leave", "n3", "--http", cluster[0]->http()});

  EXPECT_EQ(live.status, 1) << live.out;
  EXPECT_EQ(nobody.status, 1) << nobody.out;
  EXPECT_EQ(failed.status, 0) << failed.err;
  EXPECT_TRUE(eventually([&] { return all_list({cluster[0], cluster[1]}, "n3", "left"); }));
  EXPECT_TRUE(all_list({cluster[0], cluster[1]}, "n2", "alive"));
}

}  // namespace
}  // namespace rollcall::test
