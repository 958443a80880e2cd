// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>

#include "base/address.hpp"
#include "http/answer_inbox.hpp"
#include "http/connection.hpp"

namespace rollcall::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using SystemError = boost::system::error_code;
using namespace std::chrono_literals;

/// Above the limit of connections, each further one is told so. This many may still be there
/// while they read that; then the oldest of them goes.
constexpr std::size_t refusals_max = 256;
/// After the system had no descriptor left for a new connection.
constexpr auto accept_pause = 100ms;
constexpr auto tick_min = 10ms;
constexpr auto tick_max = 1000ms;

std::chrono::milliseconds tick_interval(const Limits& limits) {
  const auto shortest =
      std::min({limits.idle_max, limits.request_read_max, limits.response_write_max,
                limits.stream_stall_max, limits.heartbeat_interval, limits.linger_max});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, tick_min, tick_max);
}

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
  bool close_oldest_silent();
  void make_room_for_refusal();
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
  /// Those among them that were only told that there is no room, the oldest first.
  std::set<ConnectionId> refused_;
  std::shared_ptr<AnswerInbox> inbox_ = std::make_shared<AnswerInbox>(io_, *this);
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
  SystemError ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  if (limits_.send_buffer_bytes > 0) {
    socket.set_option(asio::socket_base::send_buffer_size(limits_.send_buffer_bytes), ignored);
  }
  const auto id = ConnectionId{++last_id_};
  const bool is_full =
      connections_.size() - refused_.size() >= limits_.connections_max && !close_oldest_silent();
  const auto connection = std::make_shared<Connection>(id, std::move(socket), *this);
  connections_.emplace(id, connection);
  keep_ticking();
  if (!is_full) return connection->start();
  make_room_for_refusal();
  refused_.insert(id);
  connection->refuse({.status = 503,
                      .code = "too-many-connections",
                      .message = "all " + std::to_string(limits_.connections_max) +
                                 " connections are taken; try again later"});
}

/// Who has connected and said nothing yet makes room for who may want something: else a few
/// programs that only connect could keep everybody out.
bool Server::Core::close_oldest_silent() {
  std::shared_ptr<Connection> oldest;
  for (const auto& [id, connection] : connections_) {
    if (connection->is_silent() && (!oldest || id < oldest->id())) oldest = connection;
  }
  if (oldest) oldest->close();
  return oldest != nullptr;
}

void Server::Core::make_room_for_refusal() {
  if (refused_.size() < refusals_max) return;
  const std::shared_ptr<Connection> oldest = connections_.at(*refused_.begin());
  oldest->close();
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
  const Responder responder(make_ticket(inbox_, id));
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
  refused_.erase(connection.id());
  end_if_done();
}

void Server::Core::on_answer(Answer answer) {
  const auto found = connections_.find(answer.connection);
  if (found == connections_.end()) return;
  const std::shared_ptr<Connection> connection = found->second;
  if (const auto* const response = std::get_if<Response>(&answer.what)) {
    return connection->deliver(*response);
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
