// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/peer_link.hpp"

#include <algorithm>
#include <cstring>

#include <boost/asio/write.hpp>
#include <netinet/tcp.h>

#include "base/check.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"
#include "wire/stream.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::size_t length_bytes = 4;
constexpr std::size_t read_bytes_min = std::size_t{16} << 10U;
/// Buffers larger than this are given back after use.
constexpr std::size_t kept_bytes_max = std::size_t{256} << 10U;

/// A stream whose other end is gone must make way for a new one long before the system would think
/// so: while a partition lasts, the system asks at ever longer intervals, and would stay silent for
/// as long again after its end.
constexpr unsigned unacknowledged_ms_max = 3'000;
constexpr int keepalive_idle_seconds = 3;
constexpr int keepalive_interval_seconds = 1;
constexpr int keepalive_count = 3;
/// What the system takes ahead of the network: little, so that a piece of a snapshot in it does not
/// hold up what matters more.
constexpr int unsent_bytes_max = 128 << 10;

void set_options(int fd) {
  const auto set = [fd](int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, keepalive_count);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms_max);
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes_max);
}

std::size_t read_length(const std::byte* at) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= std::to_integer<std::size_t>(at[i]) << (8 * i);
  }
  return length;
}

}  // namespace

PeerLinks::Link::Link(PeerLinks& owner, std::string peer, const Address& address)
    : owner_(&owner),
      peer_(std::move(peer)),
      address_(address),
      socket_(owner.io_),
      heard_(current_instant()),
      written_(heard_) {
  ++owner.links_;
}

// --- Opening ---------------------------------------------------------------------------------

void PeerLinks::Link::open() {
  opening_ = std::make_shared<FrameStream>(owner_->io_, owner_->opening_budget_);
  opening_->expire_after(owner_->setup_.times.connect_max, [this] { fail(); });
  resume();
}

void PeerLinks::Link::connect() {
  has_connected_ = true;
  opening_->connect(owner_->setup_.from, address_, [this](std::optional<StreamFailure> failure) {
    if (failure) return fail();
    say_hello();
  });
}

void PeerLinks::Link::say_hello() {
  ByteVector hello;
  wire::encode_frame(
      {.cluster = owner_->setup_.cluster, .sender = owner_->setup_.life, .health = 0},
      wire::AgreementHello{owner_->setup_.self}, hello);
  opening_->expire_after(owner_->setup_.times.connect_max, [this] { fail(); });
  opening_->write(std::move(hello), [this](std::optional<StreamFailure> failure) {
    if (failure) return fail();
    opening_->read([this](const std::expected<Bytes, StreamFailure>& frame) { on_answer(frame); });
  });
}

/// Another member may have the address by now.
void PeerLinks::Link::on_answer(const std::expected<Bytes, StreamFailure>& frame) {
  if (!frame) return fail();
  const auto head = wire::decode_frame_head(frame->first(wire::frame_head_bytes));
  const auto message = wire::decode_frame_body(frame->subspan(wire::frame_head_bytes));
  const auto* const welcome = message ? std::get_if<wire::AgreementWelcome>(&*message) : nullptr;
  if (!head || head->envelope.cluster != owner_->setup_.cluster || welcome == nullptr ||
      welcome->name != peer_) {
    ++owner_->counters_.opens_refused;
    return fail();
  }
  is_welcome_ = true;
  resume();
}

void PeerLinks::Link::establish() {
  UniqueFd socket = std::exchange(opening_, nullptr)->release();
  if (!take_over(std::move(socket), address_.is_v4())) return fail();
  is_established_ = true;
  owner_->on_established(*this);
  if (!is_closed()) read();
}

void PeerLinks::Link::begin(UniqueFd socket, bool is_v4) {
  if (!take_over(std::move(socket), is_v4)) return fail();
  is_established_ = true;
  ByteVector welcome;
  wire::encode_frame(
      {.cluster = owner_->setup_.cluster, .sender = owner_->setup_.life, .health = 0},
      wire::AgreementWelcome{owner_->setup_.self}, welcome);
  write(std::move(welcome));
  read();
}

bool PeerLinks::Link::take_over(UniqueFd socket, bool is_v4) {
  set_options(socket.get());
  Error error;
  socket_.assign(is_v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), socket.get(), error);
  if (error) return false;
  static_cast<void>(socket.release());
  return true;
}

// --- Faults ----------------------------------------------------------------------------------

void PeerLinks::Link::resume() {
  if (is_closed()) return;
  const StreamFaults::Line faults = owner_->faults_of(*this);
  if (opening_) {
    if (faults.is_in_cut || faults.is_out_cut) return;
    if (is_welcome_) return establish();
    if (!has_connected_) connect();
    return;
  }
  if (!faults.is_in_cut && held_read_) {
    const auto [error, bytes] = *std::exchange(held_read_, std::nullopt);
    on_read(error, bytes);
  }
}

// --- Reading ---------------------------------------------------------------------------------

void PeerLinks::Link::read() {
  make_room();
  socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                          [self = shared_from_this()](const Error& error, std::size_t bytes) {
                            if (!self->is_closed()) self->on_read(error, bytes);
                          });
}

/// There is always room for more of the frame that is arriving, and never for more than twice what
/// has arrived of it.
void PeerLinks::Link::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > kept_bytes_max) buffer_ = {};
  } else if (begin_ > 0 && buffer_.size() - end_ < read_bytes_min) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() - end_ >= read_bytes_min) return;
  buffer_.resize(std::max(2 * end_, 4 * read_bytes_min));
}

void PeerLinks::Link::on_read(const Error& error, std::size_t bytes) {
  if (owner_->faults_of(*this).is_in_cut) {
    held_read_ = {error, bytes};
    return;
  }
  if (error) return fail();
  end_ += bytes;
  heard_ = current_instant();
  const auto self = shared_from_this();
  if (take_frames()) read();
}

/// False when the link has ended.
bool PeerLinks::Link::take_frames() {
  while (end_ - begin_ >= length_bytes) {
    const std::size_t length = read_length(buffer_.data() + begin_);
    if (length > consensus::frame_bytes_max) {
      ++owner_->counters_.frames_malformed;
      fail();
      return false;
    }
    if (end_ - begin_ < length_bytes + length) break;
    const Bytes frame = Bytes(buffer_).subspan(begin_ + length_bytes, length);
    begin_ += length_bytes + length;
    owner_->on_frame_bytes(*this, frame);
    if (is_closed()) return false;
  }
  return true;
}

// --- Writing ---------------------------------------------------------------------------------

bool PeerLinks::Link::can_write() const {
  return is_established_ && !is_writing() && !owner_->faults_of(*this).is_out_cut;
}

void PeerLinks::Link::write(ByteVector bytes) {
  ROLLCALL_CHECK(!is_writing());
  writing_ = std::move(bytes);
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const Error& error, std::size_t) {
                      if (!self->is_closed()) self->on_written(error);
                    });
}

void PeerLinks::Link::on_written(const Error& error) {
  // While the peer is cut off, its host's word is not heard either; reading tells when it is.
  if (error && owner_->faults_of(*this).is_in_cut) return;
  if (error) return fail();
  written_ = current_instant();
  writing_.clear();
  if (writing_.capacity() > kept_bytes_max) writing_ = {};
  owner_->pump(owner_->peer_of(peer_));
}

// --- Ending ----------------------------------------------------------------------------------

void PeerLinks::Link::fail() {
  PeerLinks& owner = *owner_;
  const auto self = shared_from_this();
  close();
  owner.on_ended(*this);
}

void PeerLinks::Link::close() {
  if (is_closed()) return;
  --owner_->links_;
  if (opening_) opening_->close();
  Error ignored;
  if (socket_.is_open() && owner_->faults_of(*this).is_out_cut) {
    if (owner_->kept_open_.size() >= closed_kept_max) owner_->kept_open_.pop_front();
    owner_->kept_open_.push_back({address_, UniqueFd(socket_.release(ignored))});
  }
  socket_.close(ignored);
  owner_ = nullptr;
}

}  // namespace rollcall::runtime
