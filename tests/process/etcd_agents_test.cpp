// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "process/agreement_cluster.hpp"

/// Agents whose log is in etcd: what they do when that is away. All else is EitherEngineTest's.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class EtcdAgentsTest : public AgreementTest {
 protected:
  [[nodiscard]] std::vector<std::string> engine_flags() const override {
    return {"--registry", etcd_.registry()};
  }
  EtcdCluster etcd_;
};

TEST_F(EtcdAgentsTest, WithoutAMajorityOfEtcdReadsGoOnAndWritesAreRefusedWithTheReason) {
  const Agents agents = start_voters(3);
  ASSERT_TRUE(is_done(join(*agents[0], "g", "a")));
  ASSERT_TRUE(eventually([&] { return ids(group(*agents[1], "g")).size() == 1; }));
  EXPECT_EQ(agreement(*agents[1])["engine"], "etcd");

  etcd_.kill(0);
  etcd_.kill(2);

  ASSERT_TRUE(eventually([&] {
    return agreement(*agents[1]).value("trouble", "").find("etcd does not answer") !=
           std::string::npos;
  })) << agreement(*agents[1]);
  // As long as a member may still lead, a write may still be committed, and ends with 504.
  Answer refused;
  ASSERT_TRUE(eventually([&] {
    refused =
        ask(*agents[1], "PUT", member_path("g", "b") + "?timeout=1s", {{"address", "127.0.0.1:1"}});
    return refused.status == 503;
  })) << refused.status
      << refused.body;
  EXPECT_THAT(refused.body["error"]["message"].get<std::string>(),
              HasSubstr("etcd does not answer"));
  EXPECT_THAT(ids(group(*agents[1], "g")), ElementsAre("a"));
  EXPECT_EQ(ask(*agents[1], "GET", "/v1/groups/g?consistency=linearizable&timeout=1s").status,
            503U);
  EXPECT_TRUE(eventually([&] { return agreement(*agents[1]).value("stale_ms", 0.0) > 0; }));
  EXPECT_TRUE(eventually([&] { return log_leader(agents) == nullptr; }));

  etcd_.start(0);
  etcd_.start(2);

  EXPECT_TRUE(eventually([&] { return is_done(join(*agents[1], "g", "c")); }));
  EXPECT_TRUE(eventually([&] { return agreement(*agents[1]).value("trouble", "?").empty(); }));
}

TEST_F(EtcdAgentsTest, AllOfEtcdAndAllAgentsKilledAndStartedAgainHaveWhatWasAnswered) {
  const Agents agents = start_voters(3);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(is_done(join(*agents[1], "kept", id)));

  for (AgentProcess* agent : agents) agent->kill();
  etcd_.kill_all();
  etcd_.start_all();
  for (AgentProcess* agent : agents) agent->start();

  ASSERT_TRUE(eventually([&] { return is_done(join(*agents[2], "kept", "d")); }));
  EXPECT_THAT(ids(group(*agents[0], "kept", "linearizable")), ElementsAre("a", "b", "c", "d"));
}

}  // namespace
}  // namespace rollcall::test
