// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/test_run.hpp"

namespace rollcall::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Result plan(const std::vector<std::string>& words) {
  return run_command("plan", words);
}

TEST(PlanCommand, ShowsTimesCostsMistakesAndAdvice) {
  const Result result = plan({"--nodes", "1000"});

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("1000 members, profile rollcall, loss 0 % each way"));
  for (const char* part : {"a process has ended", "a machine or its network is gone", "datagrams/s",
                           "wrongly failed, at most", "may pause for", "suspicion-time"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
}

TEST(PlanCommand, PrintsTheSameAsJson) {
  const Result result =
      plan({"--nodes", "1000", "--loss", "5%", "--rtt", "1.5", "--pause", "3", "--profile", "swim",
            "--probe-interval", "500ms", "--detector", "pingack", "--json"});

  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("question").at("nodes"), 1000);
  EXPECT_EQ(json.at("question").at("loss"), 0.05);
  EXPECT_EQ(json.at("question").at("rtt_s"), 0.0015);
  EXPECT_EQ(json.at("question").at("pause_s"), 3.0);
  EXPECT_EQ(json.at("question").at("probe_timeout_s"), 0.25);
  EXPECT_NEAR(json.at("silent_loss").at("median_s").get<double>(), 7.4, 0.3);
  EXPECT_EQ(json.at("recommended").at(0).at("key"), "probe-interval");
}

TEST(PlanCommand, SaysWhatIsAllowedWhereAValueIsNot) {
  struct Case {
    std::vector<std::string> words;
    std::string message;
  };
  const std::string loss_rule =
      "; allowed: 0 to 0.9, or 0% to 90%: the share of packets lost, each way\n";
  const std::string help = "; 'rollcall plan --help' tells what is allowed\n";
  const std::vector<Case> cases{
      {{}, "rollcall: plan: --nodes is required" + help},
      {{"--nodes", "1"},
       "rollcall: plan: --nodes: '1' is not a whole number from 2 to 1000000" + help},
      {{"--nodes", "9", "--loss", "1"}, "rollcall: plan: --loss: found '1'" + loss_rule},
      {{"--nodes", "9", "--loss", "nan"}, "rollcall: plan: --loss: found 'nan'" + loss_rule},
      {{"--nodes", "9", "--loss", "5 %"}, "rollcall: plan: --loss: found '5 %'" + loss_rule},
      {{"--nodes", "9", "--rtt", "-1"},
       "rollcall: plan: --rtt: found '-1'; allowed: 1us to 10s, as in 250ms or 1.5s; a bare number "
       "is in ms\n"},
      {{"--nodes", "9", "--rtt", "600"},
       "rollcall: plan: --rtt: found '600'; allowed: less than the 500ms that a probe waits; or "
       "give a longer --probe-timeout, and for it a longer --probe-interval\n"},
      {{"--nodes", "9", "--pause", "0"},
       "rollcall: plan: --pause: found '0'; allowed: 100ms to 1h, as in 250ms or 1.5s; a bare "
       "number is in s\n"},
      {{"--nodes", "9", "--probe-interval", "1ms"},
       "rollcall: plan: --probe-interval: found '1ms'; allowed: 50ms to 10m, as in 250ms or 1.5s; "
       "a bare number is in s\n"},
      {{"--nodes", "9", "--probe-timeout", "2s"},
       "rollcall: plan: --probe-timeout: found '2s'; allowed: 10ms to 1s, as in 250ms or 1.5s; a "
       "bare number is in s\n"},
      {{"--nodes", "9", "--detector", "heartbeat"},
       "rollcall: plan: --detector: 'heartbeat' is not one of pingack" + help},
      {{"--nodes", "9", "--profile", "raft"},
       "rollcall: plan: --profile: 'raft' is not one of rollcall, swim" + help},
      {{"--nodes", "9", "--node"}, "rollcall: plan: unknown flag --node; did you mean --nodes?\n"},
  };
  for (const Case& misuse : cases) {
    const Result result = plan(misuse.words);
    EXPECT_EQ(result.status, 2) << misuse.message;
    EXPECT_EQ(result.err, misuse.message);
    EXPECT_EQ(result.out, "");
  }
}

TEST(PlanCommand, HasHelp) {
  EXPECT_THAT(plan({"--help"}).out, HasSubstr("--probe-interval"));
}

}  // namespace
}  // namespace rollcall::cli
