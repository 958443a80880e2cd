// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/inbound_streams.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "wire/stream.hpp"

namespace rollcall::runtime {
namespace {

/// Connections accepted before other work has its turn.
constexpr int accepts_per_turn = 64;
/// Replies longer than this are no greeting of a watch.
constexpr std::size_t watch_reply_bytes_max = wire::frame_head_bytes + 16;

Duration time_for(std::size_t bytes) {
  return from_seconds(static_cast<double>(bytes) /
                      static_cast<double>(InboundStreams::frame_bytes_per_second_min));
}

/// Whether the core has just agreed to be watched on this stream.
bool is_watch_reply(Bytes frame) {
  if (frame.size() > watch_reply_bytes_max) return false;
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  return message && std::holds_alternative<wire::WatchAck>(*message);
}

/// The name in a frame that is agreement-hello.
std::optional<std::string> hello_name(Bytes frame) {
  constexpr std::size_t longest = wire::frame_head_bytes + 2 + wire::name_bytes_max;
  if (frame.size() > longest) return std::nullopt;
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  const auto* const hello = message ? std::get_if<wire::AgreementHello>(&*message) : nullptr;
  return hello == nullptr ? std::nullopt : std::optional(std::string(hello->name));
}

std::string_view agreement_refusal(wire::RefusalCode code) {
  switch (code) {
    case wire::RefusalCode::no_agreement:
      return "this member takes no part in what is agreed";
    case wire::RefusalCode::not_joined:
      return "this member does not know you, or is no part of a cluster now";
    default:
      return wire::to_text(code);
  }
}

struct Refusal {
  wire::RefusalCode code{};
  std::string detail;
};

/// What to tell a peer; nothing if he ended the stream himself.
std::optional<Refusal> refusal_for(StreamFailure failure) {
  switch (failure) {
    case StreamFailure::malformed:
      return Refusal{wire::RefusalCode::malformed, "this is no rollcall frame"};
    case StreamFailure::too_long:
      return Refusal{wire::RefusalCode::malformed,
                     "a frame has at most " + std::to_string(wire::frame_bytes_max) + " bytes"};
    case StreamFailure::wrong_version:
      return Refusal{wire::RefusalCode::wrong_version,
                     "this member speaks version " + std::to_string(wire::version)};
    case StreamFailure::overloaded:
      return Refusal{wire::RefusalCode::overloaded, "too many bytes are under way"};
    case StreamFailure::refused:
    case StreamFailure::reset:
    case StreamFailure::end_of_stream:
    case StreamFailure::timeout:
    case StreamFailure::unreachable:
    case StreamFailure::other:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

InboundStreams::InboundStreams(boost::asio::io_context& io, UniqueFd listener, StreamHost& host,
                               Times times)
    : io_(io),
      listener_(io, listener.release()),
      rest_timer_(io),
      host_(host),
      times_(times),
      budget_{unfinished_bytes_max} {}

// --- Accepting -----------------------------------------------------------------------------

void InboundStreams::wait_for_peer() {
  listener_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [this, alive = alive_](const boost::system::error_code& error) {
                         if (!error && *alive) accept_some();
                       });
}

void InboundStreams::accept_some() {
  FaultLayer* const faults = host_.faults();
  if (faults != nullptr && faults->is_frozen()) {
    return faults->after_thaw([this, alive = alive_] {
      if (*alive) accept_some();
    });
  }
  for (int i = 0; i < accepts_per_turn; ++i) {
    if (!accept_one()) return;
  }
  wait_for_peer();
}

/// Returns whether to go on at once; if not, what wakes us next is set up.
bool InboundStreams::accept_one() {
  RawAddress raw;
  UniqueFd fd(
      ::accept4(listener_.native_handle(), raw.data(), &raw.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.is_open()) {
    admit(std::move(fd), from_raw(raw));
    return true;
  }
  switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      rest();
      return false;
    case EAGAIN:
      wait_for_peer();
      return false;
    default:
      return true;  // an error of that connection; the next may be sound
  }
}

void InboundStreams::rest() {
  evict_unproven();
  rest_timer_.expires_after(times_.accept_rest);
  rest_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) wait_for_peer();
  });
}

void InboundStreams::admit(UniqueFd fd, const Address& from) {
  if (!make_room(from)) return turn_away(fd.get(), from);
  const auto id = core::StreamId{next_id_++};
  auto stream = std::make_shared<FrameStream>(io_, budget_, std::move(fd), from.is_v4());
  stream->obey(host_.faults(), std::nullopt);
  streams_.emplace(id, Entry{std::move(stream), from, Standing::unproven});
  ++count_by_ip_[from.ip];
  set_deadline(id, times_.frame_time_max);
  read(id);
}

/// Says why, as far as that is possible without giving the stream a place, and lets go of it.
void InboundStreams::turn_away(int fd, const Address& from) {
  const ByteVector frame = refusal_frame(wire::RefusalCode::overloaded, "no place for a stream");
  // An empty send buffer takes it whole; the peer may still see no more than a reset.
  static_cast<void>(::send(fd, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  host_.on_stream_refused(from, wire::RefusalCode::overloaded);
}

bool InboundStreams::make_room(const Address& from) {
  const auto same_ip = count_by_ip_.find(from.ip);
  const bool has_too_many =
      same_ip != count_by_ip_.end() && !is_loopback(from) && same_ip->second >= streams_per_ip_max;
  if (has_too_many) return false;
  return streams_.size() < streams_max || evict_unproven();
}

/// Closes the oldest stream that never said anything whole.
bool InboundStreams::evict_unproven() {
  const auto oldest = std::ranges::find_if(
      streams_, [](const auto& stream) { return stream.second.standing == Standing::unproven; });
  if (oldest == streams_.end()) return false;
  host_.on_stream_refused(oldest->second.from, wire::RefusalCode::overloaded);
  forget(oldest->first);
  return true;
}

// --- Frames --------------------------------------------------------------------------------

void InboundStreams::read(core::StreamId id) {
  streams_.at(id).stream->read(
      [this, id](std::expected<Bytes, StreamFailure> frame) {
        if (!frame) return on_failure(id, frame.error());
        on_frame(id, *frame);
      },
      [this, id](std::size_t bytes) { set_deadline(id, times_.frame_time_max + time_for(bytes)); });
}

void InboundStreams::on_frame(core::StreamId id, Bytes frame) {
  Entry& entry = streams_.at(id);
  // Kept alive: the core may end the stream while it reads the frame.
  const std::shared_ptr<FrameStream> stream = entry.stream;
  if (entry.standing == Standing::unproven) {
    if (auto name = hello_name(frame)) return hand_over(id, frame, std::move(*name));
    entry.standing = Standing::asking;
  }
  set_deadline(id, times_.idle_time_max);
  host_.on_request(id, entry.from, frame);
}

void InboundStreams::hand_over(core::StreamId id, Bytes hello, std::string name) {
  const auto head = wire::decode_frame_head(hello.first(wire::frame_head_bytes));
  if (!head) return refuse(id, wire::RefusalCode::malformed, wire::to_text(head.error()));
  const auto address = host_.admit_agreement(head->envelope, name);
  if (!address) return refuse(id, address.error(), agreement_refusal(address.error()));
  const Entry& entry = streams_.at(id);
  AgreementStream stream{.socket = entry.stream->release(),
                         .is_v4 = entry.from.is_v4(),
                         .name = std::move(name),
                         .life = head->envelope.sender,
                         .address = *address};
  forget(id);
  host_.on_agreement_stream(std::move(stream));
}

void InboundStreams::reply(core::StreamId id, Bytes frame, core::AfterReply then) {
  const auto at = streams_.find(id);
  if (at == streams_.end() || at->second.standing == Standing::finishing) return;
  if (then == core::AfterReply::close) return say_last(id, {frame.begin(), frame.end()});
  if (is_watch_reply(frame)) at->second.standing = Standing::watching;
  set_deadline(id, times_.frame_time_max + time_for(frame.size()));
  at->second.stream->write({frame.begin(), frame.end()}, [this, id](auto failure) {
    if (failure) return end(id, close_reason(*failure));
    on_replied(id);
  });
}

void InboundStreams::on_replied(core::StreamId id) {
  const Entry& entry = streams_.at(id);
  if (entry.standing == Standing::watching) {
    entry.stream->no_deadline();
    entry.stream->detect_dead_host();
  } else {
    set_deadline(id, times_.idle_time_max);
  }
  read(id);
}

void InboundStreams::on_failure(core::StreamId id, StreamFailure failure) {
  if (const auto refusal = refusal_for(failure)) return refuse(id, refusal->code, refusal->detail);
  end(id, close_reason(failure));
}

void InboundStreams::refuse(core::StreamId id, wire::RefusalCode code, std::string_view detail) {
  const Entry& entry = streams_.at(id);
  const bool is_known = entry.standing != Standing::unproven;
  const Address from = entry.from;
  say_last(id, refusal_frame(code, detail));
  host_.on_stream_refused(from, code);
  if (is_known) host_.on_stream_closed(id, core::CloseReason::other);
}

ByteVector InboundStreams::refusal_frame(wire::RefusalCode code, std::string_view detail) const {
  ByteVector frame;
  wire::encode_frame(host_.envelope(), wire::Refused{code, detail}, frame);
  return frame;
}

// --- Ending --------------------------------------------------------------------------------

void InboundStreams::say_last(core::StreamId id, ByteVector frame) {
  Entry& entry = streams_.at(id);
  entry.standing = Standing::finishing;
  set_deadline(id, times_.frame_time_max + time_for(frame.size()));
  entry.stream->write(std::move(frame), [this, id](auto failure) {
    if (failure) return forget(id);
    streams_.at(id).stream->finish([this, id] { forget(id); });
  });
}

void InboundStreams::end(core::StreamId id, core::CloseReason reason) {
  const Standing standing = streams_.at(id).standing;
  forget(id);
  const bool is_known = standing == Standing::asking || standing == Standing::watching;
  if (is_known) host_.on_stream_closed(id, reason);
}

void InboundStreams::set_deadline(core::StreamId id, Duration duration) {
  streams_.at(id).stream->expire_after(duration,
                                       [this, id] { end(id, core::CloseReason::timeout); });
}

void InboundStreams::forget(core::StreamId id) {
  const auto at = streams_.find(id);
  const auto same_ip = count_by_ip_.find(at->second.from.ip);
  if (--same_ip->second == 0) count_by_ip_.erase(same_ip);
  const std::shared_ptr<FrameStream> stream = std::move(at->second.stream);
  streams_.erase(at);
  stream->close();
}

void InboundStreams::close_all() {
  *alive_ = false;
  boost::system::error_code ignored;
  listener_.close(ignored);
  rest_timer_.cancel();
  for (const auto& [id, entry] : streams_) entry.stream->close();
  streams_.clear();
  count_by_ip_.clear();
}

}  // namespace rollcall::runtime
