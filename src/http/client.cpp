// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
using Parser = beast::http::response_parser<beast::http::string_body>;

ClientError error_of(ErrorCode code) {
  if (code == beast::error::timeout || code == asio::error::timed_out) {
    return {.code = ClientErrorCode::timeout, .message = "no answer in time"};
  }
  if (code == asio::error::connection_refused || code == asio::error::host_unreachable ||
      code == asio::error::network_unreachable || code == asio::error::access_denied) {
    return {.code = ClientErrorCode::refused, .message = code.message()};
  }
  if (code == beast::http::error::end_of_stream || code == beast::http::error::partial_message ||
      code == asio::error::eof || code == asio::error::connection_reset ||
      code == asio::error::broken_pipe) {
    return {.code = ClientErrorCode::broken, .message = "connection closed before the answer"};
  }
  if (code.category() == beast::http::make_error_code(beast::http::error::bad_value).category()) {
    return {.code = ClientErrorCode::not_http, .message = "no HTTP answer: " + code.message()};
  }
  return {.code = ClientErrorCode::broken, .message = code.message()};
}

beast::http::request<beast::http::string_body> message_of(const HostPort& server,
                                                          const ClientRequest& request) {
  beast::http::request<beast::http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(beast::http::field::host, to_text(server));
  message.set(beast::http::field::user_agent, "rollcall");
  message.set(beast::http::field::connection, "close");
  if (!request.token.empty()) {
    message.set(beast::http::field::authorization, "Bearer " + request.token);
  }
  if (!request.if_match.empty()) message.set(beast::http::field::if_match, request.if_match);
  if (!request.body.empty()) {
    message.set(beast::http::field::content_type, "application/json");
    message.body() = request.body;
  }
  message.prepare_payload();
  return message;
}

/// One connection for one question. Each step runs the context until its own handler was
/// called, so that every step has a deadline and the caller sees plain blocking calls.
class ClientConnection {
 public:
  ErrorCode open(const HostPort& server, Clock::time_point deadline) {
    ErrorCode code;
    const auto endpoints = resolve(server, deadline, code);
    if (code) return code;
    stream_.expires_at(deadline);
    stream_.async_connect(
        endpoints, [&code](ErrorCode result, const asio::ip::tcp::endpoint&) { code = result; });
    run();
    return code;
  }

  ErrorCode send(const beast::http::request<beast::http::string_body>& message) {
    ErrorCode code;
    beast::http::async_write(stream_, message,
                             [&code](ErrorCode result, std::size_t) { code = result; });
    run();
    return code;
  }

  ErrorCode read(Parser& parser) {
    ErrorCode code;
    beast::http::async_read(stream_, buffer_, parser,
                            [&code](ErrorCode result, std::size_t) { code = result; });
    run();
    return code;
  }

  ErrorCode read_head(Parser& parser) {
    ErrorCode code;
    beast::http::async_read_header(stream_, buffer_, parser,
                                   [&code](ErrorCode result, std::size_t) { code = result; });
    run();
    return code;
  }

  ErrorCode read_some(Parser& parser, std::chrono::milliseconds silence) {
    ErrorCode code;
    stream_.expires_after(silence);
    beast::http::async_read_some(stream_, buffer_, parser,
                                 [&code](ErrorCode result, std::size_t) { code = result; });
    run();
    return code;
  }

 private:
  using Endpoints = asio::ip::tcp::resolver::results_type;

  Endpoints resolve(const HostPort& server, Clock::time_point deadline, ErrorCode& code) {
    const auto numeric = asio::ip::make_address(server.host, code);
    if (!code) {
      const asio::ip::tcp::endpoint endpoint(numeric, server.port);
      return Endpoints::create(endpoint, server.host, std::to_string(server.port));
    }
    Endpoints endpoints;
    code = beast::error::timeout;
    resolver_.async_resolve(server.host, std::to_string(server.port),
                            [&code, &endpoints](ErrorCode result, const Endpoints& found) {
                              code = result;
                              endpoints = found;
                            });
    io_.restart();
    io_.run_until(deadline);
    return endpoints;
  }

  void run() {
    io_.restart();
    io_.run();
  }

  asio::io_context io_{1};
  asio::ip::tcp::resolver resolver_{io_};
  beast::tcp_stream stream_{io_};
  beast::flat_buffer buffer_;
};

bool is_lookup_error(ErrorCode code) {
  return code == asio::error::host_not_found || code == asio::error::host_not_found_try_again ||
         code == asio::error::no_data || code == asio::error::no_recovery;
}

/// Connects and sends; the answer is still to be read.
std::optional<ClientError> ask(ClientConnection& connection, const HostPort& server,
                               const ClientRequest& request, Clock::time_point deadline) {
  if (const ErrorCode code = connection.open(server, deadline)) {
    if (!is_lookup_error(code)) return error_of(code);
    return ClientError{.code = ClientErrorCode::no_such_host,
                       .message = "no address is known for host \"" + server.host + "\""};
  }
  if (const ErrorCode code = connection.send(message_of(server, request))) return error_of(code);
  return std::nullopt;
}

ClientResponse response_of(Parser& parser) {
  auto message = parser.release();
  return {.status = message.result_int(),
          .content_type = std::string(message[beast::http::field::content_type]),
          .body = std::move(message.body())};
}

bool is_event_stream(const Parser& parser) {
  return parser.get().result_int() == 200 &&
         parser.get()[beast::http::field::content_type].starts_with("text/event-stream");
}

ClientError no_stream(ClientConnection& connection, Parser& parser) {
  if (const ErrorCode code = connection.read(parser)) return error_of(code);
  ClientResponse response = response_of(parser);
  return {.code = ClientErrorCode::bad_status,
          .message = "no event stream, HTTP status " + std::to_string(response.status),
          .status = response.status,
          .body = std::move(response.body)};
}

/// Whether the end of the bytes is simply the end of the stream: a server that stops ends the
/// body or closes the connection, and a reader goes on from the last index in both cases.
bool is_plain_end(ErrorCode code) {
  return code == beast::http::error::end_of_stream || code == beast::http::error::partial_message ||
         code == asio::error::eof;
}

std::expected<StreamEnd, ClientError> read_stream(
    ClientConnection& connection, Parser& parser, std::chrono::milliseconds silence,
    const std::function<Flow(const StreamEvent&)>& on_event) {
  EventParser events;
  while (!parser.is_done()) {
    const ErrorCode code = connection.read_some(parser, silence);
    if (code && !is_plain_end(code)) return std::unexpected(error_of(code));
    events.feed(parser.get().body());
    parser.get().body().clear();
    while (const std::optional<StreamEvent> event = events.next()) {
      if (on_event(*event) == Flow::stop) return StreamEnd::stopped;
    }
    if (code) break;
  }
  return StreamEnd::closed;
}

}  // namespace

std::expected<HostPort, ClientError> parse_server(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::optional<HostPort> server = parse_host_port(rest, client_port_default);
  if (!server || server->port == 0) {
    return std::unexpected(
        ClientError{.code = ClientErrorCode::bad_address,
                    .message = "\"" + std::string(text) + "\" is not HOST:PORT"});
  }
  return *std::move(server);
}

std::expected<ClientResponse, ClientError> fetch(const HostPort& server,
                                                 const ClientRequest& request,
                                                 std::chrono::milliseconds timeout) {
  ClientConnection connection;
  if (auto error = ask(connection, server, request, Clock::now() + timeout)) {
    return std::unexpected(*std::move(error));
  }
  Parser parser;
  parser.body_limit(client_response_bytes_max);
  if (const ErrorCode code = connection.read(parser)) return std::unexpected(error_of(code));
  return response_of(parser);
}

std::expected<StreamEnd, ClientError> follow(const HostPort& server, const ClientRequest& request,
                                             const FollowTimeouts& timeouts,
                                             const StreamCallbacks& callbacks) {
  ClientConnection connection;
  if (auto error = ask(connection, server, request, Clock::now() + timeouts.open)) {
    return std::unexpected(*std::move(error));
  }
  Parser parser;
  parser.body_limit(boost::none);  // a stream has no end; what is kept of it is bounded
  if (const ErrorCode code = connection.read_head(parser)) return std::unexpected(error_of(code));
  if (!is_event_stream(parser)) return std::unexpected(no_stream(connection, parser));
  if (callbacks.opened) callbacks.opened();
  return read_stream(connection, parser, timeouts.silence, callbacks.event);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char symbol : text) {
    if (plain.find(symbol) != std::string_view::npos) {
      encoded += symbol;
      continue;
    }
    const auto byte = static_cast<unsigned char>(symbol);
    encoded += '%';
    encoded += digits[byte >> 4U];
    encoded += digits[byte & 0xFU];
  }
  return encoded;
}

}  // namespace rollcall::http
