// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <netinet/tcp.h>

#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"
#include "wire/stream.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

/// A timer that fires later than this means that the process was stopped or starved.
constexpr Duration pause_noticed = 200ms;
constexpr Duration pause_grace = 200ms;

/// The first piece of a body, and the most that is added at a time afterwards.
constexpr std::size_t piece_bytes_min = 4096;
constexpr std::size_t piece_bytes_max = std::size_t{256} << 10U;
/// Buffers larger than this are given back after use.
constexpr std::size_t kept_bytes_max = std::size_t{16} << 10U;

/// How long and how much finish() listens.
constexpr Duration finish_time_max = 1s;
constexpr std::size_t finish_bytes_max = std::size_t{256} << 10U;

constexpr int keepalive_idle_seconds = 15;
constexpr int keepalive_interval_seconds = 5;
constexpr int keepalive_count = 3;
constexpr unsigned unacknowledged_ms_max = 30'000;

StreamFailure failure_of(const error_code& error) {
  if (error == asio::error::eof) return StreamFailure::end_of_stream;
  switch (error.value()) {
    case ECONNREFUSED:
      return StreamFailure::refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return StreamFailure::reset;
    case ETIMEDOUT:
      return StreamFailure::timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
      return StreamFailure::unreachable;
    default:
      return StreamFailure::other;
  }
}

StreamFailure failure_of(wire::DecodeError error) {
  if (error == wire::DecodeError::wrong_version) return StreamFailure::wrong_version;
  if (error == wire::DecodeError::too_long) return StreamFailure::too_long;
  return StreamFailure::malformed;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

FrameStream::FrameStream(asio::io_context& io, ByteBudget& budget)
    : socket_(io),
      timer_(io),
      budget_(&budget) {}

FrameStream::FrameStream(asio::io_context& io, ByteBudget& budget, UniqueFd fd, bool is_v4)
    : FrameStream(io, budget) {
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  error_code error;
  socket_.assign(is_v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), fd.get(), error);
  if (!error) static_cast<void>(fd.release());
}

FrameStream::~FrameStream() {
  close();
}

// --- Faults ----------------------------------------------------------------------------------

void FrameStream::hold(Passage passage, std::function<void()> call) {
  held_.emplace_back(passage, std::move(call));
  faults_->wait(this, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->resume();
  });
}

void FrameStream::resume() {
  for (auto& [passage, call] : std::exchange(held_, {})) {
    if (is_closed()) return;
    pass(passage, std::move(call));
  }
}

std::optional<Address> FrameStream::peer() const {
  return peer_ ? peer_ : faults_->address_of(sender_);
}

/// Who is not a member yet says where he is when he asks to be let in.
void FrameStream::learn_peer(Bytes frame) {
  if (faults_ == nullptr || !faults_->any() || peer()) return;
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  if (!message) return;
  const auto* const request = std::get_if<wire::JoinRequest>(&*message);
  if (request != nullptr) peer_ = request->self.address;
}

// --- Work ------------------------------------------------------------------------------------

void FrameStream::connect(const Address& from, const Address& to, Done done) {
  pass(Passage::connect, [this, from, to, done = std::move(done)]() mutable {
    start_connect(from, to, std::move(done));
  });
}

void FrameStream::start_connect(const Address& from, const Address& to, Done done) {
  if (!can_reach(family_of(from), to) || to.port == 0 || !open_for(from, to)) {
    post_failure(std::move(done), StreamFailure::unreachable);
    return;
  }
  const RawAddress raw = to_raw(to, family_of(to));
  asio::ip::tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), raw.data(), raw.size);
  endpoint.resize(raw.size);
  socket_.async_connect(endpoint, [self = shared_from_this(),
                                   done = std::move(done)](const error_code& error) mutable {
    if (self->is_closed()) return;
    self->pass(Passage::connect, [done = std::move(done), error] {
      done(error ? std::optional(failure_of(error)) : std::nullopt);
    });
  });
}

bool FrameStream::open_for(const Address& from, const Address& to) {
  const Family family = family_of(to);
  UniqueFd fd(::socket(family == Family::v6 ? AF_INET6 : AF_INET,
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return false;
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (!from.is_unspecified() && family_of(from) == family) {
    // The port is chosen at connect time, so that sources to several hosts can share one.
    set_option(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    Address source = from;
    source.port = 0;
    const RawAddress raw = to_raw(source, family);
    if (::bind(fd.get(), raw.data(), raw.size) != 0) return false;
  }
  error_code error;
  socket_.assign(family == Family::v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), fd.get(), error);
  if (error) return false;
  static_cast<void>(fd.release());
  return true;
}

void FrameStream::post_failure(Done done, StreamFailure failure) {
  asio::post(timer_.get_executor(), [self = shared_from_this(), done = std::move(done), failure] {
    if (!self->is_closed()) done(failure);
  });
}

void FrameStream::write(ByteVector frame, Done done) {
  outgoing_ = std::move(frame);
  pass(Passage::out, [this, done = std::move(done)]() mutable { start_write(std::move(done)); });
}

void FrameStream::start_write(Done done) {
  asio::async_write(socket_, asio::buffer(outgoing_),
                    [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                                        std::size_t) mutable {
                      if (self->is_closed()) return;
                      self->outgoing_ = {};
                      // A failure is the peer's word, or that of a host on the way.
                      self->pass(error ? Passage::in : Passage::here,
                                 [done = std::move(done), error] {
                                   done(error ? std::optional(failure_of(error)) : std::nullopt);
                                 });
                    });
}

void FrameStream::read(OnFrame done, std::function<void(std::size_t)> on_head) {
  release_frame();
  frame_.resize(wire::frame_head_bytes);
  asio::async_read(socket_, asio::buffer(frame_),
                   [self = shared_from_this(), done = std::move(done),
                    on_head = std::move(on_head)](const error_code& error, std::size_t) mutable {
                     if (self->is_closed()) return;
                     if (error)
                       return self->give_frame(std::unexpected(failure_of(error)), std::move(done));
                     const auto head = wire::decode_frame_head(self->frame_);
                     if (!head) {
                       return self->give_frame(std::unexpected(failure_of(head.error())),
                                               std::move(done));
                     }
                     self->sender_ = head->envelope.sender;
                     const std::size_t frame_bytes = wire::frame_head_bytes + head->body_bytes;
                     if (on_head) on_head(frame_bytes);
                     self->filled_ = wire::frame_head_bytes;
                     self->read_body(frame_bytes, std::move(done));
                   });
}

void FrameStream::read_body(std::size_t frame_bytes, OnFrame done) {
  if (filled_ == frame_bytes) return give_frame(Bytes(frame_), std::move(done));
  if (!grow_for(frame_bytes))
    return give_frame(std::unexpected(StreamFailure::overloaded), std::move(done));
  const auto room = asio::buffer(frame_.data() + filled_, frame_.size() - filled_);
  socket_.async_read_some(room, [self = shared_from_this(), frame_bytes, done = std::move(done)](
                                    const error_code& error, std::size_t bytes) mutable {
    if (self->is_closed()) return;
    if (error) return self->give_frame(std::unexpected(failure_of(error)), std::move(done));
    self->filled_ += bytes;
    self->read_body(frame_bytes, std::move(done));
  });
}

/// The frame stays in place until the next read.
void FrameStream::give_frame(std::expected<Bytes, StreamFailure> frame, OnFrame done) {
  if (frame) learn_peer(*frame);
  pass(Passage::in, [done = std::move(done), frame] { done(frame); });
}

/// Makes room for the next piece. What is held never exceeds twice what has arrived, or one first
/// piece.
bool FrameStream::grow_for(std::size_t frame_bytes) {
  if (frame_.size() > filled_) return true;
  const std::size_t piece = std::clamp(filled_, piece_bytes_min, piece_bytes_max);
  const std::size_t growth = std::min(piece, frame_bytes - filled_);
  if (budget_->left < growth) return false;
  budget_->left -= growth;
  charged_ += growth;
  frame_.resize(filled_ + growth);
  return true;
}

void FrameStream::release_frame() {
  budget_->left += std::exchange(charged_, 0);
  frame_.clear();
  filled_ = 0;
  if (frame_.capacity() > kept_bytes_max) frame_ = {};
}

void FrameStream::wait_for_end(Done done) {
  release_frame();
  frame_.resize(1);
  socket_.async_read_some(asio::buffer(frame_), [self = shared_from_this(), done = std::move(done)](
                                                    const error_code& error, std::size_t) mutable {
    if (self->is_closed()) return;
    self->pass(Passage::in, [done = std::move(done), error] {
      done(error ? failure_of(error) : StreamFailure::malformed);
    });
  });
}

void FrameStream::expire_after(Duration duration, std::function<void()> on_expired) {
  on_expired_ = std::move(on_expired);
  has_grace_ = true;
  arm(duration);
}

void FrameStream::no_deadline() {
  on_expired_ = nullptr;
  timer_.cancel();
}

void FrameStream::arm(Duration duration) {
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->is_closed()) return;
    self->pass(Passage::here, [raw = self.get()] { raw->on_timer(); });
  });
}

void FrameStream::on_timer() {
  const auto lateness = SteadyClock::now() - timer_.expiry();
  // Set anew or cancelled after this call was queued.
  if (lateness < Duration::zero() || !on_expired_) return;
  if (lateness > pause_noticed && std::exchange(has_grace_, false)) return arm(pause_grace);
  std::exchange(on_expired_, nullptr)();
}

void FrameStream::detect_dead_host() {
  const int fd = socket_.native_handle();
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive_count);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms_max);
}

void FrameStream::finish(std::function<void()> done) {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  release_frame();
  frame_.resize(piece_bytes_min);
  expire_after(finish_time_max, done);
  discard_rest(finish_bytes_max, std::move(done));
}

void FrameStream::discard_rest(std::size_t bytes_left, std::function<void()> done) {
  socket_.async_read_some(asio::buffer(frame_),
                          [self = shared_from_this(), bytes_left, done = std::move(done)](
                              const error_code& error, std::size_t bytes) mutable {
                            if (self->is_closed()) return;
                            if (error || bytes >= bytes_left) return done();
                            self->discard_rest(bytes_left - bytes, std::move(done));
                          });
}

UniqueFd FrameStream::release() {
  error_code ignored;
  UniqueFd fd(socket_.release(ignored));
  close();
  return fd;
}

void FrameStream::close() {
  if (is_closed()) return;
  release_frame();
  budget_ = nullptr;
  on_expired_ = nullptr;
  timer_.cancel();
  held_.clear();
  error_code ignored;
  if (faults_ != nullptr) {
    faults_->forget(this);
    if (socket_.is_open() && faults_->any() && faults_->holds(Passage::out, peer())) {
      faults_->keep_open(peer(), UniqueFd(socket_.release(ignored)));
    }
    faults_ = nullptr;
  }
  socket_.close(ignored);
}

}  // namespace rollcall::runtime
