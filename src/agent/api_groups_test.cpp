// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "agent/fake_agent_test.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* member_path = "/v1/groups/web/members/w1";

class ApiGroupsTest : public testing::Test {
 protected:
  json put(const std::string& body) {
    const auto answer = api_.ask("PUT", member_path, {}, body);
    EXPECT_EQ(answer->status, 200U) << answer->body;
    return json::parse(answer->body);
  }
  /// What a refused request was told, which must not have gone further.
  json refused(const std::string& method, const std::string& path, http::Pairs query,
               const std::string& body, unsigned status) {
    groups().asked.clear();
    const auto answer = api_.ask(method, path, std::move(query), body);
    EXPECT_EQ(answer->status, status) << method << " " << path << " " << body << answer->body;
    EXPECT_THAT(groups().asked, IsEmpty()) << method << " " << path << " " << body;
    return json::parse(answer->body)["error"];
  }
  FakeGroups& groups() { return api_.groups; }

  GroupsApi api_;
};

TEST_F(ApiGroupsTest, AMemberJoinsWithWhatItSaysOfItself) {
  groups().outcome = GroupOutcome{.changed = true, .group = "web", .view = 7, .leads = true};

  const json answer =
      put(R"({"address":"10.0.0.7:80","ttl":"10s","meta":{"role":"db"},"check":{"type":"http",)"
          R"("url":"http://10.0.0.7/up","interval":"1s","timeout":"500ms","misses":2}})");

  EXPECT_EQ(answer,
            json::parse(R"({"group":"web","id":"w1","view":7,"changed":true,"leads":true})"));
  const GroupMemberSpec& spec = groups().spec;
  EXPECT_EQ(spec.id, "w1");
  EXPECT_EQ(spec.address, "10.0.0.7:80");
  EXPECT_EQ(spec.ttl, 10s);
  EXPECT_EQ(spec.meta.at("role"), "db");
  EXPECT_EQ(spec.check.type, CheckType::http);
  EXPECT_EQ(spec.check.target, "http://10.0.0.7/up");
  EXPECT_EQ(spec.check.interval, 1s);
  EXPECT_EQ(spec.check.timeout, 500ms);
  EXPECT_EQ(spec.check.misses, 2);
  EXPECT_EQ(groups().last_timeout, Groups::default_timeout);
}

TEST_F(ApiGroupsTest, AMemberNeedNotSayAnything) {
  groups().outcome = GroupOutcome{.changed = false, .group = "web", .view = 7, .leads = false};

  EXPECT_EQ(put("")["changed"], false);
  EXPECT_EQ(put("{}")["changed"], false);
  EXPECT_EQ(put(R"({"ttl":null,"check":null})")["leads"], false);
  EXPECT_EQ(groups().spec.ttl, 0s);
}

TEST_F(ApiGroupsTest, AutoAnswersWhereTheMemberWent) {
  groups().outcome = GroupOutcome{.changed = true, .group = "small", .view = 3, .leads = false};

  const auto answer = api_.ask("PUT", "/v1/groups/auto/members/w1", {{"timeout", "1s"}});

  EXPECT_EQ(json::parse(answer->body)["group"], "small");
  EXPECT_EQ(groups().last_timeout, 1s);
}

TEST_F(ApiGroupsTest, RefusesABodyThatIsNotAsItMustBeAndNamesTheField) {
  struct Case {
    std::string body;
    std::string field;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"{", "", "is not JSON"},
      {"[]", "", "must be a JSON object"},
      {R"({"adress":"x"})", "adress", "allowed: address, ttl, meta, check"},
      {R"({"address":1})", "address", "found 1; allowed: text"},
      {R"({"ttl":10})", "ttl", "allowed: a duration as text"},
      {R"({"ttl":"ten"})", "ttl", "allowed: a duration as text"},
      {R"({"ttl":"-1s"})", "ttl", "allowed: a duration as text"},
      {R"({"ttl":"1s","ttl":"2s"})", "ttl", "given twice"},
      {R"({"meta":["a"]})", "meta", "an object of names and texts"},
      {R"({"meta":{"a":1}})", "meta.a", "found 1; allowed: text"},
      {R"({"check":"tcp"})", "check", "an object"},
      {R"({"check":{}})", "check.type", R"(allowed: "tcp" or "http")"},
      {R"({"check":{"type":"icmp"}})", "check.type", R"(found "icmp")"},
      {R"({"check":{"type":"tcp"}})", "check.target", "there is nothing to check"},
      {R"({"check":{"type":"tcp","port":80}})", "check.port", "allowed: type, target, url"},
      {R"({"check":{"type":"tcp","target":"h:1","url":"u"}})", "check.url", "one of them"},
      {R"({"check":{"type":"tcp","target":"h:1","misses":0}})", "check.misses", "from 1 to 100"},
      {R"({"check":{"type":"tcp","target":"h:1","misses":2.5}})", "check.misses", "whole number"},
      {R"({"check":{"type":"tcp","target":"h:1","interval":1}})", "check.interval", "duration"},
  };
  for (const Case& one : cases) {
    const json error = refused("PUT", member_path, {}, one.body, 400);
    EXPECT_EQ(error.value("field", ""), one.field) << one.body;
    EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(one.message)) << one.body;
  }
}

TEST_F(ApiGroupsTest, RefusesNamesAndParametersThatAreNone) {
  EXPECT_EQ(refused("PUT", "/v1/groups/a%20b/members/w1", {}, "", 400)["field"], "group");
  EXPECT_EQ(refused("PUT", "/v1/groups/web/members/%2e%2E%2F", {}, "", 400)["field"], "id");
  EXPECT_EQ(refused("PUT", "/v1/groups/web/members/" + std::string(129, 'x'), {}, "", 400)["field"],
            "id");
  EXPECT_EQ(refused("GET", "/v1/groups/a%00b", {}, "", 400)["field"], "group");
  EXPECT_EQ(refused("GET", "/v1/groups/a%20b/watch", {}, "", 400)["field"], "group");
  EXPECT_EQ(refused("PUT", member_path, {{"timeout", "1h"}}, "", 400)["field"], "timeout");
  EXPECT_EQ(refused("PUT", member_path, {{"ttl", "1s"}}, "", 400)["field"], "ttl");
  EXPECT_EQ(refused("DELETE", member_path, {{"cause", "boredom"}}, "", 400)["field"], "cause");
  EXPECT_EQ(refused("GET", "/v1/groups/web", {{"consistency", "eventual"}}, "", 400)["field"],
            "consistency");
  EXPECT_EQ(refused("GET", "/v1/groups", {{"consistency", "strong"}}, "", 400)["field"],
            "consistency");
  EXPECT_EQ(refused("GET", "/v1/groups/web/watch", {{"since", "-1"}}, "", 400)["field"], "since");
  EXPECT_EQ(refused("GET", "/v1/views", {{"since", "x"}}, "", 400)["field"], "since");
  EXPECT_EQ(refused("POST", std::string(member_path) + "/heartbeat", {}, "[1]", 400)["code"],
            "invalid-value");
  EXPECT_EQ(refused("DELETE", member_path, {}, R"({"why":1})", 400)["code"], "invalid-value");
}

TEST_F(ApiGroupsTest, TheClusterItselfIsNotJoinedByClients) {
  for (const std::string method : {"PUT", "DELETE"}) {
    EXPECT_EQ(refused(method, "/v1/groups/cluster/members/w1", {}, "", 409)["code"], "not-allowed");
  }
  EXPECT_EQ(refused("POST", "/v1/groups/cluster/members/w1/heartbeat", {}, "", 409)["code"],
            "not-allowed");

  groups().outcome = GroupOutcome{.changed = true, .group = "cluster", .view = 9, .leads = false};
  EXPECT_EQ(api_.ask("DELETE", "/v1/groups/cluster/members/n3", {{"cause", "removed"}})->status,
            200U);
  EXPECT_THAT(groups().asked, ElementsAre("remove cluster n3"));
}

TEST_F(ApiGroupsTest, AMemberLeavesOrIsRemoved) {
  groups().outcome = GroupOutcome{.changed = true, .group = "web", .view = 8, .leads = false};

  const auto left = api_.ask("DELETE", member_path);
  api_.ask("DELETE", member_path, {{"cause", "left"}});
  api_.ask("DELETE", member_path, {{"cause", "removed"}});

  EXPECT_EQ(json::parse(left->body),
            json::parse(R"({"group":"web","id":"w1","view":8,"changed":true})"));
  EXPECT_THAT(groups().asked, ElementsAre("leave web w1", "leave web w1", "remove web w1"));
}

TEST_F(ApiGroupsTest, AHeartbeatIsAnsweredOrTheMemberToldToJoinAgain) {
  const std::string path = std::string(member_path) + "/heartbeat";
  EXPECT_EQ(json::parse(api_.ask("POST", path)->body),
            json::parse(R"({"group":"web","id":"w1","renewed":true})"));

  groups().heartbeat_result =
      std::unexpected(Error{ErrorCode::unknown_member, "no such member", {}});
  const auto answer = api_.ask("POST", path);

  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(json::parse(answer->body)["error"]["code"], "unknown-member");
  EXPECT_THAT(answer->body, HasSubstr("let it join again"));
}

TEST_F(ApiGroupsTest, EveryFailureHasItsStatus) {
  struct Case {
    ErrorCode error;
    unsigned status;
    std::string code;
    std::string retry_after;
  };
  const std::vector<Case> cases = {
      {ErrorCode::no_quorum, 503, "no-quorum", "1"},
      {ErrorCode::overloaded, 503, "overloaded", "1"},
      {ErrorCode::timeout, 504, "timeout", ""},
      {ErrorCode::invalid_option, 400, "invalid-value", ""},
      {ErrorCode::not_allowed, 409, "not-allowed", ""},
      {ErrorCode::gone, 410, "gone", ""},
      {ErrorCode::closed, 503, "stopping", ""},
  };
  for (const Case& one : cases) {
    groups().outcome = std::unexpected(Error{one.error, "why it is so", "ttl"});
    for (const std::string method : {"PUT", "DELETE"}) {
      const auto answer = api_.ask(method, member_path);
      EXPECT_EQ(answer->status, one.status) << one.code;
      EXPECT_EQ(answer->header("Retry-After"), one.retry_after) << one.code;
      const json error = json::parse(answer->body)["error"];
      EXPECT_EQ(error["code"], one.code);
      EXPECT_EQ(error["message"], "why it is so");
      EXPECT_EQ(error["field"], "ttl");
    }
  }
}

TEST_F(ApiGroupsTest, ShowsAGroupWithHowFreshItIs) {
  groups().add("web", "w1");
  groups().add("web", "w2");
  groups().groups["web"].members[1].spec.ttl = 1500ms;
  groups().groups["web"].members[1].responsible = "n2";
  groups().state.stale_for = 1'500us;

  const auto answer = api_.ask("GET", "/v1/groups/web");

  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(
      json::parse(answer->body),
      json::parse(
          R"({"group":"web","view":2,"leader":"w1","term":2,"index":102,"cause":"joined","count":2,)"
          R"("members":[{"id":"w1","address":"10.0.0.1:80","meta":{},"since":1,"ttl":null,)"
          R"("responsible":""},{"id":"w2","address":"10.0.0.1:80","meta":{},"since":2,)"
          R"("ttl":"1500ms","responsible":"n2"}],"consistency":"local","stale_ms":1.5})"));
}

TEST_F(ApiGroupsTest, ALinearizableReadNeedsAQuorumAndALocalOneDoesNot) {
  groups().add("web", "w1");
  groups().read_error = Error{ErrorCode::no_quorum, "1 of 3 voters is here", {}};

  const auto refused = api_.ask("GET", "/v1/groups/web", {{"consistency", "linearizable"}});
  const auto local = api_.ask("GET", "/v1/groups/web", {{"consistency", "local"}});
  const auto list = api_.ask("GET", "/v1/groups", {{"consistency", "linearizable"}});

  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_EQ(list->status, 503U);
  EXPECT_EQ(local->status, 200U);
  EXPECT_TRUE(json::parse(local->body)["stale_ms"].is_null());

  groups().read_error.reset();
  const json fresh =
      json::parse(api_.ask("GET", "/v1/groups/web", {{"consistency", "linearizable"}})->body);
  EXPECT_EQ(fresh["consistency"], "linearizable");
  EXPECT_EQ(fresh["stale_ms"], 0);
}

TEST_F(ApiGroupsTest, ListsGroups) {
  groups().add("web", "w1");
  groups().add("web", "w2");
  groups().add("db", "d1");

  const json list = json::parse(api_.ask("GET", "/v1/groups")->body);

  EXPECT_EQ(list["count"], 2);
  EXPECT_EQ(list["groups"][0], json::parse(R"({"group":"db","view":1,"leader":"d1","members":1})"));
  EXPECT_EQ(list["groups"][1],
            json::parse(R"({"group":"web","view":2,"leader":"w1","members":2})"));
}

TEST_F(ApiGroupsTest, SaysThatAGroupIsUnknown) {
  for (const std::string path : {"/v1/groups/nobody", "/v1/groups/nobody/watch"}) {
    const auto answer = api_.ask("GET", path);
    EXPECT_EQ(answer->status, 404U) << path;
    EXPECT_EQ(json::parse(answer->body)["error"]["code"], "unknown-group") << path;
  }
}

TEST_F(ApiGroupsTest, AGetOfWhatOnlyChangesIsRefused) {
  for (const auto& path : {std::string(member_path), std::string(member_path) + "/heartbeat"}) {
    const auto answer = api_.ask("GET", path);
    EXPECT_EQ(answer->status, 405U) << path;
    EXPECT_THAT(answer->header("Allow"), testing::Not(IsEmpty()));
  }
}

TEST_F(ApiGroupsTest, AConditionIsRefusedAndNotPassedOver) {
  for (const char* const header : {"If-None-Match", "If-Match"}) {
    for (const char* const method : {"PUT", "DELETE"}) {
      const auto answer = api_.ask(method, member_path, {}, {}, {{header, "*"}});
      EXPECT_EQ(answer->status, 400U) << method << " " << header;
      EXPECT_EQ(json::parse(answer->body)["error"]["field"], header);
    }
  }
  EXPECT_THAT(groups().asked, IsEmpty());
}

TEST_F(ApiGroupsTest, AMistypedConsistencyIsNotAnsweredWithALocalRead) {
  groups().add("web", "w1");
  for (const char* const path : {"/v1/groups", "/v1/groups/web"}) {
    const json error = refused("GET", path, {{"consistancy", "linearizable"}}, "", 400);
    EXPECT_EQ(error["field"], "consistancy") << path;
    EXPECT_EQ(error["message"], "this path takes no such parameter; allowed: consistency, timeout");
  }
}

TEST_F(ApiGroupsTest, ShowsTheViewsOfTheClusterAndItsLeader) {
  groups().add("cluster", "a");
  groups().add("cluster", "b");
  groups().cluster_leader =
      ClusterLeader{.name = "a", .address = "10.0.0.1:7420", .view = 1, .term = 2};

  const json all = json::parse(api_.ask("GET", "/v1/views")->body);
  const json later = json::parse(api_.ask("GET", "/v1/views", {{"since", "1"}})->body);
  groups().state.stale_for = 2ms;
  const auto newest = api_.ask("GET", "/v1/views/current");
  const json current = json::parse(newest->body);

  EXPECT_EQ(all["count"], 2);
  EXPECT_EQ(later["views"],
            json::parse(R"([{"group":"cluster","view":2,"leader":"a","members":["a","b"],)"
                        R"("cause":"joined","term":2,"index":102}])"));
  EXPECT_EQ(current, later["views"][0]);
  EXPECT_EQ(newest->header("X-Rollcall-Stale-Ms"), "2.000");
  EXPECT_EQ(json::parse(api_.ask("GET", "/v1/leader")->body),
            json::parse(R"({"name":"a","address":"10.0.0.1:7420","view":1,"term":2})"));
}

TEST_F(ApiGroupsTest, SaysWhyThereIsNoLeaderAndNoView) {
  groups().cluster_leader =
      std::unexpected(Error{ErrorCode::no_quorum, "no log was begun yet", {}});

  const auto leader = api_.ask("GET", "/v1/leader");
  const auto current = api_.ask("GET", "/v1/views/current");

  EXPECT_EQ(leader->status, 503U);
  EXPECT_EQ(leader->header("Retry-After"), "1");
  EXPECT_EQ(json::parse(leader->body)["error"]["message"], "no log was begun yet");
  EXPECT_EQ(current->status, 503U);
}

TEST_F(ApiGroupsTest, TheMinorityOfAPartitionHasNoLeader) {
  groups().cluster_leader =
      ClusterLeader{.name = "a", .address = "10.0.0.1:7420", .view = 1, .term = 2};
  groups().state.trouble = "1 of 3 voters is here";

  const auto answer = api_.ask("GET", "/v1/leader");

  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(json::parse(answer->body)["error"]["message"],
            "1 of 3 voters is here; the last leader known here is a, of view 1");
}

TEST_F(ApiGroupsTest, TheStatusTellsHowTheAgreedSideIsDoing) {
  AgreementStatus& state = groups().state;
  state = {.engine = "raft",
           .log = "ab",
           .role = "voter",
           .term = 3,
           .leader = "n1",
           .commit = 9,
           .applied = 8,
           .voters = {"n1", "a"},
           .learners = {"n4"},
           .stale_for = 20ms,
           .trouble = "1 of 3 voters is here"};

  const json status = json::parse(api_.ask("GET", "/v1/status")->body);

  EXPECT_EQ(status["agreement"],
            json::parse(R"({"engine":"raft","role":"voter","term":3,"leader":"n1","log":"ab",)"
                        R"("commit":9,"applied":8,"voters":["n1","a"],"learners":["n4"],)"
                        R"("stale_ms":20.0,"trouble":"1 of 3 voters is here"})"));
}

TEST(ApiGroups, WithoutAnAgreedSideEverythingAboutItIsRefused) {
  GroupsAgent agent(nullptr);
  const http::Router router =
      make_api({.agent = agent, .config = [] { return std::make_shared<const Config>(); }},
               http::Guard("0.0.0.0:7480"));
  const std::vector<std::pair<std::string, std::string>> asked = {
      {"GET", "/v1/groups"},
      {"GET", "/v1/groups/web"},
      {"GET", "/v1/views"},
      {"GET", "/v1/groups/web/watch"},
      {"GET", "/v1/leader"},
      {"GET", "/v1/views/current"},
      {"PUT", member_path},
      {"DELETE", member_path},
      {"POST", std::string(member_path) + "/heartbeat"}};
  for (const auto& [method, path] : asked) {
    auto recorded = std::make_shared<http::RecordedAnswer>();
    http::Request request;
    request.method = method;
    request.raw_path = path;
    router.handle(request, http::record_into(recorded));
    EXPECT_EQ(recorded->status, 409U) << method << " " << path;
    EXPECT_THAT(recorded->body, HasSubstr("agreement: on")) << path;
  }
}

TEST(ApiEvents, ViewsAndLeadersAreTold) {
  Event event;
  event.index = 4;
  event.type = EventType::view;
  event.view = std::make_shared<const View>(View{.group = "cluster",
                                                 .number = 3,
                                                 .leader = "a",
                                                 .members = {"a", "b"},
                                                 .cause = "joined",
                                                 .term = 1,
                                                 .index = 12});
  std::string text;
  append_event(text, event);
  EXPECT_EQ(json::parse(text)["leader"], "a");
  EXPECT_EQ(json::parse(text)["view"]["members"], json::parse(R"(["a","b"])"));

  event.type = EventType::leader_changed;
  event.view.reset();
  text.clear();
  append_event(text, event);
  EXPECT_EQ(json::parse(text)["leader"], "");
  EXPECT_TRUE(json::parse(text)["view"].is_null());
}

}  // namespace
}  // namespace rollcall::agent
