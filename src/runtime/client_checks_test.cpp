// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_checks.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A client that answers each request with the same words; with none, it only takes connections.
class TestServer {
 public:
  TestServer(asio::io_context& io, std::string answer)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answer_(std::move(answer)) {
    accept();
  }

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  void close() { acceptor_.close(); }

  std::vector<std::string> requests;
  std::size_t connections = 0;

 private:
  struct Session {
    explicit Session(tcp::socket taken) : socket(std::move(taken)) {}
    tcp::socket socket;
    asio::streambuf heard;
  };

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error) return;
      ++connections;
      serve(std::make_shared<Session>(std::move(socket)));
      accept();
    });
  }
  void serve(const std::shared_ptr<Session>& session) {
    kept_.push_back(session);
    asio::async_read_until(session->socket, session->heard, "\r\n\r\n",
                           [this, session](const error_code& error, std::size_t size) {
                             if (error) return;
                             const auto* text =
                                 static_cast<const char*>(session->heard.data().data());
                             requests.emplace_back(text, size);
                             if (answer_.empty()) return;
                             asio::async_write(session->socket, asio::buffer(answer_),
                                               [session](const error_code&, std::size_t) {
                                                 error_code ignored;
                                                 session->socket.close(ignored);
                                               });
                           });
  }

  tcp::acceptor acceptor_;
  std::string answer_;
  std::vector<std::shared_ptr<Session>> kept_;
};

class ClientChecksTest : public testing::Test, private ClientChecksHost {
 protected:
  ~ClientChecksTest() override { resolver_.stop(); }

  static registry::LeaseName lease(const std::string& id) {
    return {.group = "workers", .id = id, .granted = 1};
  }
  static registry::Check check(registry::CheckKind kind, const std::string& target,
                               std::uint16_t misses = 2) {
    return {.kind = kind, .target = target, .interval = 20ms, .timeout = 20ms, .misses = misses};
  }
  void begin(const std::string& id, const registry::Check& what) { checks_.begin(lease(id), what); }
  [[nodiscard]] testing::AssertionResult comes_to_fail(std::size_t times = 1) {
    return run_until(io_, [this, times] { return failed_.size() >= times; });
  }

  asio::io_context io_;
  std::vector<std::string> failed_;
  Resolver resolver_{io_, [](const HostPort&) -> Resolved {
                       return std::unexpected(core::ResolveError::not_found);
                     }};
  ClientChecks checks_{io_, resolver_, 1, *this};

 private:
  void on_check_failed(const registry::LeaseName& failed) override { failed_.push_back(failed.id); }
};

using registry::CheckKind;

TEST_F(ClientChecksTest, AClientThatTakesConnectionsIsWell) {
  TestServer server(io_, "");
  begin("w", check(CheckKind::tcp, server.address()));

  EXPECT_TRUE(run_until(io_, [&] { return server.connections >= 5; }));

  EXPECT_TRUE(failed_.empty());
}

TEST_F(ClientChecksTest, AClientThatIsGoneFailsAfterSoManyMisses) {
  begin("w", check(CheckKind::tcp, to_text(deserted_address()), 3));

  EXPECT_TRUE(comes_to_fail(2)) << "and again at each further miss";

  EXPECT_EQ(failed_, (std::vector<std::string>{"w", "w"}));
}

TEST_F(ClientChecksTest, AsksByHttpForThePathOfTheTarget) {
  TestServer server(io_, "HTTP/1.1 204 No Content\r\n\r\n");
  begin("w", check(CheckKind::http, "http://" + server.address() + "/health?deep=1"));

  EXPECT_TRUE(run_until(io_, [&] { return server.requests.size() >= 3; }));

  EXPECT_TRUE(failed_.empty());
  EXPECT_TRUE(server.requests.front().starts_with(
      "GET /health?deep=1 HTTP/1.1\r\nHost: " + server.address() + "\r\n"))
      << server.requests.front();
}

TEST_F(ClientChecksTest, AStatusThatIsNoSuccessIsAMiss) {
  TestServer server(io_, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  begin("w", check(CheckKind::http, "http://" + server.address() + "/"));

  EXPECT_TRUE(comes_to_fail());
}

TEST_F(ClientChecksTest, AnAnswerThatIsNoHttpIsAMiss) {
  TestServer server(io_, "hello\r\n\r\n");
  begin("w", check(CheckKind::http, "http://" + server.address() + "/"));

  EXPECT_TRUE(comes_to_fail());
}

TEST_F(ClientChecksTest, SilenceIsAMiss) {
  TestServer server(io_, "");
  begin("w", check(CheckKind::http, "http://" + server.address() + "/"));

  EXPECT_TRUE(comes_to_fail());
  EXPECT_GE(server.connections, 2U);
}

TEST_F(ClientChecksTest, ANameThatNobodyHasIsAMiss) {
  begin("w", check(CheckKind::tcp, "nowhere.invalid:80"));

  EXPECT_TRUE(comes_to_fail());
}

TEST_F(ClientChecksTest, NobodyIsAskedAfterTheEnd) {
  TestServer server(io_, "");
  begin("ends", check(CheckKind::tcp, to_text(deserted_address()), 1));
  begin("stays", check(CheckKind::tcp, server.address()));

  checks_.end(lease("ends"));
  EXPECT_TRUE(run_until(io_, [&] { return server.connections >= 5; }));

  EXPECT_TRUE(failed_.empty());
  EXPECT_EQ(checks_.size(), 1U);
}

TEST_F(ClientChecksTest, AsksNoMoreThanSoManyAtOnceAndAllInTheEnd) {
  TestServer silent(io_, "");
  constexpr std::size_t clients = ClientChecks::probes_max + 100;
  for (std::size_t i = 0; i < clients; ++i) {
    begin("w" + std::to_string(i), check(CheckKind::http, "http://" + silent.address() + "/", 100));
  }

  std::size_t most = 0;
  EXPECT_TRUE(run_until(io_, [&] {
    most = std::max(most, checks_.probes());
    return silent.connections >= 2 * clients;
  }));

  EXPECT_LE(most, ClientChecks::probes_max);
}

TEST_F(ClientChecksTest, WhoWaitsIsAskedWhenThoseUnderWayAreEnded) {
  TestServer silent(io_, "");
  const auto name = [](std::size_t i) { return "w" + std::to_string(i); };
  registry::Check patient = check(CheckKind::http, "http://" + silent.address() + "/");
  patient.timeout = 1h;
  for (std::size_t i = 0; i < ClientChecks::probes_max; ++i) begin(name(i), patient);
  ASSERT_TRUE(run_until(io_, [&] { return silent.connections == ClientChecks::probes_max; }));
  TestServer waits(io_, "");
  begin("waits", check(CheckKind::tcp, waits.address()));

  for (std::size_t i = 0; i < ClientChecks::probes_max; ++i) checks_.end(lease(name(i)));

  EXPECT_TRUE(run_until(io_, [&] { return waits.connections > 0; }));
}

TEST(ClientTargetTest, ReadsWhereAndHow) {
  const auto url = [](const std::string& text) {
    return parse_target({.kind = CheckKind::http, .target = text});
  };

  EXPECT_EQ(url("http://web/"),
            (ClientTarget{.host_port = {"web", 80}, .host = "web", .path = "/"}));
  EXPECT_EQ(url("http://[::1]:81?x"),
            (ClientTarget{.host_port = {"::1", 81}, .host = "[::1]:81", .path = "/?x"}));
  for (const char* wrong : {"", "web:80", "https://web/", "http://", "http://web:0/",
                            "http://0.0.0.0/", "http://web/a b", "http://web/\r\nX: y"}) {
    EXPECT_FALSE(url(wrong)) << wrong;
  }
  EXPECT_TRUE(parse_target({.kind = CheckKind::tcp, .target = "web:80"}));
  EXPECT_FALSE(parse_target({.kind = CheckKind::tcp, .target = "web"}));
  EXPECT_FALSE(parse_target({.kind = CheckKind::none, .target = "web:80"}));
}

}  // namespace
}  // namespace rollcall::runtime
