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

/// The streams that this member opened for questions: a frame out, a frame back, in turn.
///
/// Errors:  each request ends in exactly one on_exchange_reply() or on_exchange_failed(), unless
///          it was ended by end().
/// Limits:  exchanges_max streams at a time; more are told unreachable. An answered exchange that
///          nobody continues or ends is closed after idle_time_max.
/// Threads: none; the loop's thread only.
class Exchanges {
 public:
  static constexpr std::size_t exchanges_max = 1024;
  static constexpr Duration idle_time_max = std::chrono::seconds(30);

  /// from: the local address to connect from; unspecified leaves it to the system.
  Exchanges(boost::asio::io_context& io, const Address& from, StreamHost& host);
  ~Exchanges() { close_all(); }
  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;

  void start(core::ExchangeId id, const Address& to, Bytes frame, Duration timeout);
  void proceed(core::ExchangeId id, Bytes frame, Duration timeout);
  void end(core::ExchangeId id);
  void close_all();
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  void ask(core::ExchangeId id, ByteVector frame);
  void await_reply(core::ExchangeId id);
  void on_reply(core::ExchangeId id, Bytes frame);
  void fail(core::ExchangeId id, core::ExchangeError error);
  void fail_later(core::ExchangeId id, core::ExchangeError error);
  FrameStream* find(core::ExchangeId id);

  boost::asio::io_context& io_;
  Address from_;
  StreamHost& host_;
  ByteBudget budget_;
  std::map<core::ExchangeId, std::shared_ptr<FrameStream>> streams_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
