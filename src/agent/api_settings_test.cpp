// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <functional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "core/config.hpp"
#include "http/recording_responder_test.hpp"
#include "runtime/settings_conversion.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using http::RecordedAnswer;
using nlohmann::json;
using testing::HasSubstr;

/// A member that has nothing but settings, and changes them as a real one does.
class SettingsAgent final : public AgentPort {
 public:
  [[nodiscard]] MemberList members() const override { return {}; }
  [[nodiscard]] Status status() const override { return {}; }
  void unsteady(Agent::UnsteadyCallback done) const override { done({}); }
  [[nodiscard]] EventBatch events_since(std::uint64_t, std::size_t) const override { return {}; }
  void join(const std::vector<std::string>&, Agent::JoinCallback) override {}
  void cancel_join() override {}
  void leave(Agent::DoneCallback) override {}
  void force_leave(const std::string&, Agent::DoneCallback) override {}
  void change_tags(const TagChanges&, TagsCallback) override {}
  void set_faults(const FaultPlan&, Agent::DoneCallback) override {}
  [[nodiscard]] FaultsInForce faults() const override { return {}; }

  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const override {
    return std::make_shared<const SettingsInForce>(now);
  }
  void change_settings(const SettingsChange& change, SettingsScope scope,
                       const std::optional<SettingsVersion>& expected,
                       Agent::SettingsCallback done) override {
    if (just_before) std::exchange(just_before, {})();
    const bool is_other = expected && (expected->number != now.version.number ||
                                       (!expected->origin.empty() && *expected != now.version));
    if (is_other) {
      return done(std::unexpected(Error{ErrorCode::version_mismatch, "another version", {}}));
    }
    const auto wanted = core::apply(runtime::to_core(change), runtime::to_core(now.settings));
    const auto problems = core::validate(wanted, profile);
    if (!problems.empty()) {
      Error error{ErrorCode::invalid_option, problems[0].message, problems[0].field};
      for (const auto& one : problems) error.problems.push_back({one.field, one.message});
      return done(std::unexpected(error));
    }
    ++changes;
    now.settings = runtime::to_public(wanted);
    now.is_local = scope == SettingsScope::local;
    if (!now.is_local) now.version = {now.version.number + 1, std::string(32, 'f')};
    now.by = "a";
    done(now);
  }

  SettingsInForce now;
  core::Profile profile = core::Profile::rollcall;
  int changes = 0;
  /// Happens between the request and the change.
  std::function<void()> just_before;
};

class ApiSettingsTest : public testing::Test {
 protected:
  ~ApiSettingsTest() override { std::remove(file_.c_str()); }

  std::shared_ptr<RecordedAnswer> ask(const std::string& method, const std::string& path,
                                      const std::string& body = {}, http::Pairs query = {},
                                      http::Pairs headers = {}) {
    const ApiContext context{.agent = agent_,
                             .config = [this] { return std::make_shared<const Config>(config_); }};
    const http::Router router = make_api(context, http::Guard("0.0.0.0:7480"));
    return http::ask(router, method, path, std::move(query), body, std::move(headers));
  }
  json get(const std::string& path, http::Pairs query = {}) {
    const auto answer = ask("GET", path, {}, std::move(query));
    EXPECT_EQ(answer->status, 200U) << answer->body;
    return json::parse(answer->body);
  }
  /// The error of an answer that must be one, and must have changed nothing.
  json refusal(const std::string& method, const std::string& path, const std::string& body,
               http::Pairs query = {}) {
    const auto answer = ask(method, path, body, std::move(query));
    EXPECT_EQ(answer->status, 400U) << body << answer->body;
    EXPECT_EQ(agent_.changes, 0) << body;
    return json::parse(answer->body)["error"];
  }
  /// Of the settings in force, without its quotes.
  std::string etag_now() {
    const std::string etag = ask("GET", "/v1/config")->header("ETag");
    return etag.size() < 2 ? "" : etag.substr(1, etag.size() - 2);
  }
  void write(const std::string& text) const { std::ofstream(file_) << text; }

  SettingsAgent agent_;
  Config config_;
  std::string file_ =
      testing::TempDir() + "rollcall_api_settings_test." + std::to_string(::getpid());
};

// --- /v1/protocol -------------------------------------------------------------------------------

TEST_F(ApiSettingsTest, ShowsTheProtocol) {
  EXPECT_EQ(get("/v1/protocol"), json::parse(R"({"detector":"pingack","suspicion":"enabled",
      "suspicion_time":"auto","version":0,"etag":")" +
                                             etag_now() + R"(","profile":"rollcall"})"));

  agent_.now = {
      .settings = {.detector = Detector::gossip, .suspicion = false, .suspicion_time = 1s},
      .version = {7, std::string(32, '0')},
      .by = "b",
      .is_local = true};
  EXPECT_EQ(get("/v1/protocol"), json::parse(R"({"detector":"gossip","suspicion":"disabled",
      "suspicion_time":"1s","version":7,"origin":"00000000000000000000000000000000","by":"b",
      "local":true,"etag":")" + etag_now() + R"(","profile":"rollcall"})"));
  EXPECT_THAT(etag_now(), testing::MatchesRegex("7-[0-9a-f]{8}-local"));
  agent_.now.is_local = false;
  EXPECT_EQ(etag_now(), "7-00000000");
}

TEST_F(ApiSettingsTest, ChangesTheProtocolOfAll) {
  const auto answer = ask("PUT", "/v1/protocol", R"({"detector":"gossip","suspicion_time":"1s"})");

  EXPECT_EQ(answer->status, 200U) << answer->body;
  EXPECT_EQ(json::parse(answer->body)["version"], 1);
  EXPECT_EQ(answer->header("ETag"), "\"1-ffffffff\"");
  EXPECT_EQ(agent_.now.settings.detector, Detector::gossip);
  EXPECT_EQ(agent_.now.settings.suspicion_time, 1s);
  EXPECT_TRUE(agent_.now.settings.suspicion);
}

TEST_F(ApiSettingsTest, ChangesTheProtocolOfOneMember) {
  const auto answer =
      ask("PUT", "/v1/protocol", R"({"suspicion":"disabled"})", {{"scope", "local"}});

  EXPECT_EQ(json::parse(answer->body)["local"], true);
  EXPECT_EQ(json::parse(answer->body)["version"], 0);
  EXPECT_FALSE(agent_.now.settings.suspicion);
  EXPECT_EQ(ask("PUT", "/v1/protocol", R"({"detector":"gossip"})", {{"scope", "all"}})->status,
            400U);
}

TEST_F(ApiSettingsTest, TakesBackTheProtocolThatItShowed) {
  agent_.now.version = {3, std::string(32, 'a')};
  agent_.now.by = "b";
  json shown = get("/v1/protocol");
  shown["detector"] = "gossip";

  EXPECT_EQ(ask("PUT", "/v1/protocol", shown.dump())->status, 200U);
  const auto late = ask("PUT", "/v1/protocol", shown.dump());
  EXPECT_EQ(late->status, 412U) << "another version by now";
  EXPECT_EQ(json::parse(late->body)["error"]["field"], "etag");

  const auto by_number = ask("PUT", "/v1/protocol", R"({"detector":"gossip","version":3})");
  EXPECT_EQ(by_number->status, 412U);
  EXPECT_EQ(json::parse(by_number->body)["error"]["field"], "version");
  EXPECT_EQ(json::parse(by_number->body)["error"]["message"],
            "the settings in force are of version 4, not 3; read them again, and decide anew");
}

TEST_F(ApiSettingsTest, TakesNoWordTwice) {
  const json body = refusal("PUT", "/v1/protocol", R"({"detector":"gossip","detector":"pingack"})");
  EXPECT_EQ(body["field"], "detector");
  EXPECT_EQ(body["message"], "given twice; allowed: once");
  EXPECT_EQ(refusal("PATCH", "/v1/config", R"({"drop-rate":1,"drop-rate":0})")["field"],
            "drop-rate");
  EXPECT_EQ(
      refusal("POST", "/switch",
              R"({"protocol":"gossip","protocol":"pingack","suspicion":"disabled"})")["field"],
      "protocol");

  const json typo = refusal("PUT", "/v1/protocol", R"({"detector":"gossip"})", {{"scop", "local"}});
  EXPECT_EQ(typo["field"], "scop");
  EXPECT_EQ(typo["message"], "this path takes no such parameter; allowed: scope");
  EXPECT_EQ(refusal("PATCH", "/v1/config", R"({"drop-rate":1})",
                    {{"scope", "local"}, {"scope", "cluster"}})["field"],
            "scope");
  for (const char* path : {"/switch", "/set"}) {
    EXPECT_EQ(refusal("POST", path, R"({"protocol":"gossip","suspicion":"disabled"})",
                      {{"local", "true"}})["field"],
              "local");
  }
}

TEST_F(ApiSettingsTest, SaysWhichDurationsThereAre) {
  for (const char* time : {"300000000h", "-1s"}) {
    const json error =
        refusal("PUT", "/v1/protocol", R"({"suspicion_time":")" + std::string(time) + "\"}");
    EXPECT_EQ(error["message"],
              "found '" + std::string(time) + "'; allowed: 0s to 10000h, or auto");
  }
}

TEST_F(ApiSettingsTest, EchoesNoMoreThanIsRead) {
  const std::string much(50'000, 'x');
  for (const auto& body : {R"({"detector":")" + much + "\"}", R"({")" + much + R"(":1})",
                           R"({"detector":[")" + much + R"("]})"}) {
    EXPECT_LT(ask("PATCH", "/v1/config", body)->body.size(), 1'000U);
    EXPECT_LT(ask("PUT", "/v1/protocol", body)->body.size(), 1'000U);
    EXPECT_LT(ask("POST", "/switch", body)->body.size(), 1'000U);
  }
}

TEST_F(ApiSettingsTest, RefusesWhatIsNoProtocol) {
  EXPECT_EQ(refusal("PUT", "/v1/protocol", "")["code"], "invalid-value");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", "{")["code"], "malformed-json");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", "[]")["code"], "invalid-value");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", "{}")["field"], "detector");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"detektor":"gossip"})")["field"], "detektor");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"drop-rate":0})")["field"], "drop-rate");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"detector":"raft"})")["message"],
            "found 'raft'; allowed: pingack or gossip");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"suspicion":true})")["field"], "suspicion");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"suspicion_time":"1ms"})")["field"],
            "suspicion_time");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"profile":"swim"})")["field"], "profile");
  EXPECT_EQ(refusal("PUT", "/v1/protocol", R"({"version":-1,"detector":"gossip"})")["field"],
            "version");
  agent_.profile = core::Profile::swim;
  EXPECT_THAT(refusal("PUT", "/v1/protocol", R"({"detector":"gossip"})")["message"],
              HasSubstr("gossip"));
}

// --- /v1/config ---------------------------------------------------------------------------------

TEST_F(ApiSettingsTest, ShowsTheConfigurationInForce) {
  EXPECT_EQ(get("/v1/config")["probe-interval"], "1s");
  agent_.now.settings.probe_interval = 2s;
  agent_.now.version = {5, std::string(32, '0')};
  agent_.now.by = "b";

  EXPECT_EQ(get("/v1/config")["probe-interval"], "2s");
  EXPECT_EQ(get("/v1/config").size(), all_keys().size());
  EXPECT_EQ(get("/get"), get("/v1/config"));
  EXPECT_EQ(ask("GET", "/v1/config")->header("ETag"), "\"5-00000000\"");
  const json details = get("/v1/config", {{"details", "true"}});
  EXPECT_EQ(details["probe-interval"]["default"], "1s");
  EXPECT_EQ(details["probe-interval"]["value"], "2s");
  EXPECT_EQ(details["probe-interval"]["origin"], "the cluster, version 5, changed at b");
  EXPECT_EQ(details["probe-interval"]["taken"], "while the cluster runs");
  EXPECT_EQ(details["probe-interval"]["variable"], "ROLLCALL_PROBE_INTERVAL");
  EXPECT_EQ(details["name"]["origin"], "default");
}

TEST_F(ApiSettingsTest, ChangesTheConfigurationOfAll) {
  const auto answer = ask("PATCH", "/v1/config",
                          R"({"drop-rate":0.05,"gossip_fanout":"4","accrual-threshold":"off",
                              "indirect-probes":0,"heartbeat-cast":"broadcast"})");

  EXPECT_EQ(answer->status, 200U) << answer->body;
  const json body = json::parse(answer->body);
  EXPECT_EQ(body["version"], 1);
  EXPECT_EQ(body["by"], "a");
  EXPECT_EQ(body["settings"]["drop-rate"], 0.05);
  EXPECT_EQ(body["settings"]["gossip-fanout"], 4);
  EXPECT_EQ(body["settings"]["probe-interval"], "1s");
  EXPECT_FALSE(body["settings"].contains("name"));
  EXPECT_EQ(agent_.now.settings.drop_rate, 0.05);
  EXPECT_EQ(agent_.now.settings.gossip_fanout, 4U);
  EXPECT_EQ(agent_.now.settings.indirect_probes, 0U);
  EXPECT_EQ(agent_.now.settings.heartbeat_cast, HeartbeatCast::broadcast);
}

TEST_F(ApiSettingsTest, ChangesOnlyTheVersionThatWasMeant) {
  const std::string body = R"({"drop-rate":0.5})";
  EXPECT_EQ(ask("PATCH", "/v1/config", body, {}, {{"If-Match", "\"0\""}})->status, 200U);
  const auto late = ask("PATCH", "/v1/config", body, {}, {{"If-Match", "\"0\""}});

  EXPECT_EQ(late->status, 412U);
  EXPECT_EQ(late->header("ETag"), "\"1-ffffffff\"");
  EXPECT_EQ(json::parse(late->body)["version"], 1);
  EXPECT_EQ(json::parse(late->body)["etag"], "1-ffffffff");
  EXPECT_EQ(json::parse(late->body)["error"]["field"], "If-Match");
  EXPECT_EQ(json::parse(late->body)["error"]["code"], "version-mismatch");
  EXPECT_EQ(agent_.changes, 1);
  EXPECT_EQ(ask("PATCH", "/v1/config", body, {}, {{"If-Match", "1"}})->status, 200U);
  EXPECT_EQ(ask("PATCH", "/v1/config", body, {}, {{"If-Match", "*"}})->status, 200U);
  for (const char* bad : {"\"x\"", "W/\"1\"", "\"1\", \"2\"", "", "\"", "1-", "1-fff", "1-FFFFFFFF",
                          "1-ffffffff-mine", "-ffffffff", "1-local"}) {
    const auto answer = ask("PATCH", "/v1/config", body, {}, {{"If-Match", bad}});
    EXPECT_EQ(answer->status, 400U) << bad;
    EXPECT_EQ(json::parse(answer->body)["error"]["field"], "If-Match");
  }
}

TEST_F(ApiSettingsTest, TellsVersionsOfOneNumberApart) {
  const auto patch = [this](const std::string& match) {
    return ask("PATCH", "/v1/config", R"({"drop-rate":0.5})", {}, {{"If-Match", match}})->status;
  };
  agent_.now.version = {3, std::string(32, 'a')};
  agent_.now.by = "b";
  EXPECT_EQ(patch("\"3-bbbbbbbb\""), 412U);
  EXPECT_EQ(patch("\"3-aaaaaaaa\""), 200U);
  EXPECT_EQ(patch("4"), 200U) << "a number says no more";

  const std::string theirs = etag_now();
  agent_.just_before = [this] { agent_.now.version.origin = std::string(32, 'f'); };
  agent_.now.version.origin = std::string(32, 'e');
  EXPECT_EQ(patch(etag_now()), 412U) << "another of the same number came meanwhile";
  EXPECT_EQ(patch(theirs), 200U);
}

TEST_F(ApiSettingsTest, TellsApartWhatOneAgentHasAlone) {
  const std::string started = etag_now();
  EXPECT_THAT(started, testing::MatchesRegex("0-[0-9a-f]{8}"));
  const auto local = [this](const std::string& rate, const std::string& match) {
    return ask("PATCH", "/v1/config", R"({"drop-rate":)" + rate + "}", {{"scope", "local"}},
               {{"If-Match", "\"" + match + "\""}})
        ->status;
  };
  EXPECT_EQ(local("0.5", started), 200U);
  const std::string first = etag_now();
  EXPECT_EQ(local("0.25", started), 412U);
  EXPECT_EQ(local("0.25", first), 200U);
  EXPECT_EQ(local("0.5", first), 412U);
}

TEST_F(ApiSettingsTest, ListsEverythingThatIsWrongWithAChange) {
  const json error = refusal("PATCH", "/v1/config",
                             R"({"probe-intervall":"1s","name":"b","drop-rate":2,
                                 "gossip-interval":5,"cluster":"x","log-level":"debug",
                                 "detector":["gossip"],"fail-time":null})");

  EXPECT_EQ(error["field"], "probe-intervall");
  std::vector<std::string> messages;
  for (const json& problem : error["problems"]) {
    messages.push_back(problem["field"].get<std::string>() + ": " +
                       problem["message"].get<std::string>());
  }
  EXPECT_THAT(messages,
              testing::UnorderedElementsAre(
                  "probe-intervall: no such key; did you mean probe-interval?",
                  HasSubstr("name: is this member's own, and cannot be changed while it runs"),
                  "drop-rate: found '2'; allowed: a number from 0 to 1",
                  HasSubstr("gossip-interval: found '5', which has no unit"),
                  HasSubstr("cluster: is this member's own"), HasSubstr("send it SIGHUP"),
                  HasSubstr("detector: found [\"gossip\"]; allowed: pingack|gossip"),
                  HasSubstr("fail-time: found null; allowed: DURATION|auto")));
}

TEST_F(ApiSettingsTest, RefusesSettingsThatContradictOneAnother) {
  const json error = refusal("PATCH", "/v1/config", R"({"probe-interval":"200ms"})");

  EXPECT_EQ(error["field"], "probe-timeout") << "which stays at 500ms";
  EXPECT_THAT(error["message"], HasSubstr("above probe-interval (200ms)"));
  EXPECT_EQ(
      ask("PATCH", "/v1/config", R"({"probe-interval":"200ms","probe-timeout":"100ms"})")->status,
      200U);
}

TEST_F(ApiSettingsTest, RefusesAChangeOfNothing) {
  EXPECT_EQ(refusal("PATCH", "/v1/config", "{}")["code"], "invalid-value");
  EXPECT_EQ(refusal("PATCH", "/v1/config", "7")["code"], "invalid-value");
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  EXPECT_EQ(refusal("PATCH", "/v1/config", R"({"detector":)" + deep + "}")["code"],
            "malformed-json");
}

// --- /switch ------------------------------------------------------------------------------------

TEST_F(ApiSettingsTest, SwitchesAsOlderSystemsDo) {
  const auto answer =
      ask("POST", "/switch",
          R"({"protocol":"gossip","suspicion":"enabled","suspicion_time":"1500ms"})");

  EXPECT_EQ(answer->status, 200U) << answer->body;
  const json body = json::parse(answer->body);
  EXPECT_EQ(body["protocol"], "gossip");
  EXPECT_EQ(body["suspicion"], "enabled");
  EXPECT_EQ(body["suspicion_time"], "1500ms");
  EXPECT_EQ(body["new_version"], 1);
  EXPECT_EQ(body["effective"]["detector"], "gossip");
  EXPECT_EQ(body["effective"]["suspicion-time"], "1500ms");
  EXPECT_EQ(get("/display_protocol"),
            json::parse(R"({"protocol":"gossip","suspicion":"enabled"})"));

  const json off =
      json::parse(ask("POST", "/switch", R"({"protocol":"pingack","suspicion":"disabled"})")->body);
  EXPECT_EQ(off["suspicion_time"], "0s");
  EXPECT_EQ(off["new_version"], 2);
  EXPECT_EQ(get("/display_protocol"),
            json::parse(R"({"protocol":"pingack","suspicion":"disabled"})"));
  EXPECT_EQ(ask("POST", "/switch",
                R"({"protocol":"pingack","suspicion":"disabled","suspicion_time":"0s"})")
                ->status,
            200U);
}

TEST_F(ApiSettingsTest, RefusesTheFourSwitchesThatAreNone) {
  const auto refused = [this](const std::string& body, const std::string& field) {
    const json error = refusal("POST", "/switch", body);
    EXPECT_EQ(error["field"], field) << body;
    EXPECT_EQ(error["code"], "invalid-value") << body;
    return error["message"].get<std::string>();
  };
  EXPECT_THAT(
      refused(R"({"protocol":"raft","suspicion":"enabled","suspicion_time":"1s"})", "protocol"),
      HasSubstr("protocol must be one of: gossip, pingack"));
  refused("{}", "protocol");
  refused(R"({"protocol":7})", "protocol");
  EXPECT_THAT(
      refused(R"({"protocol":"gossip","suspicion":"on","suspicion_time":"1s"})", "suspicion"),
      HasSubstr("suspicion must be one of: enabled, disabled"));
  refused(R"({"protocol":"gossip"})", "suspicion");
  EXPECT_THAT(refused(R"({"protocol":"gossip","suspicion":"enabled"})", "suspicion_time"),
              HasSubstr("suspicion_time is required when enabling suspicion"));
  for (const char* time : {"0s", "-1s", "3", "soon", "auto"}) {
    EXPECT_THAT(refused(R"({"protocol":"gossip","suspicion":"enabled","suspicion_time":")" +
                            std::string(time) + "\"}",
                        "suspicion_time"),
                HasSubstr("must be a positive duration like '3000ms'"));
  }
  refused(R"({"protocol":"gossip","suspicion":"disabled","suspicion_time":"soon"})",
          "suspicion_time");
  refused(R"({"protocol":"gossip","suspicion":"enabled","suspicion_time":"1us"})",
          "suspicion_time");
}

TEST_F(ApiSettingsTest, SwitchesByQueryAndForOneMember) {
  EXPECT_EQ(
      ask("POST", "/switch", "", {{"mechanism", "gossip"}, {"suspicion", "nosuspect"}})->status,
      200U);
  EXPECT_EQ(agent_.now.settings.detector, Detector::gossip);
  EXPECT_FALSE(agent_.now.settings.suspicion);
  const auto answer = ask("POST", "/switch", "",
                          {{"mechanism", "ping"}, {"suspicion", "suspect"}, {"scope", "local"}});
  EXPECT_EQ(json::parse(answer->body)["new_version"], 1);
  EXPECT_TRUE(agent_.now.is_local);
  agent_.changes = 0;
  EXPECT_EQ(refusal("POST", "/switch", "", {{"mechanism", "raft"}})["field"], "mechanism");
  EXPECT_EQ(refusal("POST", "/switch", "", {{"mechanism", "ping"}})["field"], "suspicion");
}

TEST_F(ApiSettingsTest, TakesGetForSwitchesOnlyWhenAllowed) {
  for (const char* path : {"/switch", "/set"}) {
    const auto answer = ask("GET", path, "", {{"mechanism", "gossip"}, {"suspicion", "suspect"}});
    EXPECT_EQ(answer->status, 405U) << path;
    EXPECT_EQ(answer->header("Allow"), "POST");
    EXPECT_THAT(answer->body, HasSubstr("send POST"));
  }
  EXPECT_EQ(agent_.changes, 0);
  config_.settings.http_allow_get_mutations = true;
  EXPECT_EQ(ask("GET", "/switch", "", {{"mechanism", "gossip"}, {"suspicion", "suspect"}})->status,
            200U);
}

// --- /set ---------------------------------------------------------------------------------------

TEST_F(ApiSettingsTest, AppliesTheConfigurationFile) {
  write("name: other\nprobe-interval: 400ms\ndrop-rate: 0.1\n");
  config_.file = file_;
  agent_.now.settings.suspicion_time = 9s;

  const auto answer = ask("POST", "/set");

  EXPECT_EQ(answer->status, 200U) << answer->body;
  const json config = json::parse(answer->body);
  EXPECT_EQ(config["probe-interval"], "400ms");
  EXPECT_EQ(config["name"], "") << "which is this member's own";
  EXPECT_EQ(answer->header("ETag"), "\"1-ffffffff\"");
  EXPECT_EQ(agent_.now.settings.probe_interval, 400ms);
  EXPECT_EQ(agent_.now.settings.probe_timeout, 200ms) << "as the file would at a start";
  EXPECT_EQ(agent_.now.settings.drop_rate, 0.1);
  EXPECT_EQ(agent_.now.settings.suspicion_time, 9s) << "not named, so it stays";
}

TEST_F(ApiSettingsTest, RefusesToApplyWhatIsNoConfiguration) {
  EXPECT_EQ(ask("POST", "/set")->status, 409U) << "no file was given";
  config_.file = file_;
  const auto missing = ask("POST", "/set");
  EXPECT_EQ(missing->status, 500U);
  EXPECT_THAT(missing->body, HasSubstr("failed to load config: "));
  EXPECT_EQ(json::parse(missing->body)["error"]["code"], "config-unreadable");

  write("drop-rate: 7\nprobe-intervall: 1s\n");
  const json error = refusal("POST", "/set", "");
  EXPECT_EQ(error["field"], "drop-rate");
  EXPECT_EQ(error["problems"].size(), 2U);
  EXPECT_THAT(error["message"], HasSubstr(file_ + ":1:1: drop-rate: found '7'"));
  write("name: [a\n");
  refusal("POST", "/set", "");
}

TEST_F(ApiSettingsTest, ChangesNothingForAFileThatSaysNothingOfTheCluster) {
  write("name: other\n");
  config_.file = file_;

  EXPECT_EQ(ask("POST", "/set")->status, 200U);
  EXPECT_EQ(agent_.changes, 0);
  EXPECT_EQ(ask("POST", "/set", {}, {}, {{"If-Match", "0"}})->status, 200U);
  EXPECT_EQ(ask("POST", "/set", {}, {}, {{"If-Match", "7"}})->status, 412U);
}

// --- Events -------------------------------------------------------------------------------------

TEST(ApiJsonTest, WritesWhichSettingsChanged) {
  Event event;
  event.index = 4;
  event.type = EventType::protocol_changed;
  event.by = "b";
  event.settings = std::make_shared<const SettingsNews>(
      SettingsNews{.from = {},
                   .to = {1, std::string(32, '0')},
                   .is_local = false,
                   .differences = {{"detector", "pingack", "gossip"}, {"drop-rate", "0", "0.5"}}});
  std::string text;
  append_event(text, event);

  const json shown = json::parse(text);
  EXPECT_EQ(shown["type"], "protocol-changed");
  EXPECT_EQ(shown["by"], "b");
  EXPECT_EQ(shown["settings"], json::parse(R"({"from":{"version":0},"to":{"version":1,
      "origin":"00000000000000000000000000000000"},"scope":"cluster","changes":[
      {"name":"detector","from":"pingack","to":"gossip"},
      {"name":"drop-rate","from":"0","to":"0.5"}]})"));
}

}  // namespace
}  // namespace rollcall::agent
