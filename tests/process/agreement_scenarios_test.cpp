// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "process/local_cluster.hpp"
#include "process/netns_cluster.hpp"

/// The scenarios of deploy/scenarios, each with a cluster of real agents.
namespace rollcall::test {
namespace {

std::string file_of(const std::string& scenario) {
  return std::string(ROLLCALL_SOURCE_DIR) + "/deploy/scenarios/" + scenario + ".yaml";
}

class AgreementScenarioTest : public ClusterTest {
 protected:
  void run_scenario(const std::string& scenario) const {
    const RunResult result = cluster({"run-scenario", file_of(scenario), "--base-port",
                                      first_port(), "--base-http", first_http_port()});

    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_NE(result.out.find("holds\n"), std::string::npos) << result.out;
  }
};

TEST_F(AgreementScenarioTest, FiveMembersStartOneAfterTheOther) {
  run_scenario("joins");
}
TEST_F(AgreementScenarioTest, OneOfFiveCrashes) {
  run_scenario("one-failure");
}
TEST_F(AgreementScenarioTest, FourOfFiveCrashOneAfterTheOther) {
  run_scenario("several-failures");
}
TEST_F(AgreementScenarioTest, TheLeaderCrashesWhileItsRemovalHasReachedTwoOfFive) {
  run_scenario("leader-crash-lost-message");
}
TEST_F(AgreementScenarioTest, TwoOfFiveCrashTogether) {
  run_scenario("two-at-once");
}
TEST_F(AgreementScenarioTest, TheLeaderAndItsSuccessorCrashTogether) {
  run_scenario("leader-and-successor");
}
TEST_F(AgreementScenarioTest, TwoAndThreeArePartedByTheAgentsThemselves) {
  run_scenario("partition");
}

class NetnsAgreementTest : public NetnsTest {};

TEST_F(NetnsAgreementTest, TwoAndThreeArePartedByTheirNetwork) {
  const NetnsCluster cluster(place());

  const RunResult result = cluster.run({"run-scenario", file_of("partition"), "--driver", "netns"});

  EXPECT_EQ(result.status, 0) << result.out << result.err;
}

}  // namespace
}  // namespace rollcall::test
