// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "core/effects.hpp"
#include "core/node.hpp"
#include "sim/fabric.hpp"
#include "sim/host_id.hpp"

namespace rollcall::sim {

/// One input, ready to be given to the node it is for.
using NodeInput = std::move_only_function<void(core::Node&, Instant, core::Effects&)>;

/// Whether an input came over the wire or is a timer of the process's own. A frozen process has
/// neither; one whose receiving is held has its timers.
enum class Source : std::uint8_t { wire, timer };

/// What the streams of a dead process's neighbours see.
enum class Death : std::uint8_t {
  process,  // the kernel closes the sockets
  host      // nothing at all
};

/// A model of TCP, as far as a member can tell: connecting, frames in order, closing, resets and
/// time-outs. Loss, cuts and full lines make it slow and, in the end, dead; never lossy.
///
/// Order:  inputs are handed over through the function given, each at its virtual time.
/// Limits: O(log streams) per call.
/// Source: retry times are Linux's: RFC 6298 with a minimum of 200 ms, doubling; 1 s for SYN.
class Streams {
 public:
  using Deliver = std::function<void(ProcessId, Source, NodeInput)>;
  enum class Use : std::uint8_t { exchange, watch };

  static constexpr Duration retry_first = 200ms;
  static constexpr Duration connect_retry_first = 1s;
  static constexpr unsigned retry_count_max = 8;
  /// A stream whose path or peer is gone for this long is given up by the kernel.
  static constexpr Duration keep_alive = 30s;
  static constexpr std::size_t segment_bytes = 1400;

  Streams(Fabric& fabric, Deliver deliver) : fabric_(fabric), deliver_(std::move(deliver)) {}

  void start_exchange(ProcessId by, core::ExchangeId id, const Address& to, Bytes frame,
                      Duration timeout);
  void continue_exchange(ProcessId by, core::ExchangeId id, Bytes frame, Duration timeout);
  void end_exchange(ProcessId by, core::ExchangeId id);
  void open_watch(ProcessId by, core::WatchId id, const Address& to, Bytes frame, Duration timeout);
  void close_watch(ProcessId by, core::WatchId id);
  void reply(ProcessId by, core::StreamId id, Bytes frame, core::AfterReply then);

  void end_process(ProcessId process, Death death);
  /// A path or a host has gone: looks, after keep_alive, at every stream over it.
  void check_later();

  [[nodiscard]] std::size_t count() const { return connections_.size(); }
  /// Bytes of all frames ever sent.
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  using ConnectionId = std::uint64_t;
  enum class Side : std::uint8_t { opener = 0, acceptor = 1 };
  enum class ItemKind : std::uint8_t { frame, end, reset };

  struct Item {
    ItemKind kind = ItemKind::frame;
    ByteVector bytes;
  };
  /// One direction of a stream: items arrive in the order sent, whatever the network did.
  struct Flow {
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;
    std::map<std::uint64_t, Item> early;
    bool is_dead = false;  // the sending host is gone, or has given up
  };
  struct End {
    ProcessId process;
    bool is_open = false;
  };
  struct Connection {
    Use use = Use::exchange;
    std::uint64_t opener_id = 0;  // the ExchangeId or WatchId
    Address to;
    std::array<End, 2> ends;
    std::array<Flow, 2> flows;  // by the sending side
    bool is_established = false;
    bool is_awaited = true;  // the opener is owed an answer
    std::uint64_t request_count = 1;
    ByteVector first_frame;

    [[nodiscard]] End& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
    [[nodiscard]] Flow& flow(Side side) { return flows[static_cast<std::size_t>(side)]; }
  };
  using OpenedKey = std::tuple<ProcessId, Use, std::uint64_t>;
  /// The node an input is being given to, while it is.
  struct Turn {
    core::Node& node;
    Instant now;
    core::Effects& effects;
  };

  static constexpr Side other(Side side) {
    return side == Side::opener ? Side::acceptor : Side::opener;
  }

  void open(const OpenedKey& key, const Address& to, Bytes frame, Duration timeout);
  void connect(ConnectionId id, unsigned attempt);
  void connect_again(ConnectionId id, unsigned attempt);
  void finish_connect(ConnectionId id);
  void expire_later(ConnectionId id, Duration timeout);

  void send(ConnectionId id, Side from, Item item);
  void transmit(ConnectionId id, Side from, std::uint64_t number, Item item, unsigned attempt);
  [[nodiscard]] Duration transit(HostId from, HostId to, std::size_t bytes);
  void come_in(ConnectionId id, Side from, std::uint64_t number, Item item);
  void arrive(ConnectionId id, Side from, std::uint64_t number, Item item);
  void hand_over(ConnectionId id, Side to, Item item);

  void take_frame(ConnectionId id, Side at, Bytes frame, Turn turn);
  void take_end(ConnectionId id, Side at, core::CloseReason reason, Turn turn);
  void fail_later(ConnectionId id, Side side, Source source, core::CloseReason reason);

  void close_end(ConnectionId id, Side side);
  void close_opened(const OpenedKey& key);
  void check_all();

  [[nodiscard]] Connection* find(ConnectionId id);
  [[nodiscard]] Connection* find_open(ConnectionId id, Side side);

  Fabric& fabric_;
  Deliver deliver_;
  ConnectionId next_id_ = 1;
  std::uint64_t bytes_sent_ = 0;
  std::map<ConnectionId, Connection> connections_;
  std::map<OpenedKey, ConnectionId> opened_;
  std::map<ProcessId, std::set<ConnectionId>> by_process_;
};

}  // namespace rollcall::sim
