// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/exchanges.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace rollcall::runtime {
namespace {

/// Replies under way together. Whoever we ask, we asked; but he may answer with too much.
constexpr std::size_t reply_bytes_max = std::size_t{128} << 20U;

ByteVector copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Exchanges::Exchanges(boost::asio::io_context& io, const Address& from, StreamHost& host)
    : io_(io),
      from_(from),
      host_(host),
      budget_{reply_bytes_max} {}

void Exchanges::start(core::ExchangeId id, const Address& to, Bytes frame, Duration timeout) {
  if (streams_.size() >= exchanges_max || streams_.contains(id)) {
    fail_later(id, core::ExchangeError::unreachable);
    return;
  }
  auto stream = std::make_shared<FrameStream>(io_, budget_);
  streams_.emplace(id, stream);
  stream->obey(host_.faults(), to);
  stream->expire_after(timeout, [this, id] { fail(id, core::ExchangeError::timeout); });
  stream->connect(from_, to, [this, id, frame = copy_of(frame)](auto failure) mutable {
    if (failure) return fail(id, exchange_error(*failure));
    ask(id, std::move(frame));
  });
}

void Exchanges::proceed(core::ExchangeId id, Bytes frame, Duration timeout) {
  FrameStream* const stream = find(id);
  if (stream == nullptr) return fail_later(id, core::ExchangeError::reset);
  stream->expire_after(timeout, [this, id] { fail(id, core::ExchangeError::timeout); });
  ask(id, copy_of(frame));
}

void Exchanges::ask(core::ExchangeId id, ByteVector frame) {
  find(id)->write(std::move(frame), [this, id](auto failure) {
    // A peer that refuses at once may have said why before it closed.
    const bool may_have_answered = failure == StreamFailure::reset;
    if (failure && !may_have_answered) return fail(id, exchange_error(*failure));
    await_reply(id);
  });
}

void Exchanges::await_reply(core::ExchangeId id) {
  find(id)->read([this, id](std::expected<Bytes, StreamFailure> frame) {
    if (!frame) return fail(id, exchange_error(frame.error()));
    on_reply(id, *frame);
  });
}

void Exchanges::on_reply(core::ExchangeId id, Bytes frame) {
  // Kept alive: the core may end the exchange while it reads the frame.
  const std::shared_ptr<FrameStream> stream = streams_.at(id);
  stream->expire_after(idle_time_max, [this, id] { end(id); });
  host_.on_exchange_reply(id, frame);
}

void Exchanges::fail(core::ExchangeId id, core::ExchangeError error) {
  end(id);
  host_.on_exchange_failed(id, error);
}

void Exchanges::fail_later(core::ExchangeId id, core::ExchangeError error) {
  boost::asio::post(io_, [this, alive = alive_, id, error] {
    if (*alive) host_.on_exchange_failed(id, error);
  });
}

FrameStream* Exchanges::find(core::ExchangeId id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : at->second.get();
}

void Exchanges::end(core::ExchangeId id) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  const std::shared_ptr<FrameStream> stream = std::move(at->second);
  streams_.erase(at);
  stream->close();
}

void Exchanges::close_all() {
  *alive_ = false;
  for (const auto& [id, stream] : streams_) stream->close();
  streams_.clear();
}

}  // namespace rollcall::runtime
