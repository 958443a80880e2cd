// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Whatever a client sends, the handler is given only well-formed requests within the limits,
/// each request gets one answer, and the connection ends when the client does. The first byte says
/// into pieces of which size the rest is cut, and 0 that it is sent at once.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/connection.hpp"
#include "http/guard.hpp"
#include "http/target.hpp"

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
using LocalSocket = asio::local::stream_protocol::socket;

/// Small, so that small inputs reach them.
const Limits small_limits{.header_bytes_max = 512, .body_bytes_max = 64};

/// The server's side: answers every request with its method and path.
class Host final : public ConnectionHost {
 public:
  explicit Host(Connection::Socket socket)
      : connection_(std::make_shared<Connection>(ConnectionId{1}, std::move(socket), *this)) {
    connection_->start();
  }

  void on_request(ConnectionId id, Request&& request) override {
    check(request);
    ROLLCALL_CHECK(id == ConnectionId{1} && connection_ != nullptr);
    is_head_.push_back(request.method == "HEAD");
    connection_->deliver(json_response(200, request.method + request.raw_path));
  }
  void on_closed(const Connection& connection) override {
    ROLLCALL_CHECK(&connection == connection_.get());
    connection_.reset();
  }
  [[nodiscard]] const Limits& limits() const override { return small_limits; }

  [[nodiscard]] bool is_closed() const { return connection_ == nullptr; }
  /// Of each request that came, whether its answer has no body.
  [[nodiscard]] const std::vector<bool>& is_head() const { return is_head_; }

 private:
  static void check(const Request& request) {
    ROLLCALL_CHECK(!request.method.empty());
    ROLLCALL_CHECK(request.raw_path.starts_with('/'));
    ROLLCALL_CHECK(std::ranges::none_of(request.raw_path, [](char c) {
      return c == ' ' || c == '\x7f' || (c >= '\0' && c < ' ');
    }));
    ROLLCALL_CHECK(percent_decode(request.raw_path, Plus::literal).has_value() ||
                   request.raw_path.contains('%'));
    ROLLCALL_CHECK(request.body.size() <= small_limits.body_bytes_max);
    std::size_t header_bytes = 0;
    std::size_t hosts = 0;
    for (const auto& [name, value] : request.headers) {
      ROLLCALL_CHECK(!name.empty());
      ROLLCALL_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
      header_bytes += name.size() + value.size();
      if (equals_ignoring_case(name, "Host")) ++hosts;
    }
    ROLLCALL_CHECK(header_bytes <= small_limits.header_bytes_max);
    ROLLCALL_CHECK(hosts <= 1);
    for (const std::string_view bound : {"127.0.0.1:7480", "0.0.0.0:7480"}) {
      const auto objection = Guard(bound).objection(request, Access::changes);
      ROLLCALL_CHECK(!objection || objection->status == 403);
    }
  }

  std::shared_ptr<Connection> connection_;
  std::vector<bool> is_head_;
};

/// The client's side of one connection, all on this thread.
class Client {
 public:
  /// Sends, and reads what has been answered.
  void send(std::string_view text) {
    boost::system::error_code error;
    near_.write_some(asio::buffer(text), error);
    settle();
  }
  void send_end() {
    boost::system::error_code error;
    static_cast<void>(near_.shutdown(LocalSocket::shutdown_send, error));
    settle();
  }
  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] std::string_view answers() const { return answers_; }

 private:
  static std::array<LocalSocket, 2> pair(asio::io_context& io) {
    std::array<LocalSocket, 2> ends{LocalSocket(io), LocalSocket(io)};
    asio::local::connect_pair(ends[0], ends[1]);
    ends[0].non_blocking(true);
    return ends;
  }
  static Connection::Socket as_tcp(asio::io_context& io, LocalSocket socket) {
    return {io, asio::ip::tcp::v4(), socket.release()};
  }

  void settle() {
    io_.restart();
    while (io_.poll() > 0) read();
    read();
  }
  void read() {
    std::array<char, 4096> bytes{};
    boost::system::error_code error;
    while (const std::size_t size = near_.read_some(asio::buffer(bytes), error)) {
      answers_.append(bytes.data(), size);
    }
  }

  asio::io_context io_{1};
  std::array<LocalSocket, 2> ends_ = pair(io_);
  LocalSocket near_ = std::move(ends_[0]);
  Host host_{as_tcp(io_, std::move(ends_[1]))};
  std::string answers_;
};

/// Takes one answer off the text and gives its status.
unsigned take_answer(std::string_view& text, bool is_head) {
  constexpr std::string_view start = "HTTP/1.1 ";
  constexpr std::string_view length_name = "\r\nContent-Length: ";
  ROLLCALL_CHECK(text.starts_with(start));
  unsigned status = 0;
  std::from_chars(text.data() + start.size(), text.data() + text.size(), status);
  const std::size_t head_end = text.find("\r\n\r\n");
  ROLLCALL_CHECK(head_end != std::string_view::npos);
  const std::string_view head = text.substr(0, head_end);
  text.remove_prefix(head_end + 4);
  if (status == 100) return status;
  const std::size_t length_at = head.find(length_name);
  ROLLCALL_CHECK(length_at != std::string_view::npos);
  std::size_t length = 0;
  std::from_chars(head.data() + length_at + length_name.size(), head.data() + head.size(), length);
  // Of a refusal it is not known here whether it answers a HEAD.
  if (is_head || (status >= 400 && text.empty())) return status;
  ROLLCALL_CHECK(length <= text.size());
  text.remove_prefix(length);
  return status;
}

/// One answer to each request, in order, and at the most one refusal, which is the last.
void check_answers(std::string_view text, const std::vector<bool>& is_head) {
  std::size_t answered = 0;
  bool is_refused = false;
  while (!text.empty()) {
    ROLLCALL_CHECK(!is_refused);
    const bool is_bare = answered < is_head.size() && is_head[answered];
    const unsigned status = take_answer(text, is_bare);
    if (status == 200) ++answered;
    is_refused = status >= 400;
    ROLLCALL_CHECK(status == 100 || status == 200 || is_refused);
  }
  ROLLCALL_CHECK(answered == is_head.size());
}

void fuzz(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  std::string_view text = as_text(std::as_bytes(input.subspan(1)));
  const std::size_t piece_size = input.front() == 0 ? text.size() : input.front();
  Client client;
  while (!text.empty() && !client.host().is_closed()) {
    const std::string_view piece = text.substr(0, piece_size);
    client.send(piece);
    text.remove_prefix(piece.size());
  }
  client.send_end();
  ROLLCALL_CHECK(client.host().is_closed());
  check_answers(client.answers(), client.host().is_head());
}

}  // namespace
}  // namespace rollcall::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::http::fuzz(std::span(data, size));
  return 0;
}
