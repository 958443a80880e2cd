// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "http/raw_socket_test.hpp"

namespace rollcall::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Says what it was asked; "later" is answered from another thread, "never" not at all.
class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    server_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  void start(const Limits& limits = {}) {
    auto bound = Server::bind("127.0.0.1:0", limits);
    ASSERT_TRUE(bound.has_value()) << bound.error().message;
    server_ = std::move(*bound);
    server_->start([this](Request&& request, const Responder& responder) {
      handle(std::move(request), responder);
    });
  }

  void handle(Request&& request, const Responder& responder) {
    if (request.raw_path == "/throws") throw std::runtime_error("a mistake");
    if (request.raw_path == "/never") return;
    if (request.raw_path == "/keep") return keep(responder);
    if (request.raw_path == "/events") return responder.stream(make_source_());
    if (request.raw_path == "/later") {
      threads_.emplace_back([responder] { responder.respond(json_response(200, "later")); });
      return;
    }
    responder.respond(
        json_response(200, request.method + " " + request.raw_path + " " + request.body));
  }

  void keep(const Responder& responder) {
    const std::lock_guard lock(mutex_);
    kept_.push_back(responder);
    kept_changed_.notify_all();
  }
  Responder take_kept() {
    std::unique_lock lock(mutex_);
    kept_changed_.wait(lock, [this] { return !kept_.empty(); });
    Responder responder = std::move(kept_.front());
    kept_.pop_front();
    return responder;
  }

  RawSocket connect() { return RawSocket(server_->address()); }
  /// Sends it and gives everything that comes until the server closes.
  std::string exchange(const std::string& bytes) {
    RawSocket socket = connect();
    socket.send(bytes);
    return socket.read_to_end();
  }

  std::function<std::unique_ptr<StreamSource>()> make_source_;
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable kept_changed_;
  std::deque<Responder> kept_;
};

TEST_F(ServerTest, AnswersARequest) {
  start();

  const std::string answer = exchange(
      "POST /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody");

  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\nContent-Length: 16\r\n\r\nPOST /hello body"));
}

TEST_F(ServerTest, GivesTheHandlerTheDecodedQueryTheHeadersAndThePeer) {
  auto bound = Server::bind("127.0.0.1:0", {});
  ASSERT_TRUE(bound.has_value());
  Request seen;
  (*bound)->start([&seen](Request&& request, const Responder& responder) {
    seen = std::move(request);
    responder.respond(json_response(200, ""));
  });

  RawSocket socket((*bound)->address());
  socket.send(
      "GET http://a/x%2Fy?tag=k%3Dv&tag=b+c&flag HTTP/1.1\r\nHost: a\r\nX-Y: 1\r\n"
      "Connection: close\r\n\r\n");
  socket.read_to_end();
  (*bound)->stop(0ms);

  EXPECT_EQ(seen.raw_path, "/x%2Fy");
  EXPECT_EQ(seen.query, (Pairs{{"tag", "k=v"}, {"tag", "b c"}, {"flag", ""}}));
  EXPECT_EQ(seen.header("x-y"), "1");
  EXPECT_THAT(seen.remote, testing::StartsWith("127.0.0.1:"));
}

TEST_F(ServerTest, KeepsAConnectionForTheNextRequest) {
  start();
  RawSocket socket = connect();

  socket.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(socket.read_answer().body, "GET /1 ");
  socket.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(socket.read_answer().body, "GET /2 ");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  start();
  RawSocket socket = connect();

  socket.send(
      "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
      "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  take_kept().respond(json_response(200, "1"));

  EXPECT_EQ(socket.read_answer().body, "1");
  EXPECT_EQ(socket.read_answer().body, "POST /2 x");
  EXPECT_EQ(socket.read_answer().body, "later");
  EXPECT_EQ(socket.read_answer().body, "GET /4 ");
  EXPECT_TRUE(socket.is_at_end());
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  start();

  const std::string answer = exchange("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(answer, testing::EndsWith("Content-Length: 8\r\n\r\n"));
}

TEST_F(ServerTest, RefusesHeadWithoutABody) {
  start();

  const std::string answer = exchange("HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, SaysWhyItRefusesWhatFollowsAHead) {
  start();

  const std::string answers = exchange(
      "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"
      "no request at all\r\n\r\n");

  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 505 "));
  EXPECT_THAT(answers, HasSubstr("\"unsupported-http-version\""));
}

TEST_F(ServerTest, SpeaksHttp10) {
  start();

  const std::string answer = exchange("GET /x HTTP/1.0\r\n\r\n");

  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("GET /x "));
}

TEST_F(ServerTest, ReadsAChunkedBody) {
  start();
  RawSocket socket = connect();

  socket.send(
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");

  EXPECT_EQ(socket.read_answer().body, "POST /x abcde");
}

TEST_F(ServerTest, TellsAWaitingClientToSendItsBody) {
  start();
  RawSocket socket = connect();

  socket.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_line(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(socket.read_line(), "");
  socket.send("abc");

  EXPECT_EQ(socket.read_answer().body, "POST /x abc");
}

TEST_F(ServerTest, SaysSoWhenAHandlerThrowsOrForgets) {
  start();
  RawSocket socket = connect();

  socket.send("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(socket.read_answer().status, 500);
  socket.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
  const Answer answer = socket.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr(R"({"error":{"code":"internal-error","message":")"));
}

struct BadCase {
  std::string name;
  std::string request;
  int status = 0;
  std::string code;
};

class BadRequestTest : public ServerTest, public testing::WithParamInterface<BadCase> {};

TEST_P(BadRequestTest, IsAnsweredWithAReasonAndEndsOnlyItsConnection) {
  start();
  RawSocket other = connect();

  RawSocket socket = connect();
  socket.send(GetParam().request);
  const Answer answer = socket.read_answer();

  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_THAT(answer.body, HasSubstr("{\"error\":{\"code\":\"" + GetParam().code + "\""));
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(socket.is_at_end());
  other.send("GET /still-here HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(other.read_answer().status, 200);
}

std::vector<BadCase> bad_cases() {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  return {
      {"Garbage", "\x16\x03\x01\x02 hello\r\n\r\n", 400, "malformed-request"},
      {"NoVersion", "GET /\r\n\r\n", 400, "malformed-request"},
      {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-http-version"},
      {"BareLineEnds", "GET / HTTP/1.1\nHost: a\n\n", 400, "malformed-request"},
      {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400, "malformed-request"},
      {"TwoHosts", get + "Host: b\r\n\r\n", 400, "malformed-request"},
      {"BadField", get + "no colon here\r\n\r\n", 400, "malformed-request"},
      {"BadEscape", "GET /%zz?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"},
      {"NotATarget", "GET here HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"},
      {"LongHeader", get + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431, "header-too-large"},
      {"BodyAnnouncedTooLarge", get + "Content-Length: 65537\r\n\r\n", 413, "body-too-large"},
      {"BodySentTooLarge", get + "Content-Length: 200000\r\n\r\n" + std::string(200'000, 'x'), 413,
       "body-too-large"},
      {"ChunksTooLarge",
       get + "Transfer-Encoding: chunked\r\n\r\n11000\r\n" + std::string(0x11000, 'x') + "\r\n",
       413, "body-too-large"},
      {"NegativeLength", get + "Content-Length: -1\r\n\r\n", 400, "malformed-request"},
      {"TwoLengths", get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
       "malformed-request"},
      {"LengthAndChunks", get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400, "malformed-request"},
      {"UnknownEncoding", get + "Transfer-Encoding: gzip\r\n\r\n", 501,
       "unsupported-transfer-encoding"},
      {"BadChunk", get + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "malformed-request"},
      {"OtherExpectation", get + "Expect: the-unexpected\r\nContent-Length: 1\r\n\r\n", 417,
       "expectation-failed"},
  };
}

INSTANTIATE_TEST_SUITE_P(Kinds, BadRequestTest, testing::ValuesIn(bad_cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(ServerTest, RefusesARequestThatEndsInTheMiddle) {
  start();
  RawSocket socket = connect();

  socket.send("GET / HTTP/1.1\r\nHos");
  socket.finish_sending();

  EXPECT_EQ(socket.read_answer().status, 400);
}

TEST_F(ServerTest, TakesABodyOfExactlyTheLimit) {
  start({.body_bytes_max = 1000});
  RawSocket socket = connect();

  socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
              std::string(1000, 'x'));

  EXPECT_EQ(socket.read_answer().body.size(), 1000U + std::string("POST / ").size());
}

TEST_F(ServerTest, EndsARequestThatDripsIn) {
  start({.request_read_max = 200ms});
  RawSocket socket = connect();
  const auto begin = std::chrono::steady_clock::now();

  socket.send("GET / HTTP/1.1\r\nHost: a\r\n");
  while (!socket.wait_readable(20ms)) socket.send("X: y\r\n");

  EXPECT_EQ(socket.read_answer().status, 408);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  EXPECT_TRUE(socket.is_at_end());
}

TEST_F(ServerTest, ClosesAConnectionThatStaysIdle) {
  start({.idle_max = 100ms});
  RawSocket silent = connect();
  RawSocket used = connect();
  used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(used.read_answer().status, 200);

  EXPECT_TRUE(silent.is_at_end());
  EXPECT_TRUE(used.is_at_end());
}

TEST_F(ServerTest, TellsConnectionsAboveTheLimit) {
  start({.connections_max = 2});
  RawSocket first = connect();
  RawSocket second = connect();
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.read_answer().status, 200);
  second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(second.read_answer().status, 200);

  RawSocket third = connect();
  const Answer answer = third.read_answer();

  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("too-many-connections"));
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.read_answer().status, 200);
}

TEST_F(ServerTest, TellsEveryConnectionAboveTheLimit) {
  start({.connections_max = 1});
  RawSocket first = connect();
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.read_answer().status, 200);

  std::vector<RawSocket> refused;
  for (int i = 0; i < 400; ++i) {
    refused.push_back(connect());
    ASSERT_EQ(refused.back().read_answer().status, 503) << i;
  }
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.read_answer().status, 200);
}

TEST_F(ServerTest, LetsSilentConnectionsMakeRoomTheOldestFirst) {
  start({.connections_max = 3});
  RawSocket busy = connect();
  busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(busy.read_answer().status, 200);
  RawSocket oldest = connect();
  RawSocket younger = connect();

  RawSocket asking = connect();
  asking.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_EQ(asking.read_answer().status, 200);
  EXPECT_TRUE(oldest.is_at_end());
  younger.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(younger.read_answer().status, 200);
  busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(busy.read_answer().status, 200);
}

TEST_F(ServerTest, ClosesAReaderThatDoesNotTakeItsAnswer) {
  Limits limits{.response_write_max = 200ms};
  limits.send_buffer_bytes = 4096;
  auto bound = Server::bind("127.0.0.1:0", limits);
  ASSERT_TRUE(bound.has_value());
  (*bound)->start([](Request&&, const Responder& responder) {
    responder.respond(json_response(200, std::string(16U << 20U, 'x')));
  });
  RawSocket socket((*bound)->address());

  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_TRUE(socket.wait_hung_up(10s));
  EXPECT_LT(socket.read_to_end().size(), 16U << 20U);
}

TEST_F(ServerTest, DropsAnAnswerForAClientThatHasGone) {
  start();
  RawSocket socket = connect();
  socket.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  const Responder late = take_kept();
  socket.close();

  late.respond(json_response(200, std::string(1000, 'x')));

  EXPECT_THAT(exchange("GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              HasSubstr("200 OK"));
}

TEST_F(ServerTest, DropsAnAnswerThatComesAfterItsEnd) {
  start();
  RawSocket socket = connect();
  socket.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  const Responder late = take_kept();

  server_.reset();
  std::thread([&late] { late.respond(json_response(200, "too late")); }).join();

  EXPECT_TRUE(socket.is_at_end());
}

TEST_F(ServerTest, FinishesAnAnswerUnderWayWhenItStops) {
  start();
  RawSocket idle = connect();
  RawSocket waiting = connect();
  waiting.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  const Responder late = take_kept();
  std::thread stopper([this] { server_->stop(10s); });
  EXPECT_TRUE(idle.is_at_end());

  late.respond(json_response(200, "done"));

  EXPECT_EQ(waiting.read_answer().body, "done");
  waiting.close();
  stopper.join();
}

TEST_F(ServerTest, RefusesAnAddressInUseAndOneThatIsNone) {
  start();

  const auto taken = Server::bind(server_->address(), {});
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().kind, BindError::Kind::in_use);
  EXPECT_THAT(taken.error().message, HasSubstr("another process listens there"));

  EXPECT_EQ(Server::bind("127.0.0.1", {}).error().kind, BindError::Kind::bad_address);
  EXPECT_EQ(Server::bind("203.0.113.7:80", {}).error().kind, BindError::Kind::cannot_bind);
}

// --- Streams ------------------------------------------------------------------------------------

/// Frames that a test hands out; a reader that leaves more than `behind_max` untaken is cut off.
class Tape {
 public:
  explicit Tape(std::size_t behind_max = 1'000'000) : behind_max_(behind_max) {}

  void add(std::size_t frames) {
    const std::lock_guard lock(mutex_);
    end_ += frames;
  }
  StreamState fill(std::size_t& at, std::string& out, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (end_ - at > behind_max_) {
      append_closed(out, "too-slow", "fell behind");
      return StreamState::ended;
    }
    while (at < end_ && out.size() < bytes) {
      const std::string id = std::to_string(++at);
      append_frame(out, {.event = "tick", .id = id, .data = std::string(200, 'x')});
    }
    furthest_ = std::max(furthest_, at);
    return at < end_ ? StreamState::more : StreamState::waiting;
  }
  /// How far behind the quickest reader is.
  std::size_t behind() {
    const std::lock_guard lock(mutex_);
    return end_ - furthest_;
  }

 private:
  std::mutex mutex_;
  std::size_t end_ = 0;
  std::size_t furthest_ = 0;
  std::size_t behind_max_;
};

class TapeSource final : public StreamSource {
 public:
  TapeSource(Tape& tape, std::atomic<int>& alive) : tape_(tape), alive_(alive) { ++alive_; }
  ~TapeSource() override { --alive_; }
  StreamState fill(std::string& out, std::size_t bytes) override {
    return tape_.fill(at_, out, bytes);
  }

 private:
  Tape& tape_;
  std::atomic<int>& alive_;
  std::size_t at_ = 0;
};

class StreamTest : public ServerTest {
 protected:
  ~StreamTest() override { server_.reset(); }
  void start_streams(Limits limits, std::size_t behind_max = 1'000'000) {
    tape_ = std::make_unique<Tape>(behind_max);
    make_source_ = [this] { return std::make_unique<TapeSource>(*tape_, alive_); };
    limits.send_buffer_bytes = 4096;
    start(limits);
  }
  RawSocket open_stream(const std::string& version = "1.1") {
    RawSocket socket = connect();
    socket.send("GET /events HTTP/" + version + "\r\nHost: a\r\n\r\n");
    return socket;
  }
  void add(std::size_t frames) {
    tape_->add(frames);
    server_->wake_streams();
  }

  std::unique_ptr<Tape> tape_;
  std::atomic<int> alive_ = 0;
};

TEST_F(StreamTest, SendsFramesAsTheyCome) {
  start_streams({});
  RawSocket socket = open_stream();
  EXPECT_THAT(socket.read_head(), HasSubstr("Content-Type: text/event-stream"));

  add(1);
  EXPECT_THAT(socket.read_chunk(), testing::StartsWith("event: tick\nid: 1\ndata: xx"));
  add(2);
  EXPECT_THAT(socket.read_chunk(), HasSubstr("id: 3\n"));
}

TEST_F(StreamTest, SendsAHeartbeatWhenSilent) {
  start_streams({.heartbeat_interval = 100ms});
  RawSocket socket = open_stream();
  socket.read_head();

  EXPECT_EQ(socket.read_chunk(), ": heartbeat\n\n");
  EXPECT_EQ(socket.read_chunk(), ": heartbeat\n\n");
}

TEST_F(StreamTest, CutsOffAReaderThatFallsBehindAndSaysWhy) {
  start_streams({}, 5000);
  RawSocket slow = open_stream();
  slow.shrink_receive_buffer();
  RawSocket quick = open_stream();
  slow.read_head();
  quick.read_head();
  std::string last;
  std::thread reader([&] {
    // Its last frame, or the end, if it was cut off as well.
    do {
      last = quick.read_chunk();
    } while (!last.empty() && !last.contains("id: 20000\n"));
  });

  for (int frame = 0; frame < 20'000; frame += 100) {
    add(100);
    // As quick as the quick reader can, or it would be a slow one.
    ASSERT_TRUE(eventually([this] { return tape_->behind() < 2500; }));
  }
  reader.join();
  const std::string slow_text = slow.read_to_end();

  EXPECT_THAT(slow_text, HasSubstr("event: closed\ndata: {\"reason\":\"too-slow\""));
  EXPECT_THAT(slow_text, testing::EndsWith("\r\n0\r\n\r\n"));
  EXPECT_THAT(slow_text, testing::Not(HasSubstr("id: 20000\n")));
}

TEST_F(StreamTest, ClosesAReaderThatTakesNothing) {
  start_streams({.stream_stall_max = 200ms});
  RawSocket socket = open_stream();
  socket.shrink_receive_buffer();
  socket.read_head();

  add(100'000);

  EXPECT_TRUE(socket.wait_hung_up(10s));
  RawSocket other = connect();
  other.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(other.read_answer().status, 200);
}

TEST_F(StreamTest, NoticesThatAReaderHasGone) {
  start_streams({});
  {
    RawSocket socket = open_stream();
    socket.read_head();
    EXPECT_EQ(alive_, 1);
  }

  EXPECT_TRUE(eventually([this] { return alive_ == 0; }));
}

TEST_F(StreamTest, SaysGoodbyeWhenTheServerStops) {
  start_streams({});
  RawSocket socket = open_stream();
  socket.read_head();

  std::thread stopper([this] { server_->stop(10s); });

  EXPECT_THAT(socket.read_chunk(),
              HasSubstr("event: closed\ndata: {\"reason\":\"server-stopping\""));
  EXPECT_EQ(socket.read_chunk(), "");
  socket.close();
  stopper.join();
}

TEST_F(StreamTest, LimitsTheNumberOfStreams) {
  start_streams({.streams_max = 1});
  RawSocket first = open_stream();
  first.read_head();

  RawSocket second = open_stream();
  EXPECT_EQ(second.read_answer().status, 503);
  first.close();
  ASSERT_TRUE(eventually([this] { return alive_ == 0; }));

  RawSocket third = open_stream();
  EXPECT_THAT(third.read_head(), HasSubstr("200 OK"));
}

TEST_F(StreamTest, SendsPlainFramesToAnHttp10Reader) {
  start_streams({});
  RawSocket socket = open_stream("1.0");
  EXPECT_THAT(socket.read_head(), testing::Not(HasSubstr("chunked")));

  add(1);

  EXPECT_EQ(socket.read_line(), "event: tick");
}

}  // namespace
}  // namespace rollcall::http
