// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience = 30s;

/// Accepts one connection, reads a request's head, writes the pieces and, unless told to hold
/// on, closes.
class OneAnswer {
 public:
  enum class Then : std::uint8_t { close, hold };

  explicit OneAnswer(std::vector<std::string> pieces, Then then = Then::close)
      : pieces_(std::move(pieces)),
        then_(then),
        thread_([this] { serve(); }) {}
  ~OneAnswer() {
    done_ = true;
    thread_.join();
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  [[nodiscard]] HostPort server() const { return {"127.0.0.1", port_}; }
  /// The request as it came; read it after the client is done.
  [[nodiscard]] const std::string& request() const { return request_; }

 private:
  void serve() {
    asio::ip::tcp::socket socket(io_);
    boost::system::error_code code;
    acceptor_.accept(socket, code);
    asio::read_until(socket, asio::dynamic_buffer(request_), "\r\n\r\n", code);
    for (const std::string& piece : pieces_) asio::write(socket, asio::buffer(piece), code);
    while (then_ == Then::hold && !done_) std::this_thread::sleep_for(1ms);
  }

  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::vector<std::string> pieces_;
  Then then_;
  std::string request_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

std::uint16_t port_where_nobody_listens() {
  asio::io_context io;
  const asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

TEST(HttpClient, ReadsAnAnswerOfAnyStatus) {
  const OneAnswer agent(
      {"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
       "Content-Length: 2\r\n\r\n{}"});

  const auto answer = fetch(agent.server(), {.target = "/v1/members/x"}, patience);

  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->body, "{}");
}

TEST(HttpClient, SendsMethodTargetTokenAndBody) {
  const OneAnswer agent({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  const ClientRequest request{
      .method = "POST", .target = "/v1/join", .body = R"({"a":1})", .token = "secret"};

  const auto answer = fetch(agent.server(), request, patience);

  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_TRUE(agent.request().starts_with("POST /v1/join HTTP/1.1\r\n")) << agent.request();
  EXPECT_NE(agent.request().find("Authorization: Bearer secret\r\n"), std::string::npos);
  EXPECT_NE(agent.request().find("Content-Length: 7\r\n"), std::string::npos);
}

TEST(HttpClient, SaysThatNobodyListens) {
  const HostPort nobody{"127.0.0.1", port_where_nobody_listens()};

  const auto answer = fetch(nobody, {}, patience);

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ClientErrorCode::refused);
}

TEST(HttpClient, GivesUpOnASilentServerInTime) {
  const OneAnswer agent({"HTTP/1.1 200 OK\r\n"}, OneAnswer::Then::hold);

  const auto answer = fetch(agent.server(), {}, 50ms);

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ClientErrorCode::timeout);
}

TEST(HttpClient, TellsABrokenAnswerFromAForeignOne) {
  const OneAnswer broken({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  const OneAnswer foreign({"SSH-2.0-OpenSSH_9.2\r\n\r\n"});

  const auto half = fetch(broken.server(), {}, patience);
  const auto other = fetch(foreign.server(), {}, patience);

  ASSERT_FALSE(half.has_value());
  EXPECT_EQ(half.error().code, ClientErrorCode::broken) << half.error().message;
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ClientErrorCode::not_http) << other.error().message;
}

TEST(HttpClient, FollowsAStreamThatArrivesInPieces) {
  const OneAnswer agent(
      {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\nid: 1\n",
       "event: member-join\nda", "ta: one\n\nid: 2\ndata: tw", "o\n\n"});
  std::vector<std::string> seen;
  const StreamCallbacks callbacks{.opened = {}, .event = [&seen](const StreamEvent& event) {
                                    seen.push_back(event.id + event.type + event.data);
                                    return Flow::go_on;
                                  }};

  const auto end = follow(agent.server(), {.target = "/v1/events"}, {}, callbacks);

  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(*end, StreamEnd::closed);
  EXPECT_EQ(seen, (std::vector<std::string>{"1member-joinone", "2two"}));
}

TEST(HttpClient, StopsAStreamWhenTheReaderHasEnough) {
  const OneAnswer agent({"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"},
                        OneAnswer::Then::hold);
  const StreamCallbacks callbacks{.opened = {},
                                  .event = [](const StreamEvent&) { return Flow::stop; }};

  const auto end = follow(agent.server(), {}, {}, callbacks);

  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(*end, StreamEnd::stopped);
}

TEST(HttpClient, HandsOverTheRefusalOfAStream) {
  const OneAnswer agent({"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"});
  const StreamCallbacks callbacks{.opened = {},
                                  .event = [](const StreamEvent&) { return Flow::go_on; }};

  const auto end = follow(agent.server(), {}, {}, callbacks);

  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ClientErrorCode::bad_status);
  EXPECT_EQ(end.error().status, 503U);
  EXPECT_EQ(end.error().body, "busy");
}

TEST(HttpClient, EndsASilentStream) {
  const OneAnswer agent({"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"},
                        OneAnswer::Then::hold);
  const StreamCallbacks callbacks{.opened = {},
                                  .event = [](const StreamEvent&) { return Flow::go_on; }};

  const auto end = follow(agent.server(), {}, {.open = patience, .silence = 50ms}, callbacks);

  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ClientErrorCode::timeout);
}

TEST(HttpClient, ReadsServersAsPeopleWriteThem) {
  EXPECT_EQ(parse_server("10.0.0.1:80"), (HostPort{"10.0.0.1", 80}));
  EXPECT_EQ(parse_server("db1"), (HostPort{"db1", client_port_default}));
  EXPECT_EQ(parse_server("http://db1:7481/"), (HostPort{"db1", 7481}));
  EXPECT_EQ(parse_server("[::1]:7481"), (HostPort{"::1", 7481}));
  EXPECT_FALSE(parse_server("").has_value());
  EXPECT_FALSE(parse_server("db1:many").has_value());
  EXPECT_FALSE(parse_server("db1:0").has_value());
}

TEST(HttpClient, EscapesWhatAPathCannotHold) {
  EXPECT_EQ(percent_encoded("a-b_c.d~e"), "a-b_c.d~e");
  EXPECT_EQ(percent_encoded("a b/c=\xC3\xA9"), "a%20b%2Fc%3D%C3%A9");
}

}  // namespace
}  // namespace rollcall::http
