// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/recording_responder_test.hpp"

namespace rollcall::http {
namespace {

using testing::HasSubstr;

class RouterTest : public testing::Test {
 protected:
  explicit RouterTest(std::string_view bound = "127.0.0.1:7480") : router_(Guard(bound)) {
    add("GET", "/things", "list");
    add("GET", "/things/{name}", "one");
    add("GET", "/things/special", "special");
    add("POST", "/things/{name}/end", "end");
    add("POST", "/act", "act");
    router_.add({.method = "PUT",
                 .pattern = "/tune",
                 .handler = answer("tuned"),
                 .parameters = {"scope", "why"}});
    add("DELETE", "/search", "ended");
    add("POST", "/search", "begun");
    add("DELETE", "/pair", "gone");
    add("PUT", "/pair", "put");
    router_.add(
        {.method = "GET", .pattern = "/choosy", .handler = answer("read"), .parameters = {"how"}});
    router_.add({.method = "GET",
                 .pattern = "/act-by-get",
                 .handler = answer("act"),
                 .access = Access::changes});
  }

  static RouteHandler answer(std::string text) {
    return [text = std::move(text)](const Request&, const PathValues& values,
                                    const Responder& responder) {
      responder.respond(json_response(200, values.empty() ? text : text + " " + values.front()));
    };
  }
  void add(std::string_view method, std::string_view pattern, std::string text) {
    router_.add({.method = method, .pattern = pattern, .handler = answer(std::move(text))});
  }

  std::shared_ptr<RecordedAnswer> ask(std::string method, std::string path, Pairs headers = {},
                                      Pairs query = {}) {
    auto recorded = std::make_shared<RecordedAnswer>();
    Request request;
    request.method = std::move(method);
    request.raw_path = std::move(path);
    request.headers = std::move(headers);
    request.query = std::move(query);
    if (!request.header("Host")) request.headers.emplace_back("Host", "127.0.0.1:7480");
    router_.handle(request, record_into(recorded));
    return recorded;
  }

  Router router_;
};

TEST_F(RouterTest, FindsThePathAndTheValuesInIt) {
  EXPECT_EQ(ask("GET", "/things")->body, "list");
  EXPECT_EQ(ask("GET", "/things/a%2Fb%20c")->body, "one a/b c");
  EXPECT_EQ(ask("GET", "/things/special")->body, "special");
  EXPECT_EQ(ask("POST", "/things/x/end")->body, "end x");
}

TEST_F(RouterTest, SaysThatAPathIsUnknown) {
  for (const auto* const path : {"/", "/thing", "/things/", "/things/a/b", "//things", "/THINGS"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer->status, 404U) << path;
    EXPECT_THAT(answer->body, HasSubstr(R"("code":"unknown-path")"));
  }
}

TEST_F(RouterTest, NamesTheMethodsThatAPathTakes) {
  const auto put = ask("PUT", "/things");
  EXPECT_EQ(put->status, 405U);
  EXPECT_EQ(put->header("Allow"), "GET, HEAD");

  const auto get = ask("GET", "/act");
  EXPECT_EQ(get->status, 405U);
  EXPECT_EQ(get->header("Allow"), "POST");
  EXPECT_THAT(get->body, HasSubstr("curl -X POST"));

  const auto search = ask("GET", "/search");
  EXPECT_EQ(search->header("Allow"), "DELETE, POST");
  EXPECT_THAT(search->body, HasSubstr("send POST")) << "and not what ends the search";
  const auto pair = ask("GET", "/pair");
  EXPECT_EQ(pair->header("Allow"), "DELETE, PUT");
  EXPECT_THAT(pair->body, HasSubstr("a GET does nothing here\""))
      << "who wants to look is not told to delete";
  EXPECT_THAT(ask("HEAD", "/act")->body, HasSubstr("a HEAD does nothing here"));
  EXPECT_THAT(ask("PUT", "/act")->body, testing::Not(HasSubstr("does nothing here")));
}

TEST_F(RouterTest, TakesOnlyTheParametersOfAChange) {
  EXPECT_EQ(ask("PUT", "/tune", {}, {{"why", "x"}, {"scope", "local"}})->status, 200U);
  EXPECT_EQ(ask("GET", "/things", {}, {{"anything", "x"}, {"anything", "y"}})->status, 200U);

  const auto unknown = ask("PUT", "/tune", {}, {{"scop", "local"}});
  EXPECT_EQ(unknown->status, 400U);
  EXPECT_THAT(unknown->body, HasSubstr("takes no such parameter; allowed: scope, why"));
  EXPECT_THAT(unknown->body, HasSubstr(R"("field":"scop")"));
  const auto twice = ask("PUT", "/tune", {}, {{"scope", "local"}, {"scope", "local"}});
  EXPECT_EQ(twice->status, 400U);
  EXPECT_THAT(twice->body, HasSubstr("given twice; allowed: once"));
  EXPECT_THAT(ask("POST", "/act", {}, {{"x", ""}})->body, HasSubstr("allowed: none"));
  EXPECT_EQ(ask("GET", "/act-by-get", {}, {{"x", ""}})->status, 400U);
  EXPECT_EQ(ask("GET", "/choosy", {}, {{"how", "x"}})->status, 200U);
  EXPECT_THAT(ask("GET", "/choosy", {}, {{"haw", "x"}})->body, HasSubstr("allowed: how"));
}

TEST_F(RouterTest, AnswersHeadAsGet) {
  EXPECT_EQ(ask("HEAD", "/things")->body, "list");
}

TEST_F(RouterTest, AnswersOnlyToLoopbackNamesOnALoopbackAddress) {
  for (const auto* const host :
       {"127.0.0.1", "127.0.0.1:7480", "localhost:7480", "LOCALHOST", "[::1]:7480", "127.1.2.3"}) {
    EXPECT_EQ(ask("GET", "/things", {{"Host", host}})->status, 200U) << host;
  }
  for (const auto* const host : {"evil.example", "evil.example:7480", "localhost.evil.example",
                                 "10.0.0.1", "", "127.0.0.1.evil.example"}) {
    const auto answer = ask("GET", "/things", {{"Host", host}});
    EXPECT_EQ(answer->status, 403U) << host;
    EXPECT_THAT(answer->body, HasSubstr(R"("code":"foreign-host")"));
  }
}

TEST_F(RouterTest, RefusesChangesToPagesOfAnotherOrigin) {
  const std::string host = "localhost:7480";
  EXPECT_EQ(ask("POST", "/act", {{"Host", host}, {"Origin", "http://localhost:7480"}})->status,
            200U);
  EXPECT_EQ(ask("POST", "/act", {{"Host", host}, {"Sec-Fetch-Site", "same-origin"}})->status, 200U);
  EXPECT_EQ(ask("GET", "/things", {{"Host", host}, {"Origin", "http://evil.example"}})->status,
            200U);

  for (const auto* const origin : {"http://evil.example", "null", "http://localhost:7481"}) {
    const auto answer = ask("POST", "/act", {{"Host", host}, {"Origin", origin}});
    EXPECT_EQ(answer->status, 403U) << origin;
    EXPECT_THAT(answer->body, HasSubstr(R"("code":"foreign-origin")"));
  }
  EXPECT_EQ(ask("GET", "/act-by-get", {{"Host", host}, {"Sec-Fetch-Site", "cross-site"}})->status,
            403U);
  EXPECT_EQ(
      ask("GET", "/act-by-get", {{"Host", host}, {"Referer", "http://evil.example/?localhost"}})
          ->status,
      403U);
  EXPECT_EQ(
      ask("GET", "/act-by-get", {{"Host", host}, {"Referer", "http://localhost:7480/x?y"}})->status,
      200U);
}

class OpenRouterTest : public RouterTest {
 protected:
  OpenRouterTest() : RouterTest("0.0.0.0:7480") {}
};

TEST_F(OpenRouterTest, AnswersToAnyNameWhereOthersMayConnect) {
  EXPECT_EQ(ask("GET", "/things", {{"Host", "node1.example:7480"}})->status, 200U);
  EXPECT_EQ(
      ask("POST", "/act", {{"Host", "node1.example"}, {"Origin", "http://evil.example"}})->status,
      403U);
}

}  // namespace
}  // namespace rollcall::http
