// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "http/event_stream.hpp"
#include "http/message.hpp"

namespace rollcall::http {

/// What a client may take from the server. Above a limit it gets an answer that names the limit.
struct Limits {
  std::size_t header_bytes_max = std::size_t{16} << 10U;
  std::size_t body_bytes_max = std::size_t{64} << 10U;
  std::size_t connections_max = 2048;
  /// Event streams among them, so that watchers cannot lock everybody else out.
  std::size_t streams_max = 1536;
  /// How long a connection may wait between two requests.
  std::chrono::milliseconds idle_max{60'000};
  /// From the first byte of a request to its last, however slowly they drip.
  std::chrono::milliseconds request_read_max{10'000};
  /// To take a whole answer.
  std::chrono::milliseconds response_write_max{60'000};
  /// How long the reader of a stream may take nothing of what is under way.
  std::chrono::milliseconds stream_stall_max{30'000};
  /// A comment is sent on a stream that was silent this long.
  std::chrono::milliseconds heartbeat_interval{15'000};
  /// After an answer that ends a connection, how long its unread rest is thrown away, so that
  /// the answer arrives before the connection is reset.
  std::chrono::milliseconds linger_max{2'000};
  /// About the size of one piece of a stream.
  std::size_t stream_piece_bytes = std::size_t{32} << 10U;
  /// The kernel's send buffer of each connection; 0 leaves it to the system.
  int send_buffer_bytes = 0;
};

struct BindError {
  enum class Kind : std::uint8_t {
    bad_address,  // not HOST:PORT, or the host has no address
    in_use,       // another process listens there
    cannot_bind   // not this host's address, or not permitted
  };
  Kind kind{};
  std::string message;
};

/// Where the answer to one request goes. Answer once, now or later, from any thread; an answer
/// for a connection that has gone is dropped. If all copies go without an answer, the client
/// gets a 500.
class Responder {
 public:
  /// The server's end. Its destructor is told by itself that no answer will come.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    virtual ~Ticket() = default;
    virtual void respond(Response response) = 0;
    virtual void stream(std::unique_ptr<StreamSource> source) = 0;
  };
  explicit Responder(std::shared_ptr<Ticket> ticket) : ticket_(std::move(ticket)) {}

  void respond(Response response) const { ticket_->respond(std::move(response)); }
  /// Begins a text/event-stream that the source feeds until it ends or the reader goes.
  void stream(std::unique_ptr<StreamSource> source) const { ticket_->stream(std::move(source)); }

 private:
  std::shared_ptr<Ticket> ticket_;
};

/// Runs on the server's thread and must not block it: what takes time answers later.
using Handler = std::function<void(Request&&, const Responder&)>;

/// An HTTP/1.1 server on one address, with one thread of its own.
///
/// Order:   the requests of one connection are answered one after the other, also when they are
///          sent without waiting (pipelined).
/// Errors:  whatever a client sends ends at most its own connection, with an answer that says
///          why. The handler is only given requests that are well-formed and within the limits.
/// Limits:  struct Limits; memory is at most connections_max times (header, body, one answer).
/// Threads: wake_streams() any; the others by one thread that is not the server's.
/// Source:  RFC 9110, RFC 9112.
class Server {
 public:
  /// Takes the address; "HOST:PORT", port 0 takes a free one. Clients can connect from now on,
  /// and are answered from start() on.
  static std::expected<std::unique_ptr<Server>, BindError> bind(const std::string& address,
                                                                const Limits& limits);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start(Handler handler);

  /// Stops accepting, ends the streams with a frame that says so, lets answers under way finish
  /// for at most `grace`, and ends the thread.
  void stop(std::chrono::milliseconds grace);

  /// The sources that were waiting may have more to give.
  void wake_streams();

  /// "127.0.0.1:7480", with the real port.
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  class Core;
  Server(std::unique_ptr<Core> core, std::string address);

  std::unique_ptr<Core> core_;
  std::string address_;
};

}  // namespace rollcall::http
