// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/effects.hpp"
#include "runtime/frame_stream.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/stream_host.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// The streams that peers open to this member: accepted, read frame by frame, answered. One that
/// begins with agreement-hello is handed over to the host, socket and all.
///
/// Errors:  what is no frame is answered with a refusal that says why, and closed.
/// Limits:  the named constants below. When all places are taken, a stream that never said
///          anything whole gives way to a newcomer; else the newcomer is refused as overloaded.
///          A stream must deliver its first frame, and each frame that it began, within
///          frame_time_max plus its length at frame_bytes_per_second_min. A stream that is idle
///          between frames is closed after idle_time_max, except a watch, which stays.
/// Threads: none; the loop's thread only.
class InboundStreams {
 public:
  static constexpr std::size_t streams_max = 512;
  /// One host cannot take every place. Loopback is exempt: all of a test cluster lives there.
  static constexpr std::size_t streams_per_ip_max = 256;
  static constexpr std::size_t unfinished_bytes_max = std::size_t{64} << 20U;
  static constexpr std::size_t frame_bytes_per_second_min = std::size_t{256} << 10U;

  /// The limits in time; tests shorten them.
  struct Times {
    Duration frame_time_max = std::chrono::seconds(10);
    Duration idle_time_max = std::chrono::seconds(30);
    /// How long accepting rests when the process has no descriptor left.
    Duration accept_rest = std::chrono::milliseconds(100);
  };

  /// Takes over a listening socket.
  InboundStreams(boost::asio::io_context& io, UniqueFd listener, StreamHost& host, Times times);
  ~InboundStreams() { close_all(); }
  InboundStreams(const InboundStreams&) = delete;
  InboundStreams& operator=(const InboundStreams&) = delete;

  void start() { wait_for_peer(); }
  void reply(core::StreamId id, Bytes frame, core::AfterReply then);
  void close_all();
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  using Ip = std::array<std::uint8_t, 16>;

  enum class Standing : std::uint8_t {
    unproven,  // nothing whole came yet
    asking,    // between frames
    watching,  // kept open for its end
    finishing  // all is said; the core has done with it
  };
  struct Entry {
    std::shared_ptr<FrameStream> stream;
    Address from;
    Standing standing = Standing::unproven;
  };

  void wait_for_peer();
  void accept_some();
  bool accept_one();
  void rest();
  void admit(UniqueFd fd, const Address& from);
  void turn_away(int fd, const Address& from);
  bool make_room(const Address& from);
  bool evict_unproven();
  void read(core::StreamId id);
  void on_frame(core::StreamId id, Bytes frame);
  void hand_over(core::StreamId id, Bytes hello, std::string name);
  void on_failure(core::StreamId id, StreamFailure failure);
  void refuse(core::StreamId id, wire::RefusalCode code, std::string_view detail);
  [[nodiscard]] ByteVector refusal_frame(wire::RefusalCode code, std::string_view detail) const;
  void on_replied(core::StreamId id);
  void say_last(core::StreamId id, ByteVector frame);
  void end(core::StreamId id, core::CloseReason reason);
  void forget(core::StreamId id);
  void set_deadline(core::StreamId id, Duration duration);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer rest_timer_;
  StreamHost& host_;
  Times times_;
  ByteBudget budget_;
  std::uint64_t next_id_ = 1;
  std::map<core::StreamId, Entry> streams_;
  std::map<Ip, std::size_t> count_by_ip_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
