// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>

#include "base/address.hpp"
#include "base/check.hpp"
#include "http/connection.hpp"

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using SystemError = boost::system::error_code;
using namespace std::chrono_literals;

/// Above the limit of connections, this many more are told so; the rest are just closed.
constexpr std::size_t refusals_max = 64;
/// After the system had no descriptor left for a new connection.
constexpr auto accept_pause = 100ms;
constexpr auto tick_min = 10ms;
constexpr auto tick_max = 1000ms;

struct Answer {
  ConnectionId connection{};
  std::variant<Response, std::unique_ptr<StreamSource>> what;
};

class AnswerSink {
 public:
  virtual void on_answer(Answer answer) = 0;
  virtual void on_wake_streams() = 0;

 protected:
  ~AnswerSink() = default;
};

/// Brings answers from other threads to the server's, and drops those that come after its end.
class Inbox {
 public:
  Inbox(asio::io_context& io, AnswerSink& sink) : io_(io), sink_(sink) {}

  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
    answers_.clear();
    // Its id may be given to a new thread, which is not the server's.
    thread_ = std::thread::id();
  }

  /// Called by the server's thread once, first thing.
  void enter_thread() { thread_ = std::this_thread::get_id(); }

  void put(Answer answer) {
    if (std::this_thread::get_id() == thread_.load()) return sink_.on_answer(std::move(answer));
    const std::lock_guard lock(mutex_);
    if (!is_open_) return;
    answers_.push_back(std::move(answer));
    post_drain();
  }

  void wake_streams() {
    const std::lock_guard lock(mutex_);
    if (!is_open_) return;
    wake_streams_ = true;
    post_drain();
  }

 private:
  void post_drain() {
    if (std::exchange(is_posted_, true)) return;
    asio::post(io_, [this] { drain(); });
  }

  void drain() {
    std::vector<Answer> answers;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      is_posted_ = false;
      answers.swap(answers_);
      wake = std::exchange(wake_streams_, false);
    }
    for (Answer& answer : answers) sink_.on_answer(std::move(answer));
    if (wake) sink_.on_wake_streams();
  }

  asio::io_context& io_;  // not touched once closed
  AnswerSink& sink_;      // likewise
  std::atomic<std::thread::id> thread_{};
  std::mutex mutex_;
  bool is_open_ = false;
  bool is_posted_ = false;
  bool wake_streams_ = false;
  std::vector<Answer> answers_;
};

Problem unanswered() {
  return {.status = 500,
          .code = "internal-error",
          .message = "the request was dropped without an answer"};
}

std::chrono::milliseconds tick_interval(const Limits& limits) {
  const auto shortest =
      std::min({limits.idle_max, limits.request_read_max, limits.response_write_max,
                limits.stream_stall_max, limits.heartbeat_interval, limits.linger_max});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, tick_min, tick_max);
}

/// The answer of one connection to one request.
class ServerTicket final : public Responder::Ticket {
 public:
  ServerTicket(std::shared_ptr<Inbox> inbox, ConnectionId connection)
      : inbox_(std::move(inbox)),
        connection_(connection) {}
  ~ServerTicket() override {
    if (!is_answered_) inbox_->put({connection_, error_response(unanswered())});
  }
  ServerTicket(const ServerTicket&) = delete;
  ServerTicket& operator=(const ServerTicket&) = delete;

  void respond(Response response) override { answer(std::move(response)); }
  void stream(std::unique_ptr<StreamSource> source) override { answer(std::move(source)); }

 private:
  template <class What>
  void answer(What what) {
    ROLLCALL_CHECK(!is_answered_.exchange(true));
    inbox_->put({connection_, std::move(what)});
  }

  std::shared_ptr<Inbox> inbox_;
  ConnectionId connection_;
  std::atomic<bool> is_answered_ = false;
};

}  // namespace

// --- Server -------------------------------------------------------------------------------------

class Server::Core final : public ConnectionHost, public AnswerSink {
 public:
  explicit Core(const Limits& limits) : limits_(limits), tick_interval_(tick_interval(limits)) {}
  ~Core() { inbox_->close(); }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  std::expected<std::string, BindError> bind(const std::string& address);
  void start(Handler handler);
  void stop(std::chrono::milliseconds grace);
  void wake_streams() { inbox_->wake_streams(); }

 private:
  void run();
  void accept();
  void on_accepted(const SystemError& error, Tcp::socket socket);
  void pause_accepting();
  void add_connection(Tcp::socket socket);
  void keep_ticking();
  void begin_stop(std::chrono::milliseconds grace);
  void close_all();
  void end_if_done();

  void on_request(ConnectionId id, Request&& request) override;
  void on_closed(const Connection& connection) override;
  [[nodiscard]] const Limits& limits() const override { return limits_; }
  void on_answer(Answer answer) override;
  void on_wake_streams() override;
  void begin_stream(Connection& connection, std::unique_ptr<StreamSource> source);

  template <class Visit>
  void for_each_connection(Visit visit);

  Limits limits_;
  std::chrono::milliseconds tick_interval_;
  Handler handler_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_timer_{io_};
  asio::steady_timer tick_timer_{io_};
  asio::steady_timer grace_timer_{io_};
  bool is_ticking_ = false;
  bool is_stopping_ = false;
  std::uint64_t last_id_ = 0;
  std::size_t streams_ = 0;
  std::unordered_map<ConnectionId, std::shared_ptr<Connection>> connections_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>(io_, *this);
  std::thread thread_;
};

namespace {

std::unexpected<BindError> cannot_bind(const std::string& address, const SystemError& error) {
  const bool in_use = error == asio::error::address_in_use;
  const auto kind = in_use ? BindError::Kind::in_use : BindError::Kind::cannot_bind;
  const std::string why = in_use ? "another process listens there" : error.message();
  return std::unexpected(BindError{kind, "cannot listen on " + address + ": " + why});
}

std::string endpoint_text(const Tcp::endpoint& endpoint) {
  return to_text(HostPort{endpoint.address().to_string(), endpoint.port()});
}

}  // namespace

std::expected<std::string, BindError> Server::Core::bind(const std::string& address) {
  using Kind = BindError::Kind;
  const auto host_port = parse_host_port(address);
  if (!host_port) {
    return std::unexpected(
        BindError{Kind::bad_address, "'" + address + "' is no address; allowed: HOST:PORT"});
  }
  SystemError error;
  Tcp::resolver resolver(io_);
  const auto found = resolver.resolve(host_port->host, std::to_string(host_port->port),
                                      Tcp::resolver::passive, error);
  if (error || found.empty()) {
    return std::unexpected(BindError{
        Kind::bad_address, "'" + host_port->host +
                               "' has no address: " + (error ? error.message() : "nothing found")});
  }
  const Tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_bind(address, error);
  return endpoint_text(acceptor_.local_endpoint());
}

void Server::Core::start(Handler handler) {
  handler_ = std::move(handler);
  inbox_->open();
  accept();
  // The thread inherits the mask: a program's signal handlers run on its own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Server::Core::run() {
  pthread_setname_np(pthread_self(), "rollcall-http");
  inbox_->enter_thread();
  io_.run();
}

void Server::Core::accept() {
  acceptor_.async_accept([this](const SystemError& error, Tcp::socket socket) {
    on_accepted(error, std::move(socket));
  });
}

void Server::Core::on_accepted(const SystemError& error, Tcp::socket socket) {
  if (is_stopping_) return;
  if (error) return pause_accepting();
  add_connection(std::move(socket));
  accept();
}

void Server::Core::pause_accepting() {
  accept_timer_.expires_after(accept_pause);
  accept_timer_.async_wait([this](const SystemError& error) {
    if (!error && !is_stopping_) accept();
  });
}

void Server::Core::add_connection(Tcp::socket socket) {
  if (connections_.size() >= limits_.connections_max + refusals_max) return;
  SystemError ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  if (limits_.send_buffer_bytes > 0) {
    socket.set_option(asio::socket_base::send_buffer_size(limits_.send_buffer_bytes), ignored);
  }
  const auto id = ConnectionId{++last_id_};
  const bool is_full = connections_.size() >= limits_.connections_max;
  const auto connection = std::make_shared<Connection>(id, std::move(socket), *this);
  connections_.emplace(id, connection);
  keep_ticking();
  if (!is_full) return connection->start();
  connection->refuse({.status = 503,
                      .code = "too-many-connections",
                      .message = "all " + std::to_string(limits_.connections_max) +
                                 " connections are taken; try again later"});
}

/// Ticks only while somebody is connected, so that an idle server costs nothing.
void Server::Core::keep_ticking() {
  if (is_ticking_ || connections_.empty()) return;
  is_ticking_ = true;
  tick_timer_.expires_after(tick_interval_);
  tick_timer_.async_wait([this](const SystemError& error) {
    is_ticking_ = false;
    if (error) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    for_each_connection([now](Connection& connection) { connection.on_tick(now); });
    keep_ticking();
  });
}

/// The visit may close the connection that it is given.
template <class Visit>
void Server::Core::for_each_connection(Visit visit) {
  for (auto at = connections_.begin(); at != connections_.end();) {
    const std::shared_ptr<Connection> connection = (at++)->second;
    visit(*connection);
  }
}

void Server::Core::on_request(ConnectionId id, Request&& request) {
  const Responder responder(std::make_shared<ServerTicket>(inbox_, id));
  // Whatever a handler throws is our own mistake; it may cost this answer, not the process.
  try {
    handler_(std::move(request), responder);
  } catch (const std::exception&) {
    return;  // the ticket, unless already answered, says so to the client
  }
}

void Server::Core::on_closed(const Connection& connection) {
  if (connection.was_stream()) --streams_;
  connections_.erase(connection.id());
  end_if_done();
}

void Server::Core::on_answer(Answer answer) {
  const auto found = connections_.find(answer.connection);
  if (found == connections_.end()) return;
  const std::shared_ptr<Connection> connection = found->second;
  if (auto* response = std::get_if<Response>(&answer.what)) {
    return connection->deliver(std::move(*response));
  }
  begin_stream(*connection, std::get<std::unique_ptr<StreamSource>>(std::move(answer.what)));
}

void Server::Core::begin_stream(Connection& connection, std::unique_ptr<StreamSource> source) {
  if (streams_ >= limits_.streams_max) {
    return connection.deliver(
        error_response({.status = 503,
                        .code = "too-many-streams",
                        .message = "all " + std::to_string(limits_.streams_max) +
                                   " event streams are taken; try again later"}));
  }
  ++streams_;
  connection.deliver(std::move(source));
  if (!connection.was_stream()) --streams_;
}

void Server::Core::on_wake_streams() {
  for_each_connection([](Connection& connection) { connection.wake(); });
}

void Server::Core::stop(std::chrono::milliseconds grace) {
  if (!thread_.joinable()) return;
  asio::post(io_, [this, grace] { begin_stop(grace); });
  thread_.join();
  inbox_->close();
}

void Server::Core::begin_stop(std::chrono::milliseconds grace) {
  is_stopping_ = true;
  SystemError ignored;
  acceptor_.close(ignored);
  accept_timer_.cancel();
  grace_timer_.expires_after(grace);
  grace_timer_.async_wait([this](const SystemError& error) {
    if (!error) close_all();
  });
  for_each_connection([](Connection& connection) { connection.finish(); });
  end_if_done();
}

void Server::Core::close_all() {
  for_each_connection([](Connection& connection) { connection.close(); });
}

/// With the last connection gone nothing may be left to wait for, and the thread ends.
void Server::Core::end_if_done() {
  if (!is_stopping_ || !connections_.empty()) return;
  grace_timer_.cancel();
  tick_timer_.cancel();
}

Server::Server(std::unique_ptr<Core> core, std::string address)
    : core_(std::move(core)),
      address_(std::move(address)) {}

Server::~Server() {
  stop(0ms);
}

std::expected<std::unique_ptr<Server>, BindError> Server::bind(const std::string& address,
                                                               const Limits& limits) {
  auto core = std::make_unique<Core>(limits);
  auto bound = core->bind(address);
  if (!bound) return std::unexpected(std::move(bound).error());
  return std::unique_ptr<Server>(new Server(std::move(core), std::move(*bound)));
}

void Server::start(Handler handler) {
  core_->start(std::move(handler));
}
void Server::stop(std::chrono::milliseconds grace) {
  core_->stop(grace);
}
void Server::wake_streams() {
  core_->wake_streams();
}

}  // namespace rollcall::http
