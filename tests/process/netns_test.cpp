// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>

#include <gmock/gmock.h>

#include "launcher/namespaces.hpp"
#include "launcher/netns_plan.hpp"
#include "process/netns_cluster.hpp"
#include "process/netns_socket.hpp"

/// `rollcall cluster --driver netns`: hosts of their own, on a network that really breaks.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST_F(NetnsTest, ComesUpAndGoesDownAndTouchesNothingElse) {
  const std::string before = own_network();
  {
    const NetnsCluster cluster(place());
    const RunResult first = cluster.up(3);
    ASSERT_EQ(first.status, 0) << first.err << first.out;
    EXPECT_THAT(first.out, HasSubstr("3 agents list 3 members alive"));
    EXPECT_EQ(own_network(), before);
    const int pid = cluster.node("node1")["pid"];
    EXPECT_EQ(cluster.node("node2")["address"], "10.77.0.2:7420");

    const RunResult again = cluster.up(3);
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_THAT(again.out, Not(HasSubstr("started")));
    EXPECT_THAT(again.out, Not(HasSubstr("made")));

    const RunResult grown = cluster.up(4);
    EXPECT_EQ(grown.status, 0) << grown.err;
    EXPECT_THAT(grown.out, HasSubstr("4 agents list 4 members alive"));
    EXPECT_EQ(cluster.node("node1")["pid"], pid);
    // What the kernel must ask for does not scale beyond 32 hosts.
    const RunResult known =
        cluster.run({"exec", "node1"}, {"ip", "neighbour", "show", "10.77.0.4"});
    EXPECT_THAT(known.out, HasSubstr("02:00:0a:4d:00:04 PERMANENT")) << known.err;

    const RunResult down = cluster.run({"down"});
    EXPECT_EQ(down.status, 0) << down.err;
    EXPECT_THAT(down.out, HasSubstr("node4 left"));
    EXPECT_TRUE(cluster.namespaces().empty());
    EXPECT_EQ(cluster.run({"down"}).out, "nothing is running\n");
  }
  EXPECT_EQ(own_network(), before);
}

TEST_F(NetnsTest, KillsStartsPausesResumesAndRunsCommandsOnEachHost) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(3).status, 0);

  EXPECT_EQ(cluster.run({"kill", "node3"}).status, 0);
  EXPECT_TRUE(
      eventually([&] { return cluster.list_alive({"node1", "node2"}, {"node1", "node2"}); }));
  const RunResult started = cluster.run({"start", "node3"});
  EXPECT_EQ(started.status, 0) << started.err;
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(left, left); }));

  EXPECT_EQ(cluster.run({"pause", "node2"}).status, 0);
  EXPECT_EQ(cluster.node("node2")["process"], "paused");
  EXPECT_EQ(cluster.run({"resume", "node2"}).status, 0);
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(left, left); }));

  const RunResult self = cluster.run({"exec", "node2"}, {"rollcall", "self", "--json"});
  EXPECT_THAT(self.out, HasSubstr("\"node2\"")) << self.err;
  const RunResult address = cluster.run({"exec", "node3"}, {"ip", "-brief", "address"});
  EXPECT_THAT(address.out, HasSubstr("10.77.0.3/16")) << address.err;
}

TEST_F(NetnsTest, BreaksTheNetworkAsToldAndNoFurther) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(3).status, 0);
  const NetnsSocket one(cluster.network("node1"));
  const NetnsSocket two(cluster.network("node2"));
  const NetnsSocket three(cluster.network("node3"));

  ASSERT_TRUE(one.reaches(two) && two.reaches(one) && one.reaches(three) && three.reaches(one));

  ASSERT_EQ(cluster.run({"cut", "node1", "node2"}).status, 0);
  EXPECT_FALSE(one.reaches(two));
  EXPECT_TRUE(two.reaches(one) && one.reaches(three) && three.reaches(two));

  ASSERT_EQ(cluster.run({"cut", "node1", "node3", "--both-ways"}).status, 0);
  EXPECT_FALSE(one.reaches(three) || three.reaches(one) || one.reaches(two));
  EXPECT_TRUE(two.reaches(one));

  ASSERT_EQ(cluster.run({"heal"}).status, 0);
  EXPECT_TRUE(one.reaches(two) && one.reaches(three) && three.reaches(one));

  ASSERT_EQ(cluster.run({"partition", "node1,node2|node3"}).status, 0);
  EXPECT_TRUE(one.reaches(two) && two.reaches(one));
  EXPECT_FALSE(one.reaches(three) || three.reaches(one) || two.reaches(three));
  ASSERT_EQ(cluster.run({"partition", "node1"}).status, 0);
  EXPECT_TRUE(two.reaches(three) && three.reaches(two));
  EXPECT_FALSE(one.reaches(two) || two.reaches(one));

  ASSERT_EQ(cluster.run({"heal"}).status, 0);
  ASSERT_EQ(cluster.run({"link-down", "node2"}).status, 0);
  EXPECT_FALSE(one.reaches(two) || two.reaches(one));
  EXPECT_TRUE(one.reaches(three) && three.reaches(one));
  ASSERT_EQ(cluster.run({"link-up", "node2"}).status, 0);
  // The kernel takes up to a second to use a link that has come up.
  EXPECT_TRUE(eventually([&] { return one.reaches(two) && two.reaches(one); }));

  ASSERT_EQ(cluster.run({"loss", "100%", "node2", "--direction", "out"}).status, 0);
  EXPECT_FALSE(two.reaches(one) || two.reaches(three));
  EXPECT_TRUE(one.reaches(two));
  ASSERT_EQ(cluster.run({"loss", "0", "node2", "--direction", "both"}).status, 0);
  EXPECT_TRUE(two.reaches(one));
}

TEST_F(NetnsTest, LosesTheShareThatItWasTold) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(2).status, 0);
  const NetnsSocket one(cluster.network("node1"));
  const NetnsSocket two(cluster.network("node2"));
  constexpr std::size_t sent = 2000;
  // 20 % of 2000 are lost with a standard deviation of 18.
  constexpr std::size_t arrive = 1600;
  constexpr std::size_t slack = 120;

  ASSERT_EQ(cluster.run({"loss", "20%", "node2"}).status, 0);
  const std::size_t inwards = one.deliver(two, sent);
  const std::size_t outwards = two.deliver(one, sent);

  EXPECT_GT(inwards, arrive - slack);
  EXPECT_LT(inwards, arrive + slack);
  EXPECT_EQ(outwards, sent);
}

TEST_F(NetnsTest, APartitionHealsWithoutAnyHelp) {
  const NetnsCluster cluster(place());
  const RunResult up = cluster.up(size);
  ASSERT_EQ(up.status, 0) << up.err << up.out;

  ASSERT_EQ(cluster.run({"partition", "node1..node3"}).status, 0);
  EXPECT_TRUE(eventually([&] { return cluster.all_told(all, "member-failed", 3); }));
  EXPECT_TRUE(cluster.list_alive(left, left) && cluster.list_alive(right, right));

  ASSERT_EQ(cluster.run({"heal"}).status, 0);
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(all, all); }));
}

TEST_F(NetnsTest, ANodeStartedWithinAPartitionWaitsForItsOwnSideOnly) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(4).status, 0);
  ASSERT_EQ(cluster.run({"kill", "node4"}).status, 0);
  ASSERT_EQ(cluster.run({"partition", "node3,node4"}).status, 0);

  const RunResult started = cluster.run({"start", "node4"});

  EXPECT_EQ(started.status, 0) << started.err;
  EXPECT_TRUE(eventually([&] { return cluster.list_alive({"node4"}, {"node3", "node4"}); }));
  // 'up' says that all shall see all, so it mends what is in the way of that.
  const RunResult up = cluster.up(4);
  EXPECT_EQ(up.status, 0) << up.err;
  EXPECT_THAT(up.out, HasSubstr("the network is healed"));
}

TEST_F(NetnsTest, AHostThatFallsSilentHasFailedThoughItsProcessRuns) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(4).status, 0);
  const int pid = cluster.node("node4")["pid"];

  ASSERT_EQ(cluster.run({"link-down", "node4"}).status, 0);

  EXPECT_TRUE(eventually([&] { return cluster.all_told(left, "member-failed", 1); }));
  EXPECT_TRUE(cluster.list_alive(left, left));
  EXPECT_EQ(cluster.node("node4")["process"], "running");

  ASSERT_EQ(cluster.run({"link-up", "node4"}).status, 0);
  const launcher::Names four{"node1", "node2", "node3", "node4"};
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(four, four); }));
  EXPECT_EQ(cluster.node("node4")["pid"], pid);
}

TEST_F(NetnsTest, APairThatIsCutInOneDirectionFailsNobody) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(size).status, 0);

  ASSERT_EQ(cluster.run({"cut", "node1", "node2"}).status, 0);
  ASSERT_TRUE(cluster.probe(all, 15));  // each many times what it takes to notice a silent one

  EXPECT_EQ(cluster.failures(all), 0U);
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(all, all); }));
}

TEST_F(NetnsTest, RandomLossOfAFifthFailsNobody) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(size).status, 0);

  ASSERT_EQ(cluster.run({"loss", "20%"}).status, 0);
  ASSERT_TRUE(cluster.probe(all, 20));
  ASSERT_EQ(cluster.run({"heal"}).status, 0);

  EXPECT_EQ(cluster.failures(all), 0U);
  EXPECT_TRUE(eventually([&] { return cluster.list_alive(all, all); }));
}

TEST_F(NetnsTest, TwoClustersDoNotMeet) {
  const NetnsCluster one(directory() / "one");
  const NetnsCluster other(directory() / "other");
  ASSERT_EQ(one.up(2).status, 0);
  ASSERT_EQ(other.up(3).status, 0);

  EXPECT_TRUE(one.list_alive({"node1", "node2"}, {"node1", "node2"}));
  EXPECT_EQ(one.run({"down"}).status, 0);

  EXPECT_EQ(other.namespaces().size(), 4U);
  EXPECT_TRUE(other.list_alive(left, left));
}

TEST_F(NetnsTest, ADownCleansUpBehindALauncherThatWasKilledHalfWay) {
  // A namespace more each time: killed between the hosts, and while agents are started.
  for (std::size_t made = 1; made <= size + 1; made += 2) {
    const NetnsCluster cluster(directory() / std::to_string(made));
    Child launcher({.command = cluster.command(NetnsCluster::up_words(size)),
                    .out = directory() / "out",
                    .err = directory() / "out"});
    ASSERT_TRUE(eventually([&] { return cluster.namespaces().size() >= made; }))
        << read_file(directory() / "out");
    launcher.signal(SIGKILL);
    launcher.wait();

    const RunResult down = cluster.run({"down"});

    EXPECT_EQ(down.status, 0) << down.err;
    EXPECT_TRUE(cluster.namespaces().empty());
    EXPECT_FALSE(is_mentioned(cluster.place().string()));
  }
}

TEST_F(NetnsTest, AnUpGoesOnBehindALauncherThatWasKilledHalfWay) {
  const NetnsCluster cluster(place());
  for (std::size_t made = 1; made <= size + 1; made += 2) {
    Child launcher({.command = cluster.command(NetnsCluster::up_words(size)),
                    .out = directory() / "out",
                    .err = directory() / "out"});
    ASSERT_TRUE(eventually([&] { return cluster.namespaces().size() >= made; }))
        << read_file(directory() / "out");
    launcher.signal(SIGKILL);
    launcher.wait();
  }

  const RunResult up = cluster.up(size);

  EXPECT_EQ(up.status, 0) << up.err << up.out;
  EXPECT_THAT(up.out, HasSubstr("6 agents list 6 members alive"));
  EXPECT_EQ(cluster.namespaces().size(), size + 1);
}

TEST_F(NetnsTest, MakesAHostAgainThatSomebodyTookAway) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(3).status, 0);
  const int pid = cluster.node("node2")["pid"];
  ASSERT_EQ(
      run({"ip", "netns", "delete", launcher::namespace_name(cluster.prefix(), "node2")}).status,
      0);
  ASSERT_EQ(
      run({"ip", "-n", launcher::switch_name(cluster.prefix()), "link", "delete", "node2"}).status,
      0);

  const RunResult up = cluster.up(3);

  EXPECT_EQ(up.status, 0) << up.err << up.out;
  EXPECT_TRUE(has_ended(pid));
  EXPECT_NE(cluster.node("node2")["pid"], pid);
}

TEST_F(NetnsTest, RefusesWhatItCannotDoAndSaysWhatToDo) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(2).status, 0);

  const RunResult other = cluster.run({"up", "--driver", "local"});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("is up with netns"));
  const RunResult twice = cluster.run({"partition", "node1", "node1,node2"});
  EXPECT_EQ(twice.status, 2);
  EXPECT_THAT(twice.err, HasSubstr("node1 is in two groups"));
  const RunResult nobody = cluster.run({"link-down", "node7"});
  EXPECT_EQ(nobody.status, 1);
  EXPECT_THAT(nobody.err, HasSubstr("it has node1 to node2"));
  EXPECT_TRUE(cluster.list_alive({"node1", "node2"}, {"node1", "node2"}));
}

TEST_F(NetnsTest, FindsWhatIsLeftWhenTheDirectoryIsGone) {
  const NetnsCluster cluster(place());
  ASSERT_EQ(cluster.up(2).status, 0);
  std::filesystem::remove_all(place());

  const RunResult up = cluster.up(2);
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.err, HasSubstr("an earlier cluster of " + place().string() + " left"));
  const RunResult down = cluster.run({"down"});

  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_TRUE(cluster.namespaces().empty());
  EXPECT_FALSE(is_mentioned(place().string()));
}

}  // namespace
}  // namespace rollcall::test
