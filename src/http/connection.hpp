// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/event_stream.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace rollcall::http {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class ConnectionId : std::uint64_t {};

class Connection;

/// What a connection needs of the server that it belongs to, and which outlives it.
class ConnectionHost {
 public:
  virtual void on_request(ConnectionId id, Request&& request) = 0;
  /// The last call for this connection; the host may let go of it.
  virtual void on_closed(const Connection& connection) = 0;
  [[nodiscard]] virtual const Limits& limits() const = 0;

 protected:
  ~ConnectionHost() = default;
};

/// One client: reads a request, waits for its answer, writes it, reads the next.
///
/// Order:   nothing is read while an answer is awaited or written, so requests sent without
///          waiting stay in order and cost the server one buffer.
/// Threads: the server's only.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using ErrorCode = boost::system::error_code;

  Connection(ConnectionId id, Socket socket, ConnectionHost& host);

  void start();
  /// Answers without waiting for a request, and closes.
  void refuse(const Problem& problem);

  /// The answer to the request that on_request() told of. Ignored when none is awaited.
  void deliver(const Response& response);
  void deliver(std::unique_ptr<StreamSource> source);

  /// The stream's source may have more.
  void wake();
  /// Looks at deadlines; to be called a few times in the shortest of them.
  void on_tick(SteadyTime now);
  /// Ends the stream with a last frame, or the connection after the answer under way.
  void finish();
  void close();

  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] bool was_stream() const { return was_stream_; }
  /// Whether nothing at all has come from this client.
  [[nodiscard]] bool is_silent() const { return state_ == State::idle && !has_spoken_; }

 private:
  enum class State : std::uint8_t {
    idle,
    reading,
    handling,
    writing,
    streaming,
    lingering,
    closed
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void enter(State state, SteadyTime deadline);
  void begin_request();
  void read();
  void on_read(const ErrorCode& error, std::size_t bytes);
  void parse();
  void note_manner();
  void dispatch();
  bool send_continue();
  [[nodiscard]] std::optional<Problem> objection() const;

  void write(const Response& response);
  void write_head(const Response& response);
  void on_written(const ErrorCode& error);

  void begin_stream();
  void pump();
  void send_piece(StreamState state);
  void on_piece_sent(const ErrorCode& error);
  void end_stream(std::string_view reason, std::string_view message);
  void watch_reader();

  void abort();
  void linger();
  void drain();

  ConnectionId id_{};
  Socket socket_;
  ConnectionHost& host_;
  std::string remote_;

  State state_ = State::idle;
  SteadyTime deadline_ = SteadyTime::max();

  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  bool continue_sent_ = false;
  bool has_spoken_ = false;

  // Of the request being answered.
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool is_http_1_0_ = false;

  // What is being written; it must live as long as the write.
  std::string head_;
  std::shared_ptr<const std::string> body_;

  // Streams.
  std::unique_ptr<StreamSource> source_;
  std::string piece_;
  std::string encoded_;
  SteadyTime last_sent_{};
  bool sending_ = false;
  bool ended_ = false;
  bool finishing_ = false;
  bool was_stream_ = false;

  std::array<char, 1024> scratch_{};
  std::size_t drained_ = 0;
};

}  // namespace rollcall::http
