// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "http/raw_socket_test.hpp"
#include "http/recording_responder_test.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using http::RecordedAnswer;
using nlohmann::json;
using testing::HasSubstr;

Member make_member(const std::string& name, MemberState state) {
  Member member;
  member.name = name;
  member.id.assign(32, '0');
  member.id.back() = name.back();
  member.address = "10.0.0.1:7420";
  member.state = state;
  member.incarnation = 3;
  member.since = WallTime(1'700'000'000'123ms);
  return member;
}

MemberList make_list(const std::vector<Member>& members) {
  auto storage = std::make_shared<MemberList::Storage>();
  for (const Member& member : members) {
    storage->push_back(std::make_shared<const Member>(member));
  }
  return {"a", std::move(storage)};
}

/// A member that is told what to say, and remembers what it was asked.
class FakeAgent final : public AgentPort {
 public:
  [[nodiscard]] MemberList members() const override { return list; }
  [[nodiscard]] Status status() const override {
    Status now = state;
    now.event_index = events.empty() ? 0 : events.back()->index;
    return now;
  }
  [[nodiscard]] EventBatch events_since(std::uint64_t since, std::size_t max) const override {
    EventBatch batch;
    for (const auto& event : events) {
      if (event->index > since && batch.events.size() < max) batch.events.push_back(event);
    }
    batch.gap = !events.empty() && since + 1 < events.front()->index;
    return batch;
  }
  void unsteady(Agent::UnsteadyCallback done) const override { done(unsteady_members); }
  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const override {
    return std::make_shared<const SettingsInForce>();
  }
  void change_settings(const SettingsChange&, SettingsScope, const std::optional<SettingsVersion>&,
                       Agent::SettingsCallback done) override {
    done(std::unexpected(Error{ErrorCode::not_allowed, "not here", {}}));
  }
  void join(const std::vector<std::string>& seeds, Agent::JoinCallback done) override {
    joined = seeds;
    done(join_result);
  }
  void cancel_join() override { ++cancelled_joins; }
  void leave(Agent::DoneCallback done) override {
    ++leaves;
    done({});
  }
  void force_leave(const std::string& name, Agent::DoneCallback done) override {
    forced.push_back(name);
    done(force_result);
  }
  void set_faults(const FaultPlan& plan, Agent::DoneCallback done) override {
    fault_plan = plan;
    done(fault_result);
  }
  [[nodiscard]] FaultsInForce faults() const override { return faults_in_force; }
  void change_tags(const TagChanges& changes, TagsCallback done) override {
    if (tags_error) return done(std::unexpected(*tags_error));
    done(changed_tags({{"old", "1"}, {"gone", "2"}}, changes));
  }

  void add_events(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t index = first; index <= last; ++index) {
      Event event;
      event.index = index;
      event.type = EventType::member_suspect;
      event.time = WallTime(1'700'000'000'123ms);
      event.member = make_member("b", MemberState::suspect);
      event.by = "c";
      events.push_back(std::make_shared<const Event>(event));
    }
  }

  MemberList list;
  Status state;
  std::vector<std::shared_ptr<const Event>> events;
  std::expected<std::vector<Steadiness>, Error> unsteady_members;
  std::vector<std::string> joined;
  std::expected<JoinReport, Error> join_result;
  int cancelled_joins = 0;
  std::expected<void, Error> force_result;
  std::vector<std::string> forced;
  int leaves = 0;
  std::optional<FaultPlan> fault_plan;
  std::expected<void, Error> fault_result;
  FaultsInForce faults_in_force;
  std::optional<Error> tags_error;
};

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    Member a = make_member("a", MemberState::alive);
    a.tags = {{"role", "db"}, {"zone", "\"1\"\n"}};
    a.rtt = 1'234'567ns;
    Member c = make_member("c", MemberState::failed);
    c.tags = {{"role", "db"}};
    agent_.list = make_list({a, make_member("b", MemberState::suspect), c});
    agent_.state.cluster = "test";
    agent_.state.name = "a";
    agent_.state.phase = Phase::joined;
    config_.settings.cluster = "test";
  }

  ApiContext context() {
    return {agent_, [this] { return std::make_shared<const Config>(config_); }};
  }
  std::shared_ptr<RecordedAnswer> ask(const std::string& method, const std::string& path,
                                      http::Pairs query = {}, const std::string& body = {},
                                      http::Pairs headers = {}) {
    const http::Router router = make_api(context(), http::Guard("0.0.0.0:7480"));
    return http::ask(router, method, path, std::move(query), body, std::move(headers));
  }
  json get(const std::string& path, http::Pairs query = {}) {
    const auto answer = ask("GET", path, std::move(query));
    EXPECT_EQ(answer->status, 200U) << answer->body;
    return json::parse(answer->body);
  }
  std::string fill(http::StreamSource& source, std::size_t bytes = 1U << 20U) {
    std::string text;
    last_state_ = source.fill(text, bytes);
    return text;
  }

  FakeAgent agent_;
  Config config_;
  http::StreamState last_state_{};
};

TEST_F(ApiTest, ListsMembers) {
  const json list = get("/v1/members");

  EXPECT_EQ(list["cluster"], "test");
  EXPECT_EQ(list["self"], "a");
  EXPECT_EQ(list["count"], 3);
  EXPECT_EQ(list["members"][0], json::parse(R"({"name":"a","id":"0000000000000000000000000000000a",
      "address":"10.0.0.1:7420","state":"alive","incarnation":3,
      "since":"2023-11-14T22:13:20.123Z","tags":{"role":"db","zone":"\"1\"\n"},
      "rtt_ms":1.235})"));
  EXPECT_EQ(list["members"][1]["rtt_ms"], nullptr);
  EXPECT_EQ(list["members"][1]["tags"], json::object());
}

TEST_F(ApiTest, FiltersMembersByStateAndTags) {
  EXPECT_EQ(get("/v1/members", {{"state", "failed"}})["members"][0]["name"], "c");
  EXPECT_EQ(get("/v1/members", {{"state", "failed"}, {"state", "suspect"}})["count"], 2);
  EXPECT_EQ(get("/v1/members", {{"tag", "role=db"}})["count"], 2);
  EXPECT_EQ(get("/v1/members", {{"tag", "role=db"}, {"state", "alive"}})["count"], 1);
  EXPECT_EQ(get("/v1/members", {{"tag", "role=web"}})["members"], json::array());
}

TEST_F(ApiTest, RefusesAStateThatIsNone) {
  const auto answer = ask("GET", "/v1/members", {{"state", "dead"}});

  EXPECT_EQ(answer->status, 400U);
  EXPECT_EQ(answer->body,
            R"({"error":{"code":"invalid-value","message":"'dead' is no state; allowed: alive, )"
            R"(suspect, failed, left","field":"state"}})"
            "\n");
  EXPECT_EQ(ask("GET", "/v1/members", {{"tag", "x"}})->status, 400U);
}

TEST_F(ApiTest, ShowsANewListWhenThereIsOne) {
  const http::Router router = make_api(context(), http::Guard("0.0.0.0:7480"));
  const auto list = [&] {
    auto recorded = std::make_shared<RecordedAnswer>();
    http::Request request;
    request.method = "GET";
    request.raw_path = "/v1/members";
    router.handle(request, http::record_into(recorded));
    return recorded->body;
  };
  const std::string first = list();
  EXPECT_EQ(list(), first);

  agent_.list = make_list({make_member("a", MemberState::left)});

  EXPECT_EQ(json::parse(list())["count"], 1);
}

TEST_F(ApiTest, ShowsOneMember) {
  EXPECT_EQ(get("/v1/members/b")["state"], "suspect");
  EXPECT_EQ(get("/v1/self")["name"], "a");
  const auto answer = ask("GET", "/v1/members/nobody");
  EXPECT_EQ(answer->status, 404U);
  EXPECT_THAT(answer->body, HasSubstr(R"("code":"unknown-member")"));
}

TEST_F(ApiTest, ListsSuspectsAndWhoHasFlapped) {
  agent_.unsteady_members = {{.member = make_member("b", MemberState::suspect),
                              .penalty = 0,
                              .flaps = 0,
                              .hold_down = 0ns,
                              .time_allowed = 2s},
                             {.member = make_member("d", MemberState::alive),
                              .penalty = 2.5,
                              .flaps = 3,
                              .hold_down = 1500ms,
                              .time_allowed = 3500ms}};

  const json answer = get("/v1/suspects");

  EXPECT_EQ(answer["cluster"], "test");
  EXPECT_EQ(answer["self"], "a");
  EXPECT_EQ(answer["count"], 1);
  ASSERT_EQ(answer["members"].size(), 1U);
  EXPECT_EQ(answer["members"][0]["name"], "b");
  EXPECT_EQ(answer["members"][0]["time_allowed_ms"], 2000);
  ASSERT_EQ(answer["damped"].size(), 1U);
  EXPECT_EQ(answer["damped"][0]["name"], "d");
  EXPECT_EQ(answer["damped"][0]["state"], "alive");
  EXPECT_EQ(answer["damped"][0]["penalty"], 2.5);
  EXPECT_EQ(answer["damped"][0]["flaps"], 3);
  EXPECT_EQ(answer["damped"][0]["hold_down_ms"], 1500);
  EXPECT_EQ(answer["damped"][0]["time_allowed_ms"], 3500);
}

TEST_F(ApiTest, SaysThatAClosedAgentHasNoSuspects) {
  agent_.unsteady_members = std::unexpected(Error{ErrorCode::closed, "the agent is closed", {}});

  EXPECT_EQ(ask("GET", "/v1/suspects")->status, 503U);
}

TEST_F(ApiTest, SurvivesTagsThatAreNotUtf8) {
  Member a = make_member("a", MemberState::alive);
  a.tags = {{"k", "\xff\xfe"}};
  agent_.list = make_list({a});

  EXPECT_EQ(get("/v1/members")["members"][0]["tags"]["k"], "\uFFFD\uFFFD");
}

TEST_F(ApiTest, ShowsTheStatus) {
  agent_.state.uptime = 1500ms;
  agent_.state.loop_lag = 250us;
  agent_.state.health = 2;
  agent_.add_events(1, 7);

  agent_.state.join_stage = JoinStage::hosts_file;
  agent_.state.join_stages = {0, 0, 7, 6, 0, 0};

  const json status = get("/v1/status");

  EXPECT_EQ(status["join_stage"], "hosts-file");
  EXPECT_EQ(status["join_tries"],
            json({{"saved-peers", 0}, {"seeds", 7}, {"hosts-file", 6}, {"lan", 0}}));
  EXPECT_EQ(status["cluster"], "test");
  EXPECT_EQ(status["phase"], "joined");
  EXPECT_EQ(status["uptime_s"], 1.5);
  EXPECT_EQ(status["loop_lag_ms"], 0.25);
  EXPECT_EQ(status["health"], 2);
  EXPECT_EQ(status["event_index"], 7);
  EXPECT_EQ(status["members"]["suspect"], 1);
}

TEST_F(ApiTest, IsReadyWhenJoinedOrAloneOnPurpose) {
  EXPECT_EQ(get("/healthz")["status"], "ok");
  EXPECT_EQ(get("/readyz")["phase"], "joined");

  agent_.state.phase = Phase::joining;
  const auto answer = ask("GET", "/readyz");
  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(json::parse(answer->body)["phase"], "joining");
  EXPECT_EQ(json::parse(answer->body)["error"]["code"], "not-ready");

  agent_.state.phase = Phase::alone;
  EXPECT_EQ(ask("GET", "/readyz")->status, 503U);
  config_.settings.is_introducer = true;
  EXPECT_EQ(ask("GET", "/readyz")->status, 200U);
  agent_.state.phase = Phase::left;
  EXPECT_EQ(ask("GET", "/readyz")->status, 503U);
}

TEST_F(ApiTest, Joins) {
  agent_.join_result = JoinReport{{{"x:1", false, "connection refused"}, {"y", true, "joined"}}};

  const auto answer = ask("POST", "/v1/join", {}, R"({"addresses":["x:1","y"]})");

  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(agent_.joined, (std::vector<std::string>{"x:1", "y"}));
  EXPECT_EQ(json::parse(answer->body), json::parse(R"({"joined":1,"attempts":[
      {"seed":"x:1","joined":false,"outcome":"connection refused"},
      {"seed":"y","joined":true,"outcome":"joined"}]})"));

  ask("POST", "/v1/join", {{"address", "z:9"}});
  EXPECT_EQ(agent_.joined, (std::vector<std::string>{"z:9"}));
  ask("POST", "/join", {{"introducer", "w:9"}});
  EXPECT_EQ(agent_.joined, (std::vector<std::string>{"w:9"}));
}

TEST_F(ApiTest, RefusesBadJoins) {
  const auto field_of = [this](const std::string& body) {
    const auto answer = ask("POST", "/v1/join", {}, body);
    EXPECT_EQ(answer->status, 400U) << body;
    return json::parse(answer->body)["error"].value("field", "");
  };
  EXPECT_EQ(field_of(""), "addresses");
  EXPECT_EQ(field_of("{"), "");
  EXPECT_EQ(field_of(std::string(60'000, '[')), "");
  EXPECT_EQ(field_of("[]"), "");
  EXPECT_EQ(field_of("{}"), "addresses");
  EXPECT_EQ(field_of(R"({"addreses":[]})"), "addreses");
  EXPECT_EQ(field_of(R"({"addresses":[]})"), "addresses");
  EXPECT_EQ(field_of(R"({"addresses":"x"})"), "addresses");
  EXPECT_EQ(field_of(R"({"addresses":["x"],"addresses":["y"]})"), "addresses");
  EXPECT_EQ(ask("POST", "/v1/join", {{"addres", "x"}})->status, 400U);
  EXPECT_EQ(ask("POST", "/v1/join", {{"address", "x"}, {"address", "y"}})->status, 400U);
  EXPECT_EQ(field_of(R"({"addresses":[1]})"), "addresses");
  EXPECT_EQ(field_of(R"({"addresses":["x:0"]})"), "addresses");
  EXPECT_EQ(field_of(R"({"addresses":["0.0.0.0:7420"]})"), "addresses");
  EXPECT_EQ(field_of(json({{"addresses", std::vector<std::string>(65, "x")}}).dump()), "addresses");
  EXPECT_EQ(ask("POST", "/join")->status, 400U);
  EXPECT_TRUE(agent_.joined.empty());
}

TEST_F(ApiTest, AnswersFailuresWithTheirStatus) {
  agent_.join_result = std::unexpected(Error{ErrorCode::join_failed, "no seed", {}});
  const auto failed = ask("POST", "/v1/join", {{"address", "x"}});
  EXPECT_EQ(failed->status, 502U);
  EXPECT_THAT(failed->body, HasSubstr(R"("code":"join-failed","message":"no seed")"));

  agent_.force_result = std::unexpected(Error{ErrorCode::unknown_member, "nobody", "name"});
  EXPECT_EQ(ask("POST", "/v1/members/x/force-leave")->status, 404U);
  agent_.force_result = std::unexpected(Error{ErrorCode::not_allowed, "alive", {}});
  EXPECT_EQ(ask("POST", "/v1/members/x/force-leave")->status, 409U);
}

TEST_F(ApiTest, SaysAtOnceThatAFrozenMemberDoesNothing) {
  agent_.force_result = std::unexpected(Error{ErrorCode::frozen, "frozen on purpose", {}});

  const auto answer = ask("POST", "/v1/members/x/force-leave");

  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(json::parse(answer->body)["error"]["code"], "frozen");
}

TEST_F(ApiTest, EndsTheSearchForOthers) {
  EXPECT_EQ(ask("DELETE", "/v1/join")->body, "{\"cancelled\":true}\n");
  EXPECT_EQ(agent_.cancelled_joins, 1);
  EXPECT_EQ(agent_.joined, std::vector<std::string>{});
}

TEST_F(ApiTest, LeavesAndForcesOthersOut) {
  EXPECT_EQ(ask("POST", "/v1/leave")->body, "{\"left\":true}\n");
  EXPECT_EQ(agent_.leaves, 1);
  EXPECT_EQ(ask("POST", "/v1/members/c/force-leave")->status, 200U);
  EXPECT_EQ(agent_.forced, std::vector<std::string>{"c"});
}

TEST_F(ApiTest, TakesGetForChangesOnlyWhenAllowed) {
  for (const auto* const path : {"/leave", "/join", "/v1/leave", "/v1/join"}) {
    const auto answer = ask("GET", path, {{"introducer", "x:1"}});
    EXPECT_EQ(answer->status, 405U) << path;
    EXPECT_THAT(answer->header("Allow"), HasSubstr("POST"));
  }
  EXPECT_EQ(agent_.leaves, 0);

  config_.settings.http_allow_get_mutations = true;
  EXPECT_EQ(ask("GET", "/leave")->status, 200U);
  EXPECT_EQ(ask("GET", "/join", {{"introducer", "x:1"}})->status, 200U);
  EXPECT_EQ(ask("GET", "/v1/leave")->status, 405U);
  EXPECT_EQ(agent_.leaves, 1);
  EXPECT_EQ(ask("GET", "/leave", {}, {}, {{"Sec-Fetch-Site", "cross-site"}})->status, 403U);
}

TEST_F(ApiTest, ChangesTags) {
  const auto answer = ask("PATCH", "/v1/self", {}, R"({"tags":{"old":"3","gone":null,"new":"4"}})");
  EXPECT_EQ(json::parse(answer->body)["tags"], json::parse(R"({"old":"3","new":"4"})"));

  EXPECT_EQ(ask("PATCH", "/v1/self", {}, R"({"tags":{"n":1}})")->status, 400U);
  EXPECT_EQ(ask("PATCH", "/v1/self", {}, R"({"tags":[]})")->status, 400U);
  EXPECT_EQ(ask("PATCH", "/v1/self", {}, R"({"name":"x"})")->status, 400U);
}

TEST_F(ApiTest, RefusesFaultsWithoutPermission) {
  for (const char* method : {"POST", "DELETE"}) {
    const auto answer = ask(method, "/v1/faults", {}, R"({"faults":[{"peer":"*","cut":true}]})");
    EXPECT_EQ(answer->status, 403U);
    EXPECT_THAT(answer->body, HasSubstr(R"("code":"faults-not-allowed")"));
    EXPECT_THAT(answer->body, HasSubstr("--allow-faults"));
  }
  EXPECT_FALSE(agent_.fault_plan);
  EXPECT_EQ(get("/v1/faults")["allowed"], false);
  EXPECT_EQ(get("/v1/faults")["faults"], json::array());
}

TEST_F(ApiTest, SetsShowsAndEndsFaults) {
  config_.settings.allow_faults = true;
  agent_.state.faults = 2;
  agent_.faults_in_force = {.faults = {{.fault = {.peer = "b", .cut = true, .lasts = 30s},
                                        .address = "10.0.0.1:7420",
                                        .left = 12'345'600us}},
                            .freeze = FaultsInForce::FreezeInForce{.freeze = {}, .left = {}},
                            .counts = {.dropped = 7}};

  const auto answer = ask("POST", "/v1/faults", {}, R"({"faults":[{"peer":"b","direction":"in",
      "drop":0.3,"delay":"50ms","jitter":"10ms","duplicate":0.1,"reorder":1,"cut":true,
      "for":"30s"},{"peer":"*","drop":1,"for":null}],"freeze":"5s"})");

  ASSERT_EQ(answer->status, 200U) << answer->body;
  ASSERT_TRUE(agent_.fault_plan);
  ASSERT_EQ(agent_.fault_plan->faults.size(), 2U);
  const Fault& fault = agent_.fault_plan->faults.front();
  EXPECT_EQ(fault.peer, "b");
  EXPECT_EQ(fault.direction, FaultDirection::in);
  EXPECT_EQ(fault.drop, 0.3);
  EXPECT_EQ(fault.delay, 50ms);
  EXPECT_EQ(fault.jitter, 10ms);
  EXPECT_EQ(fault.duplicate, 0.1);
  EXPECT_EQ(fault.reorder, 1);
  EXPECT_TRUE(fault.cut);
  EXPECT_EQ(fault.lasts, 30s);
  EXPECT_EQ(agent_.fault_plan->faults.back().lasts, std::nullopt);
  EXPECT_EQ(agent_.fault_plan->freeze.value_or(Freeze{}).lasts, 5s);

  const json shown = get("/v1/faults");
  EXPECT_EQ(json::parse(answer->body), shown);
  EXPECT_EQ(shown["allowed"], true);
  EXPECT_EQ(shown["faults"][0]["peer"], "b");
  EXPECT_EQ(shown["faults"][0]["address"], "10.0.0.1:7420");
  EXPECT_EQ(shown["faults"][0]["for"], "30s");
  EXPECT_EQ(shown["faults"][0]["left"], "12346ms");
  EXPECT_EQ(shown["freeze"], json({{"for", nullptr}, {"left", nullptr}}));
  EXPECT_EQ(shown["counts"]["dropped"], 7);
  EXPECT_EQ(get("/v1/status")["faults"], 2);

  EXPECT_EQ(ask("DELETE", "/v1/faults")->status, 200U);
  EXPECT_TRUE(agent_.fault_plan->faults.empty() && !agent_.fault_plan->freeze);
  ask("POST", "/v1/faults", {}, R"({"freeze":true})");
  EXPECT_TRUE(agent_.fault_plan->freeze && !agent_.fault_plan->freeze->lasts);
}

TEST_F(ApiTest, NamesTheFaultAndTheFieldThatAreWrong) {
  config_.settings.allow_faults = true;
  const auto refusal = [this](const std::string& body) {
    const auto answer = ask("POST", "/v1/faults", {}, body);
    EXPECT_EQ(answer->status, 400U) << body;
    const json error = json::parse(answer->body)["error"];
    return error.value("field", "") + ": " + error.value("message", "");
  };
  const auto of_fault = [&refusal](const std::string& fields) {
    return refusal(R"({"faults":[{"peer":"*","cut":true},{)" + fields + "}]}");
  };

  EXPECT_THAT(refusal(""), HasSubstr("the body is not JSON"));
  EXPECT_THAT(refusal("{}"), HasSubstr("must be an object with faults, freeze or both"));
  EXPECT_THAT(refusal(R"({"fault":[]})"), HasSubstr("fault: there is no such field"));
  EXPECT_THAT(refusal(R"({"faults":{}})"), HasSubstr("faults: found {}; allowed: a list"));
  EXPECT_THAT(refusal(R"({"faults":[7]})"), HasSubstr("faults[0]: found 7; allowed: an object"));
  EXPECT_THAT(refusal(R"({"freeze":5})"), HasSubstr("freeze: found 5; allowed: a duration"));
  EXPECT_THAT(of_fault(R"("cut":true)"), HasSubstr("faults[1].peer: the field is missing"));
  EXPECT_THAT(of_fault(R"("peer":1)"), HasSubstr("faults[1].peer: found 1; allowed: the name"));
  EXPECT_THAT(of_fault(R"("peer":"*","drop":"30%")"),
              HasSubstr("faults[1].drop: found \"30%\"; allowed: a share from 0 to 1"));
  EXPECT_THAT(of_fault(R"("peer":"*","direction":"up")"),
              HasSubstr("faults[1].direction: found \"up\"; allowed: in, out or both"));
  EXPECT_THAT(of_fault(R"("peer":"*","delay":50)"),
              HasSubstr("faults[1].delay: found 50; allowed: a duration from 0s to 1m"));
  EXPECT_THAT(of_fault(R"("peer":"*","cut":1)"),
              HasSubstr("faults[1].cut: found 1; allowed: true or false"));
  EXPECT_THAT(of_fault(R"("peer":"*","for":"soon")"),
              HasSubstr("faults[1].for: found \"soon\"; allowed: a duration above 0s"));
  EXPECT_THAT(of_fault(R"("peer":"*","cut":true,"cut":false)"), HasSubstr("cut: given twice"));
  EXPECT_EQ(ask("DELETE", "/v1/faults", {{"peer", "x"}})->status, 400U) << "all would end";
  EXPECT_THAT(of_fault(R"("peer":"*","loss":1)"),
              HasSubstr("faults[1].loss: there is no such field; allowed: peer, direction"));
  EXPECT_FALSE(agent_.fault_plan);

  agent_.fault_result = std::unexpected(
      Error{ErrorCode::invalid_option, "found 2; allowed: a share from 0 to 1", "faults[0].drop"});
  EXPECT_EQ(refusal(R"({"faults":[{"peer":"*","drop":2}]})"),
            "faults[0].drop: found 2; allowed: a share from 0 to 1");
}

TEST_F(ApiTest, KeepsTheOlderPaths) {
  EXPECT_EQ(get("/list_mem")["count"], 3);
  EXPECT_EQ(get("/list_mem")["members"][1],
            json::parse(R"({"id":"10.0.0.1:7420@0000000000000000000000000000000b","incarnation":3,
                            "state":"suspect","last_update":"2023-11-14 22:13:20"})"));
  EXPECT_EQ(get("/list_self")["self_id"], "10.0.0.1:7420@0000000000000000000000000000000a");
  EXPECT_EQ(get("/list_self")["name"], "a");
  EXPECT_EQ(get("/display_suspects").size(), 1U);
}

// --- Events -------------------------------------------------------------------------------------

TEST_F(ApiTest, StreamsEventsFromAnIndexOn) {
  agent_.add_events(1, 3);
  const auto answer = ask("GET", "/v1/events", {{"since", "1"}});
  ASSERT_TRUE(answer->stream);

  const std::string text = fill(*answer->stream);
  EXPECT_THAT(text, testing::StartsWith(": events after 1; the newest is 3\n\n"
                                        "event: member-suspect\nid: 2\ndata: {\"index\":2,"
                                        "\"time\":\"2023-11-14T22:13:20.123Z\","
                                        "\"type\":\"member-suspect\",\"member\":{\"name\":\"b\""));
  EXPECT_THAT(text, HasSubstr("\"by\":\"c\"}\n\nevent: member-suspect\nid: 3\n"));
  EXPECT_EQ(last_state_, http::StreamState::waiting);

  EXPECT_EQ(fill(*answer->stream), "");
  agent_.add_events(4, 4);
  EXPECT_THAT(fill(*answer->stream), HasSubstr("id: 4\n"));
}

TEST_F(ApiTest, StreamsOnlyNewEventsUnlessAskedOtherwise) {
  agent_.add_events(1, 3);
  const auto answer = ask("GET", "/v1/events");

  EXPECT_EQ(fill(*answer->stream), ": events after 3; the newest is 3\n\n");
}

TEST_F(ApiTest, ResumesAfterTheEventThatABrowserSawLast) {
  agent_.add_events(1, 3);
  const auto answer = ask("GET", "/v1/events", {{"since", "0"}}, {}, {{"last-event-id", "2"}});

  const std::string text = fill(*answer->stream);
  EXPECT_THAT(text, testing::Not(HasSubstr("id: 2\n")));
  EXPECT_THAT(text, HasSubstr("id: 3\n"));
}

TEST_F(ApiTest, GivesEventsPieceByPiece) {
  agent_.add_events(1, 1000);
  const auto answer = ask("GET", "/v1/events", {{"since", "0"}});

  std::string text = fill(*answer->stream, 2000);
  EXPECT_LT(text.size(), 2500U);
  EXPECT_EQ(last_state_, http::StreamState::more);
  while (last_state_ == http::StreamState::more) text += fill(*answer->stream, 2000);

  for (int index = 1; index <= 1000; ++index) {
    ASSERT_THAT(text, HasSubstr("\nid: " + std::to_string(index) + "\n"));
  }
}

TEST_F(ApiTest, TellsALateReaderOfAGap) {
  agent_.add_events(10, 12);
  const auto answer = ask("GET", "/v1/events", {{"since", "3"}});

  const std::string text = fill(*answer->stream);
  EXPECT_THAT(text, HasSubstr("event: gap\ndata: {\"after\":3,\"until\":9,"));
  EXPECT_THAT(text, HasSubstr("id: 10\n"));
}

TEST_F(ApiTest, TellsAReaderThatTheAgentWasRestarted) {
  agent_.add_events(1, 2);
  const auto answer = ask("GET", "/v1/events", {{"since", "500"}});

  const std::string text = fill(*answer->stream);
  EXPECT_THAT(text, HasSubstr("event: gap\ndata: {\"after\":500,\"until\":0,"));
  EXPECT_THAT(text, HasSubstr("id: 1\n"));
}

TEST_F(ApiTest, CutsOffAReaderThatFellBehind) {
  agent_.add_events(1, 3);
  const auto answer = ask("GET", "/v1/events", {{"since", "0"}});
  fill(*answer->stream);
  agent_.events.clear();
  agent_.add_events(100, 101);

  EXPECT_EQ(fill(*answer->stream),
            "event: closed\ndata: {\"reason\":\"too-slow\",\"message\":\"the reader fell behind: "
            "the events after index 3 are no longer kept\"}\n\n");
  EXPECT_EQ(last_state_, http::StreamState::ended);
}

TEST_F(ApiTest, RefusesAnIndexThatIsNone) {
  for (const auto* const text : {"", "x", "-1", "1x", "99999999999999999999"}) {
    const auto answer = ask("GET", "/v1/events", {{"since", text}});
    EXPECT_EQ(answer->status, 400U) << text;
    EXPECT_THAT(answer->body, HasSubstr(R"("field":"since")"));
  }
}

TEST_F(ApiTest, GivesTheKeptEventsWithoutFollowing) {
  agent_.add_events(5, 7);
  const json events = get("/v1/events", {{"since", "5"}, {"follow", "false"}});

  EXPECT_EQ(events["events"].size(), 2U);
  EXPECT_EQ(events["events"][0]["index"], 6);
  EXPECT_EQ(events["gap"], false);
  EXPECT_EQ(get("/v1/events", {{"follow", "false"}})["gap"], true);
}

TEST_F(ApiTest, GivesAllKeptEventsToAReaderFromBeforeARestart) {
  agent_.add_events(1, 3);
  const json events = get("/v1/events", {{"since", "99"}, {"follow", "false"}});

  EXPECT_EQ(events["gap"], true);
  ASSERT_EQ(events["events"].size(), 3U);
  EXPECT_EQ(events["events"][0]["index"], 1);
  EXPECT_EQ(get("/v1/events", {{"since", "3"}, {"follow", "false"}})["gap"], false);
}

TEST_F(ApiTest, RefusesSwitchesThatAreNone) {
  for (const auto& [path, name] : {std::pair("/v1/events", "follow"), {"/v1/config", "details"}}) {
    const auto answer = ask("GET", path, {{name, "maybe"}});
    EXPECT_EQ(answer->status, 400U) << path;
    EXPECT_THAT(answer->body, HasSubstr("found 'maybe'; allowed: true or false"));
    EXPECT_EQ(json::parse(answer->body)["error"]["field"], name);
  }
}

TEST_F(ApiTest, SaysOfWhatALaterVersionAnswersThatItIsNotAvailable) {
  for (const auto* const path :
       {"/v1/services", "/v1/services/web", "/v1/keys", "/metrics", "/openapi.json", "/"}) {
    const auto answer = ask("POST", path);
    EXPECT_EQ(answer->status, 501U) << path;
    EXPECT_EQ(json::parse(answer->body)["error"]["code"], "not-available") << path;
  }
  EXPECT_EQ(ask("GET", "/switches")->status, 404U);
  EXPECT_EQ(ask("GET", "/v1/nothing")->status, 404U);
}

TEST_F(ApiTest, NamesTheFieldOfTheBodyThatHoldsBadTags) {
  agent_.tags_error = Error{ErrorCode::invalid_option, "too long", "tag"};
  const auto answer = ask("PATCH", "/v1/self", {}, R"({"tags":{"a":"1"}})");

  EXPECT_EQ(answer->status, 400U);
  EXPECT_EQ(json::parse(answer->body)["error"]["field"], "tags");
}

TEST(ApiJsonTest, WritesTimesInUtc) {
  EXPECT_EQ(time_text(WallTime(0ms)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(WallTime(-1ms)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(reference_time_text(WallTime(1'700'000'000'999ms)), "2023-11-14 22:13:20");
}

// --- Over the network ---------------------------------------------------------------------------

TEST_F(ApiTest, ServesAllOfItOverTheNetwork) {
  agent_.add_events(1, 2);
  auto server = http::Server::bind("127.0.0.1:0", {});
  ASSERT_TRUE(server.has_value());
  const http::Router router = make_api(context(), http::Guard((*server)->address()));
  (*server)->start([&router](const http::Request& request, const http::Responder& responder) {
    router.handle(request, responder);
  });
  http::RawSocket socket((*server)->address());

  socket.send("GET /v1/members HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(json::parse(socket.read_answer().body)["count"], 3);
  socket.send("GET /v1/members HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(socket.read_answer().status, 403);
  socket.send("POST /v1/leave HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n");
  EXPECT_EQ(socket.read_answer().status, 403);
  socket.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n");
  EXPECT_THAT(socket.read_head(), HasSubstr("text/event-stream"));
  EXPECT_THAT(socket.read_chunk(), HasSubstr("\nid: 2\n"));

  (*server)->stop(0ms);
}

}  // namespace
}  // namespace rollcall::agent
