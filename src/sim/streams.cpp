// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/streams.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace rollcall::sim {
namespace {

using core::CloseReason;
using core::ExchangeError;

/// Segments of one frame beyond which more of them make it no slower.
constexpr std::size_t counted_segments_max = 32;
constexpr std::uint16_t first_ephemeral_port = 40'000;
constexpr std::uint64_t ephemeral_port_count = 20'000;

ByteVector copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

ExchangeError to_exchange_error(CloseReason reason) {
  switch (reason) {
    case CloseReason::refused:
      return ExchangeError::refused;
    case CloseReason::timeout:
      return ExchangeError::timeout;
    case CloseReason::end_of_stream:
    case CloseReason::reset:
    case CloseReason::other:
      break;
  }
  return ExchangeError::reset;
}

}  // namespace

// --- What nodes ask for ----------------------------------------------------------------------

void Streams::start_exchange(ProcessId by, core::ExchangeId id, const Address& to, Bytes frame,
                             Duration timeout) {
  open({by, Use::exchange, static_cast<std::uint64_t>(id)}, to, frame, timeout);
}

void Streams::open_watch(ProcessId by, core::WatchId id, const Address& to, Bytes frame,
                         Duration timeout) {
  open({by, Use::watch, static_cast<std::uint64_t>(id)}, to, frame, timeout);
}

void Streams::continue_exchange(ProcessId by, core::ExchangeId id, Bytes frame, Duration timeout) {
  const auto found = opened_.find({by, Use::exchange, static_cast<std::uint64_t>(id)});
  if (found == opened_.end()) {
    // The peer has closed since it answered; only now does the opener get to hear of it.
    fabric_.after(Duration::zero(), [this, by, id] {
      deliver_(by, Source::wire, [id](core::Node& node, Instant now, core::Effects& effects) {
        node.on_exchange_failed(id, ExchangeError::reset, now, effects);
      });
    });
    return;
  }
  Connection& connection = connections_.at(found->second);
  connection.is_awaited = true;
  ++connection.request_count;
  expire_later(found->second, timeout);
  send(found->second, Side::opener, {ItemKind::frame, copy_of(frame)});
}

void Streams::end_exchange(ProcessId by, core::ExchangeId id) {
  close_opened({by, Use::exchange, static_cast<std::uint64_t>(id)});
}

void Streams::close_watch(ProcessId by, core::WatchId id) {
  close_opened({by, Use::watch, static_cast<std::uint64_t>(id)});
}

void Streams::reply(ProcessId by, core::StreamId id, Bytes frame, core::AfterReply then) {
  const auto connection_id = static_cast<ConnectionId>(id);
  Connection* connection = find_open(connection_id, Side::acceptor);
  if (connection == nullptr || connection->end(Side::acceptor).process != by) return;
  send(connection_id, Side::acceptor, {ItemKind::frame, copy_of(frame)});
  if (then == core::AfterReply::close) close_end(connection_id, Side::acceptor);
}

void Streams::close_opened(const OpenedKey& key) {
  const auto found = opened_.find(key);
  if (found != opened_.end()) close_end(found->second, Side::opener);
}

// --- Connecting ------------------------------------------------------------------------------

void Streams::open(const OpenedKey& key, const Address& to, Bytes frame, Duration timeout) {
  const ConnectionId id = next_id_++;
  const bool is_new = opened_.emplace(key, id).second;
  ROLLCALL_CHECK(is_new);
  const auto& [process, use, opener_id] = key;
  Connection& connection = connections_[id];
  connection.use = use;
  connection.opener_id = opener_id;
  connection.to = to;
  connection.end(Side::opener) = {process, true};
  connection.first_frame = copy_of(frame);
  by_process_[process].insert(id);
  expire_later(id, timeout);
  connect(id, 0);
}

void Streams::connect(ConnectionId id, unsigned attempt) {
  Connection* connection = find_open(id, Side::opener);
  if (connection == nullptr) return;
  const HostId from = connection->end(Side::opener).process.host;
  const auto to = fabric_.host_at(connection->to);
  Network& network = fabric_.network();
  const bool passes = to && fabric_.path_is_up(from, *to) && !network.loses_segment(from, *to) &&
                      fabric_.path_is_up(*to, from) && !network.loses_segment(*to, from);
  if (!passes) {
    connect_again(id, attempt);
    return;
  }
  const Duration round_trip = network.draw_delay(from, *to) + network.draw_delay(*to, from);
  fabric_.after(round_trip, [this, id] { finish_connect(id); });
}

void Streams::connect_again(ConnectionId id, unsigned attempt) {
  if (attempt == retry_count_max) return;  // the opener's own time-out is long past
  fabric_.after(connect_retry_first * (1 << attempt),
                [this, id, attempt] { connect(id, attempt + 1); });
}

void Streams::finish_connect(ConnectionId id) {
  Connection* connection = find_open(id, Side::opener);
  if (connection == nullptr) return;
  const auto listener = fabric_.listener_at(connection->to);
  if (!listener) {
    fail_later(id, Side::opener, Source::wire, CloseReason::refused);
    return;
  }
  // The kernel accepts by itself; a frozen process just does not read.
  connection->end(Side::acceptor) = {*listener, true};
  connection->is_established = true;
  by_process_[*listener].insert(id);
  deliver_(connection->end(Side::opener).process, Source::wire,
           [this, id](core::Node&, Instant, core::Effects&) {
             Connection* opened = find_open(id, Side::opener);
             if (opened == nullptr) return;
             send(id, Side::opener, {ItemKind::frame, std::move(opened->first_frame)});
           });
}

void Streams::expire_later(ConnectionId id, Duration timeout) {
  const std::uint64_t request = connections_.at(id).request_count;
  fabric_.after(timeout, [this, id, request] {
    Connection* connection = find_open(id, Side::opener);
    if (connection == nullptr) return;
    deliver_(connection->end(Side::opener).process, Source::timer,
             [this, id, request](core::Node& node, Instant now, core::Effects& effects) {
               const Connection* waiting = find_open(id, Side::opener);
               if (waiting == nullptr || waiting->request_count != request) return;
               if (waiting->is_awaited) {
                 take_end(id, Side::opener, CloseReason::timeout, {node, now, effects});
               }
             });
  });
}

// --- Carrying --------------------------------------------------------------------------------

void Streams::send(ConnectionId id, Side from, Item item) {
  bytes_sent_ += item.bytes.size();
  const std::uint64_t number = connections_.at(id).flow(from).sent++;
  transmit(id, from, number, std::move(item), 0);
}

void Streams::transmit(ConnectionId id, Side from, std::uint64_t number, Item item,
                       unsigned attempt) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->flow(from).is_dead) return;
  const HostId source = connection->end(from).process.host;
  const HostId target = connection->end(other(from)).process.host;
  if (fabric_.path_is_up(source, target) && !fabric_.network().loses_segment(source, target)) {
    const Duration delay = transit(source, target, item.bytes.size());
    fabric_.after(delay, [this, id, from, number, carried = std::move(item)]() mutable {
      come_in(id, from, number, std::move(carried));
    });
    return;
  }
  if (attempt == retry_count_max) {
    connection->flow(from).is_dead = true;
    check_later();
    return;
  }
  fabric_.after(retry_first * (1 << attempt),
                [this, id, from, number, attempt, carried = std::move(item)]() mutable {
                  transmit(id, from, number, std::move(carried), attempt + 1);
                });
}

Duration Streams::transit(HostId from, HostId to, std::size_t bytes) {
  Network& network = fabric_.network();
  Duration delay = network.draw_delay(from, to);
  if (network.has_bounded_lines()) {
    delay += network.line_out(from).carry_frame(fabric_.now(), bytes);
  }
  const std::size_t segments = std::min(bytes / segment_bytes, counted_segments_max);
  for (std::size_t i = 0; i < segments; ++i) {
    // A loss before the last segment is noticed by duplicate acknowledgements: a round trip.
    if (network.loses_segment(from, to)) {
      delay += network.draw_delay(from, to) + network.draw_delay(from, to);
    }
  }
  return delay;
}

/// At the receiver's line, which may be slower than the sender's.
void Streams::come_in(ConnectionId id, Side from, std::uint64_t number, Item item) {
  Connection* connection = find(id);
  Network& network = fabric_.network();
  if (connection == nullptr || !network.has_bounded_lines()) {
    return arrive(id, from, number, std::move(item));
  }
  Line& line = network.line_in(connection->end(other(from)).process.host);
  const Duration wait = line.carry_frame(fabric_.now(), item.bytes.size());
  fabric_.after(wait, [this, id, from, number, carried = std::move(item)]() mutable {
    arrive(id, from, number, std::move(carried));
  });
}

void Streams::arrive(ConnectionId id, Side from, std::uint64_t number, Item item) {
  Connection* connection = find(id);
  if (connection == nullptr || !fabric_.is_powered(connection->end(other(from)).process.host)) {
    return;
  }
  connection->flow(from).early.emplace(number, std::move(item));
  while (connection != nullptr) {
    Flow& flow = connection->flow(from);
    auto next = flow.early.extract(flow.arrived);
    if (next.empty()) return;
    ++flow.arrived;
    hand_over(id, other(from), std::move(next.mapped()));
    connection = find(id);
  }
}

void Streams::hand_over(ConnectionId id, Side to, Item item) {
  Connection* connection = find(id);
  if (!connection->end(to).is_open) {
    const bool is_answered = item.kind == ItemKind::frame && !connection->flow(to).is_dead;
    if (is_answered && connection->end(other(to)).is_open) send(id, to, {ItemKind::reset, {}});
    return;
  }
  deliver_(connection->end(to).process, Source::wire,
           [this, id, to, taken = std::move(item)](core::Node& node, Instant now,
                                                   core::Effects& effects) {
             if (find_open(id, to) == nullptr) return;
             const Turn turn{node, now, effects};
             switch (taken.kind) {
               case ItemKind::frame:
                 return take_frame(id, to, taken.bytes, turn);
               case ItemKind::end:
                 return take_end(id, to, CloseReason::end_of_stream, turn);
               case ItemKind::reset:
                 return take_end(id, to, CloseReason::reset, turn);
             }
           });
}

// --- What nodes are told ---------------------------------------------------------------------

void Streams::take_frame(ConnectionId id, Side at, Bytes frame, Turn turn) {
  Connection& connection = connections_.at(id);
  if (at == Side::acceptor) {
    Address from = fabric_.address(connection.end(Side::opener).process.host);
    from.port = static_cast<std::uint16_t>(first_ephemeral_port + id % ephemeral_port_count);
    turn.node.on_request(core::StreamId{id}, from, frame, turn.now, turn.effects);
    return;
  }
  if (!connection.is_awaited) return;  // unasked for
  connection.is_awaited = false;
  if (connection.use == Use::exchange) {
    turn.node.on_exchange_reply(core::ExchangeId{connection.opener_id}, frame, turn.now,
                                turn.effects);
  } else {
    turn.node.on_watch_opened(core::WatchId{connection.opener_id}, frame, turn.now, turn.effects);
  }
}

void Streams::take_end(ConnectionId id, Side at, CloseReason reason, Turn turn) {
  const Connection& connection = connections_.at(id);
  const Use use = connection.use;
  const bool was_awaited = connection.is_awaited;
  const std::uint64_t opener_id = connection.opener_id;
  close_end(id, at);
  if (at == Side::acceptor) {
    turn.node.on_stream_closed(core::StreamId{id}, reason, turn.now, turn.effects);
  } else if (use == Use::watch) {
    turn.node.on_watch_closed(core::WatchId{opener_id}, reason, turn.now, turn.effects);
  } else if (was_awaited) {
    turn.node.on_exchange_failed(core::ExchangeId{opener_id}, to_exchange_error(reason), turn.now,
                                 turn.effects);
  }
}

void Streams::fail_later(ConnectionId id, Side side, Source source, CloseReason reason) {
  deliver_(connections_.at(id).end(side).process, source,
           [this, id, side, reason](core::Node& node, Instant now, core::Effects& effects) {
             if (find_open(id, side) != nullptr) {
               take_end(id, side, reason, {node, now, effects});
             }
           });
}

// --- Closing ---------------------------------------------------------------------------------

void Streams::close_end(ConnectionId id, Side side) {
  Connection& connection = connections_.at(id);
  End& end = connection.end(side);
  ROLLCALL_CHECK(end.is_open);
  end.is_open = false;
  const End& peer = connection.end(other(side));
  const bool is_with_itself = peer.is_open && peer.process == end.process;
  if (!is_with_itself) by_process_[end.process].erase(id);
  if (side == Side::opener) {
    opened_.erase({end.process, connection.use, connection.opener_id});
  }
  if (!peer.is_open) {
    // What was sent last may still be on its way, but nobody is left to read it.
    connections_.erase(id);
  } else if (!connection.flow(side).is_dead) {
    send(id, side, {ItemKind::end, {}});
  }
}

void Streams::end_process(ProcessId process, Death death) {
  const auto found = by_process_.find(process);
  if (found == by_process_.end()) return;
  const std::vector<ConnectionId> ids(found->second.begin(), found->second.end());
  for (const ConnectionId id : ids) {
    for (const Side side : {Side::opener, Side::acceptor}) {
      Connection* connection = find_open(id, side);
      if (connection == nullptr || connection->end(side).process != process) continue;
      if (death == Death::host) connection->flow(side).is_dead = true;
      close_end(id, side);
    }
  }
  by_process_.erase(process);
}

void Streams::check_later() {
  fabric_.after(keep_alive, [this] { check_all(); });
}

void Streams::check_all() {
  std::vector<std::pair<ConnectionId, Side>> stale;
  for (auto& [id, connection] : connections_) {
    if (!connection.is_established) continue;
    const HostId one = connection.end(Side::opener).process.host;
    const HostId two = connection.end(Side::acceptor).process.host;
    const bool path_is_up = fabric_.path_is_up(one, two) && fabric_.path_is_up(two, one);
    for (const Side side : {Side::opener, Side::acceptor}) {
      const bool is_lost = !path_is_up || connection.flow(other(side)).is_dead;
      if (is_lost && connection.end(side).is_open) stale.emplace_back(id, side);
    }
  }
  for (const auto& [id, side] : stale) {
    if (find_open(id, side) != nullptr) {
      fail_later(id, side, Source::wire, CloseReason::timeout);
    }
  }
}

Streams::Connection* Streams::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

Streams::Connection* Streams::find_open(ConnectionId id, Side side) {
  Connection* connection = find(id);
  return connection != nullptr && connection->end(side).is_open ? connection : nullptr;
}

}  // namespace rollcall::sim
