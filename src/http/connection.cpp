// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "http/date.hpp"
#include "http/refusals.hpp"
#include "http/target.hpp"

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

constexpr std::size_t read_bytes = 4096;
/// Thrown away after an answer that ends a connection, or sent by the reader of a stream.
constexpr std::size_t drained_bytes_max = std::size_t{1} << 20U;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

std::string remote_text(const Connection::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const std::string host = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// Whether the first line ends in a way that the parser takes for a part of the version.
bool has_bare_line_end(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != std::string_view::npos && (end == 0 || text[end - 1] != '\r');
}

void append_hex(std::string& out, std::size_t number) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  out.append(digits.data(), end);
}

}  // namespace

Connection::Connection(ConnectionId id, Socket socket, ConnectionHost& host)
    : id_(id),
      socket_(std::move(socket)),
      host_(host),
      remote_(remote_text(socket_)) {}

void Connection::start() {
  begin_request();
}

void Connection::enter(State state, SteadyTime deadline) {
  state_ = state;
  deadline_ = deadline;
}

// --- Reading ------------------------------------------------------------------------------------

void Connection::begin_request() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(host_.limits().header_bytes_max));
  parser_->body_limit(host_.limits().body_bytes_max);
  continue_sent_ = false;
  if (buffer_.size() == 0) {
    enter(State::idle, now() + host_.limits().idle_max);
    return read();
  }
  enter(State::reading, now() + host_.limits().request_read_max);
  parse();
}

void Connection::read() {
  socket_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void Connection::on_read(const ErrorCode& error, std::size_t bytes) {
  if (state_ != State::idle && state_ != State::reading) return;
  if (error == asio::error::eof && state_ == State::reading) {
    return refuse(malformed("the request ended before it was complete"));
  }
  if (error) return close();
  buffer_.commit(bytes);
  has_spoken_ = true;
  if (state_ == State::idle) enter(State::reading, now() + host_.limits().request_read_max);
  parse();
}

void Connection::parse() {
  ErrorCode error;
  const auto received = buffer_.data();
  const std::string_view text(static_cast<const char*>(received.data()), received.size());
  const std::size_t used = parser_->put(received, error);
  if (error && error != beast_http::error::need_more) {
    if (error == beast_http::error::bad_version && has_bare_line_end(text)) {
      return refuse(malformed("a line ends with LF alone; allowed: CR LF"));
    }
    return refuse(unreadable(error, host_.limits()));
  }
  buffer_.consume(used);
  if (parser_->is_done()) return dispatch();
  if (!send_continue()) read();
}

/// A client with a large body may wait for a word before it sends it. True when that word is
/// under way and reading goes on afterwards.
bool Connection::send_continue() {
  if (!parser_->is_header_done() || continue_sent_) return false;
  const auto expect = parser_->get().find(beast_http::field::expect);
  if (expect == parser_->get().end()) return false;
  continue_sent_ = true;
  if (!equals_ignoring_case(view(expect->value()), "100-continue")) {
    refuse({.status = 417,
            .code = "expectation-failed",
            .message = "the only expectation understood is 100-continue",
            .field = "Expect"});
    return true;
  }
  asio::async_write(socket_, asio::buffer(continue_line),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      if (self->state_ != State::reading) return;
                      if (error) return self->close();
                      self->read();
                    });
  return true;
}

/// What is wrong with a request that has the form of one.
std::optional<Problem> Connection::objection() const {
  const auto& message = parser_->get();
  const auto hosts = message.count(beast_http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    Problem problem = malformed("a request needs exactly one Host header");
    problem.field = "Host";
    return problem;
  }
  if (message.count(beast_http::field::transfer_encoding) > 0 && !parser_->chunked()) {
    return Problem{.status = 501,
                   .code = "unsupported-transfer-encoding",
                   .message = "the only transfer encoding understood is chunked",
                   .field = "Transfer-Encoding"};
  }
  return std::nullopt;
}

/// How the answer to the request in the parser has to be, be it a refusal.
void Connection::note_manner() {
  const auto& message = parser_->get();
  keep_alive_ = message.keep_alive() && !finishing_;
  is_head_ = message.method() == beast_http::verb::head;
  is_http_1_0_ = message.version() == 10;
}

void Connection::dispatch() {
  if (auto problem = objection()) return refuse(*problem);
  note_manner();
  auto message = parser_->release();
  auto target = parse_target(view(message.target()));
  if (!target) {
    return refuse(
        malformed("the request target is neither a path nor an http URL, or a % in it "
                  "is not followed by two hexadecimal digits"));
  }
  Request request;
  request.method = view(message.method_string());
  request.raw_path = std::move(target->raw_path);
  request.query = std::move(target->query);
  for (const auto& field : message) {
    request.headers.emplace_back(view(field.name_string()), view(field.value()));
  }
  request.body = std::move(message.body());
  request.remote = remote_;
  enter(State::handling, SteadyTime::max());
  host_.on_request(id_, std::move(request));
}

// --- Answering ----------------------------------------------------------------------------------

void Connection::refuse(const Problem& problem) {
  // What an earlier request of this connection was says nothing of the one refused.
  if (parser_ && parser_->is_header_done()) {
    note_manner();
  } else {
    is_head_ = false;
  }
  keep_alive_ = false;
  write(error_response(problem));
}

void Connection::deliver(const Response& response) {
  if (state_ == State::handling) write(response);
}

void Connection::write_head(const Response& response) {
  head_.clear();
  head_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head_.append(reason_phrase(response.status)).append("\r\nDate: ").append(http_date());
  if (!response.content_type.empty()) {
    head_.append("\r\nContent-Type: ").append(response.content_type);
  }
  if (!keep_alive_) {
    head_.append("\r\nConnection: close");
  } else if (is_http_1_0_) {
    head_.append("\r\nConnection: keep-alive");
  }
  head_.append("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff");
  for (const auto& [name, value] : response.headers) {
    head_.append("\r\n").append(name).append(": ").append(value);
  }
}

void Connection::write(const Response& response) {
  enter(State::writing, now() + host_.limits().response_write_max);
  keep_alive_ = keep_alive_ && !finishing_;
  body_ = response.body;
  write_head(response);
  const std::size_t length = body_ ? body_->size() : 0;
  head_.append("\r\nContent-Length: ").append(std::to_string(length)).append("\r\n\r\n");
  const asio::const_buffer body = body_ && !is_head_ ? asio::buffer(*body_) : asio::const_buffer();
  asio::async_write(socket_, std::array<asio::const_buffer, 2>{asio::buffer(head_), body},
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      self->on_written(error);
                    });
}

void Connection::on_written(const ErrorCode& error) {
  if (state_ != State::writing) return;
  if (error) return close();
  body_.reset();
  if (!keep_alive_ || finishing_) return linger();
  begin_request();
}

// --- Streaming ----------------------------------------------------------------------------------

void Connection::deliver(std::unique_ptr<StreamSource> source) {
  if (state_ != State::handling) return;
  source_ = std::move(source);
  begin_stream();
}

void Connection::begin_stream() {
  Response response;
  response.content_type = "text/event-stream";
  if (is_http_1_0_) keep_alive_ = false;
  write_head(response);
  if (!is_http_1_0_) head_.append("\r\nTransfer-Encoding: chunked");
  head_.append("\r\nX-Accel-Buffering: no\r\n\r\n");
  if (is_head_) {
    source_.reset();
    keep_alive_ = false;
    enter(State::writing, now() + host_.limits().response_write_max);
    asio::async_write(socket_, asio::buffer(head_),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        self->on_written(error);
                      });
    return;
  }
  enter(State::streaming, SteadyTime::max());
  was_stream_ = true;
  last_sent_ = now();
  encoded_ = std::move(head_);
  watch_reader();
  pump();
}

void Connection::wake() {
  if (state_ == State::streaming) pump();
}

/// Asks the source for the next piece, unless one is still under way.
void Connection::pump() {
  if (sending_ || ended_) return;
  if (finishing_) {
    return end_stream("server-stopping",
                      "this server is stopping; come back with the id of the last event");
  }
  piece_.clear();
  StreamState state = StreamState::waiting;
  try {
    state = source_->fill(piece_, host_.limits().stream_piece_bytes);
  } catch (const std::exception& failure) {
    return end_stream("internal-error", failure.what());
  }
  send_piece(state);
}

void Connection::end_stream(std::string_view reason, std::string_view message) {
  piece_.clear();
  append_closed(piece_, reason, message);
  send_piece(StreamState::ended);
}

void Connection::send_piece(StreamState state) {
  ended_ = state == StreamState::ended;
  if (!piece_.empty() && !is_http_1_0_) {
    append_hex(encoded_, piece_.size());
    encoded_.append("\r\n").append(piece_).append("\r\n");
  } else {
    encoded_.append(piece_);
  }
  if (ended_ && !is_http_1_0_) encoded_.append("0\r\n\r\n");
  if (encoded_.empty()) return;
  sending_ = true;
  deadline_ = now() + host_.limits().stream_stall_max;
  asio::async_write(socket_, asio::buffer(encoded_),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      self->on_piece_sent(error);
                    });
}

void Connection::on_piece_sent(const ErrorCode& error) {
  if (state_ != State::streaming) return;
  if (error) return close();
  encoded_.clear();
  sending_ = false;
  last_sent_ = now();
  deadline_ = SteadyTime::max();
  if (ended_) return linger();
  pump();
}

/// The only way to learn that the reader of a silent stream has gone.
void Connection::watch_reader() {
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                            if (self->state_ != State::streaming) return;
                            self->drained_ += bytes;
                            if (error || self->drained_ > drained_bytes_max) return self->close();
                            self->watch_reader();
                          });
}

// --- Ending -------------------------------------------------------------------------------------

void Connection::on_tick(SteadyTime now) {
  if (now >= deadline_) {
    if (state_ == State::writing || state_ == State::streaming) return abort();
    if (state_ != State::reading) return close();
    return refuse(too_slow(host_.limits()));
  }
  const bool is_silent = state_ == State::streaming && !sending_ && !ended_ &&
                         now - last_sent_ >= host_.limits().heartbeat_interval;
  if (is_silent) {
    piece_.clear();
    append_comment(piece_, "heartbeat");
    send_piece(StreamState::waiting);
  }
}

void Connection::finish() {
  finishing_ = true;
  if (state_ == State::idle) return close();
  if (state_ == State::streaming) pump();
}

/// Says that nothing more comes and reads what still does: closing with unread bytes would reset
/// the connection and could destroy the answer before the client has it.
void Connection::linger() {
  const bool was_streaming = state_ == State::streaming;
  enter(State::lingering, now() + host_.limits().linger_max);
  source_.reset();
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  // Of a stream, a read is still under way; it ends by itself when the client closes.
  if (was_streaming) socket_.cancel(ignored);
  drain();
}

void Connection::drain() {
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                            if (self->state_ != State::lingering) return;
                            self->drained_ += bytes;
                            if (error || self->drained_ > drained_bytes_max) return self->close();
                            self->drain();
                          });
}

/// Closes without waiting for a reader that takes nothing: the kernel would keep the unsent bytes
/// as long as that lasts.
void Connection::abort() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  source_.reset();
  ErrorCode ignored;
  socket_.close(ignored);
  host_.on_closed(*this);
}

}  // namespace rollcall::http
