// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "core/effects.hpp"
#include "runtime/frame_stream.hpp"
#include "runtime/stream_host.hpp"

namespace rollcall::runtime {

/// The streams kept open to neighbours, whose end tells that a process has ended.
///
/// Errors:  each watch ends in exactly one on_watch_closed(), unless it was ended by close().
/// Limits:  watches_max streams at a time; more are told that they closed.
/// Threads: none; the loop's thread only.
class Watches {
 public:
  static constexpr std::size_t watches_max = 64;

  /// from: the local address to connect from; unspecified leaves it to the system.
  Watches(boost::asio::io_context& io, const Address& from, StreamHost& host);
  ~Watches() { close_all(); }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// The timeout is for opening: connect, frame out, frame back.
  void open(core::WatchId id, const Address& to, Bytes frame, Duration timeout);
  void close(core::WatchId id);
  void close_all();
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  void greet(core::WatchId id, ByteVector frame);
  void await_greeting(core::WatchId id);
  void on_opened(core::WatchId id, Bytes frame);
  void fail(core::WatchId id, core::CloseReason reason);
  void fail_later(core::WatchId id);

  boost::asio::io_context& io_;
  Address from_;
  StreamHost& host_;
  ByteBudget budget_;
  std::map<core::WatchId, std::shared_ptr<FrameStream>> streams_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
