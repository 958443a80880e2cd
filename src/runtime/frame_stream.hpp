// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "core/node.hpp"
#include "runtime/fault_layer.hpp"
#include "runtime/unique_fd.hpp"
#include "wire/messages.hpp"

namespace rollcall::runtime {

/// How an operation on a stream ended without success.
enum class StreamFailure : std::uint8_t {
  refused,        // the host says that nothing listens
  reset,          // torn down by the other side
  end_of_stream,  // closed in good order by the other side
  timeout,        // by the system; a stream's own deadline goes through on_expired
  unreachable,    // no route, network down, not permitted
  malformed,      // not a frame
  wrong_version,  // a frame of another version
  too_long,       // a frame above wire::frame_bytes_max
  overloaded,     // no room for the frame in the byte budget
  other
};
std::string_view to_text(StreamFailure failure);
core::ExchangeError exchange_error(StreamFailure failure);
core::CloseReason close_reason(StreamFailure failure);

/// How many bytes of unfinished frames a set of streams may hold together.
struct ByteBudget {
  std::size_t left = 0;
};

/// One TCP connection that carries frames.
///
/// Order:   one operation at a time, in each direction.
/// Errors:  values given to the callbacks. After close() no callback comes.
/// Limits:  memory for a frame grows as its bytes arrive, never by the length it claims, and is
///          taken from the budget.
/// Threads: none; the loop's thread only. Keeps itself alive while an operation is under way; the
///          budget must live until close().
class FrameStream : public std::enable_shared_from_this<FrameStream> {
 public:
  using Done = std::function<void(std::optional<StreamFailure>)>;
  using OnFrame = std::function<void(std::expected<Bytes, StreamFailure>)>;

  FrameStream(boost::asio::io_context& io, ByteBudget& budget);
  /// Takes over an accepted connection.
  FrameStream(boost::asio::io_context& io, ByteBudget& budget, UniqueFd fd, bool is_v4);
  ~FrameStream();
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;

  /// Lets faults hold the stream back; they must live until close(). The peer is known for a
  /// stream that goes to him; who opened one is learned from what he says.
  void obey(FaultLayer* faults, const std::optional<Address>& peer) {
    faults_ = faults;
    peer_ = peer;
  }

  /// Connects, from the IP of the given address unless that is unspecified.
  void connect(const Address& from, const Address& to, Done done);
  void write(ByteVector frame, Done done);
  /// Reads one whole frame; the bytes given are valid until the next read() or close(). Calls
  /// on_head, if given, when the length of the frame is known.
  void read(OnFrame done, std::function<void(std::size_t)> on_head = nullptr);
  /// Waits until the other side ends the stream; anything it says instead is malformed.
  void wait_for_end(Done done);

  /// Calls on_expired once when the duration has passed, unless set anew or closed before. A
  /// process that slept over the deadline gets a moment to read what has already arrived.
  void expire_after(Duration duration, std::function<void()> on_expired);
  void no_deadline();

  /// Notices within about half a minute when the other host is gone without a word.
  void detect_dead_host();
  /// Tells the other side that nothing more comes, hears it out for a moment, and calls back.
  /// Without the hearing, what it is still sending would destroy what we said last.
  void finish(std::function<void()> done);
  /// Gives the connection away, with what has arrived after the last frame read, and is closed. No
  /// operation may be under way.
  [[nodiscard]] UniqueFd release();
  void close();
  [[nodiscard]] bool is_closed() const { return budget_ == nullptr; }

 private:
  using Passage = FaultLayer::Passage;

  /// Calls, at once or when no fault holds that any more. Until close(), as everything.
  template <class Call>
  void pass(Passage passage, Call call) {
    if (faults_ == nullptr || !faults_->any() || !faults_->holds(passage, peer())) return call();
    hold(passage, std::move(call));
  }
  void hold(Passage passage, std::function<void()> call);
  void resume();
  [[nodiscard]] std::optional<Address> peer() const;
  void learn_peer(Bytes frame);
  void start_connect(const Address& from, const Address& to, Done done);
  void start_write(Done done);
  void give_frame(std::expected<Bytes, StreamFailure> frame, OnFrame done);
  bool open_for(const Address& from, const Address& to);
  void post_failure(Done done, StreamFailure failure);
  void read_body(std::size_t frame_bytes, OnFrame done);
  bool grow_for(std::size_t frame_bytes);
  void release_frame();
  void arm(Duration duration);
  void on_timer();
  void discard_rest(std::size_t bytes_left, std::function<void()> done);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::function<void()> on_expired_;
  bool has_grace_ = false;
  ByteBudget* budget_;  // null once closed
  std::size_t charged_ = 0;
  ByteVector outgoing_;
  ByteVector frame_;
  std::size_t filled_ = 0;

  FaultLayer* faults_ = nullptr;
  std::optional<Address> peer_;
  LifeId sender_;  // of the last frame read
  std::vector<std::pair<Passage, std::function<void()>>> held_;
};

}  // namespace rollcall::runtime
