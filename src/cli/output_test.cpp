// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/event_text.hpp"
#include "cli/properties.hpp"

namespace rollcall::cli {
namespace {

TEST(CliProperties, ShowsWhateverTheAgentSays) {
  const Json status = Json::parse(
      R"({"name":"n1","uptime_s":1.5,"tags":{"rack":"r1"},"empty":{},"seeds":["a","b"],"x":null,"y":""})");

  EXPECT_EQ(properties_text(status),
            "name       n1\n"
            "uptime_s   1.5\n"
            "tags.rack  r1\n"
            "empty      -\n"
            "seeds      a, b\n"
            "x          -\n"
            "y          -\n");
}

TEST(CliEvents, AreOneLineEach) {
  setenv("TZ", "UTC", 1);
  tzset();
  const std::string data =
      R"({"index":12,"time":"2025-01-31T12:00:00.250Z","type":"member-failed",)"
      R"("member":{"name":"n3","address":"10.0.0.3:7420"},"by":"n1","message":"no \u001b answer"})";

  EXPECT_EQ(event_line(data, Colours::off),
            "12:00:00.250  #12    member-failed    n3            10.0.0.3:7420  by n1  "
            "no \\x1B answer");
  EXPECT_EQ(event_line("not JSON \x1B", Colours::off), "not JSON \\x1B");
}

TEST(CliEvents, SayWhichSettingsChanged) {
  setenv("TZ", "UTC", 1);
  tzset();
  const std::string data =
      R"({"index":4,"time":"2025-01-31T12:00:00.250Z","type":"protocol-changed",)"
      R"("member":{"name":"n1","address":"10.0.0.1:7420"},"by":"n2","settings":{)"
      R"("from":{"version":0},"to":{"version":1,"origin":"0f"},"scope":"cluster","changes":[)"
      R"({"name":"detector","from":"pingack","to":"gossip"},)"
      R"({"name":"suspicion-time","from":"auto","to":"1s"}]}})";

  EXPECT_EQ(event_line(data, Colours::off),
            "12:00:00.250  #4     protocol-changed  n1            10.0.0.1:7420  by n2  "
            "version 0 to 1: detector pingack to gossip, suspicion-time auto to 1s");
}

TEST(CliFailures, ListAllThatIsWrong) {
  const Failure failure = failure_of_status(
      400,
      R"({"error":{"code":"invalid-value","message":"x","field":"a","problems":[)"
      R"({"field":"a","message":"no such key"},{"field":"b","message":"found 'c'"}]}})",
      "config set");

  EXPECT_EQ(to_text(failure), "rollcall: config set: a: no such key\n    also b: found 'c'\n");
}

TEST(CliFailures, RepeatTheAgentsOwnWords) {
  const Failure refused = failure_of_status(
      409,
      R"({"error":{"code":"not-allowed","message":"n1 is alive; only failed members can be forced out"}})",
      "force-leave");
  const Failure foreign = failure_of_status(500, "<html>", "members");

  EXPECT_EQ(to_text(refused),
            "rollcall: force-leave: n1 is alive; only failed members can be forced out\n");
  EXPECT_EQ(refused.code, ExitCode::refused);
  EXPECT_EQ(to_text(foreign), "rollcall: members: the agent answered with HTTP status 500\n");
}

TEST(CliFailures, NameTheFieldThatIsWrong) {
  const Failure failure = failure_of_status(
      400, R"({"error":{"code":"invalid-value","message":"1ms is not allowed","field":"ttl"}})",
      "group join");
  const Failure nobody = failure_of_status(
      404, R"({"error":{"code":"unknown-member","message":"g has no member a","field":"id"}})",
      "group leave");

  EXPECT_EQ(to_text(failure), "rollcall: group join: ttl: 1ms is not allowed\n");
  EXPECT_EQ(to_text(nobody), "rollcall: group leave: g has no member a\n");
}

TEST(CliStaleness, IsToldWhereItMatters) {
  const auto text = [](const char* answer) { return staleness_text(Json::parse(answer)); };

  EXPECT_EQ(text(R"({"stale_ms":0.25})"), "");
  EXPECT_EQ(text(R"({"count":1})"), "");
  EXPECT_EQ(text("[]"), "");
  EXPECT_EQ(text(R"({"stale_ms":30127.6})"),
            "this may be out of date by 30 s; 'rollcall status' tells why");
  EXPECT_EQ(text(R"({"stale_ms":null})"),
            "this agent has not learned yet what is agreed; 'rollcall status' tells why");
}

TEST(CliFailures, ShowDetailsBelow) {
  const Failure failure{.what = "node1", .why = "ended", .todo = "mend it", .details = {"a\x1B"}};

  EXPECT_EQ(to_text(failure), "rollcall: node1: ended; mend it\n    a\\x1B\n");
}

}  // namespace
}  // namespace rollcall::cli
