// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/watches.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace rollcall::runtime {
namespace {

/// A greeting is a few dozen bytes.
constexpr std::size_t greeting_bytes_max = std::size_t{1} << 20U;

}  // namespace

Watches::Watches(boost::asio::io_context& io, const Address& from, StreamHost& host)
    : io_(io),
      from_(from),
      host_(host),
      budget_{greeting_bytes_max} {}

void Watches::open(core::WatchId id, const Address& to, Bytes frame, Duration timeout) {
  if (streams_.size() >= watches_max || streams_.contains(id)) return fail_later(id);
  auto stream = std::make_shared<FrameStream>(io_, budget_);
  streams_.emplace(id, stream);
  stream->obey(host_.faults(), to);
  stream->expire_after(timeout, [this, id] { fail(id, core::CloseReason::timeout); });
  stream->connect(
      from_, to,
      [this, id, greeting = ByteVector(frame.begin(), frame.end())](auto failure) mutable {
        if (failure) return fail(id, close_reason(*failure));
        greet(id, std::move(greeting));
      });
}

void Watches::greet(core::WatchId id, ByteVector frame) {
  streams_.at(id)->write(std::move(frame), [this, id](auto failure) {
    if (failure) return fail(id, close_reason(*failure));
    await_greeting(id);
  });
}

void Watches::await_greeting(core::WatchId id) {
  streams_.at(id)->read([this, id](std::expected<Bytes, StreamFailure> frame) {
    if (!frame) return fail(id, close_reason(frame.error()));
    on_opened(id, *frame);
  });
}

void Watches::on_opened(core::WatchId id, Bytes frame) {
  const std::shared_ptr<FrameStream> stream = streams_.at(id);
  stream->no_deadline();
  stream->detect_dead_host();
  host_.on_watch_opened(id, frame);
  if (stream->is_closed()) return;
  stream->wait_for_end(
      [this, id](auto failure) { fail(id, close_reason(failure.value_or(StreamFailure::other))); });
}

void Watches::fail(core::WatchId id, core::CloseReason reason) {
  close(id);
  host_.on_watch_closed(id, reason);
}

void Watches::fail_later(core::WatchId id) {
  boost::asio::post(io_, [this, alive = alive_, id] {
    if (*alive) host_.on_watch_closed(id, core::CloseReason::other);
  });
}

void Watches::close(core::WatchId id) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  const std::shared_ptr<FrameStream> stream = std::move(at->second);
  streams_.erase(at);
  stream->close();
}

void Watches::close_all() {
  *alive_ = false;
  for (const auto& [id, stream] : streams_) stream->close();
  streams_.clear();
}

}  // namespace rollcall::runtime
