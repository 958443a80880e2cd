// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/address.hpp"
#include "base/prng.hpp"
#include "consensus/frames.hpp"
#include "consensus/log.hpp"
#include "runtime/agreement_stream.hpp"
#include "runtime/frame_stream.hpp"
#include "wire/messages.hpp"

namespace rollcall::runtime {

/// Who is told what happens on the links: the agreement loop.
///
/// Order:   never called from inside a call that it made to the links.
/// Threads: the links' thread.
class PeerLinksHost {
 public:
  virtual void on_peer_frame(const std::string& from, consensus::Frame frame) = 0;
  /// No link to the member is left, or none could be opened: what was on its way to it is lost.
  virtual void on_peer_unreachable(const std::string& peer) = 0;

 protected:
  ~PeerLinksHost() = default;
};

/// Streams of agreement frames to other members, by name: one connection a peer, in both
/// directions, opened when there is something to say and by either side.
///
/// When both open one at once, both are read, and frames go out on the one that the lesser name
/// opened, unless that has gone silent while the other has not; the other is closed when it is
/// idle. Pieces of snapshots wait while there is anything else to say and go out one at a time, so
/// that a heartbeat waits for one piece at most, on the same connection.
///
/// Order:   frames to one peer keep their order, except that all others overtake pieces of
///          snapshots, and except across two streams.
/// Errors:  what cannot be sent is lost, and counted. A stream that says what is no frame is
///          closed and counted.
/// Limits:  the named constants. Beyond its bytes a peer's newest frames are dropped: the oldest
///          are what the next ones build on.
/// Threads: none; the io_context's thread only. The host must live until close_all().
class PeerLinks {
 public:
  static constexpr std::size_t links_max = 4096;
  static constexpr std::size_t waiting_bytes_max = std::size_t{8} << 20U;
  static constexpr std::size_t waiting_piece_bytes_max = std::size_t{4} << 20U;
  /// Sockets that stay open because their peer must not see them end: a fault cuts it off.
  static constexpr std::size_t closed_kept_max = 256;

  /// The limits in time; tests shorten them.
  struct Times {
    Duration connect_max = std::chrono::seconds(1);  // and as long again for the welcome
    Duration again_min = std::chrono::milliseconds(20);
    Duration again_max = std::chrono::seconds(1);
    Duration idle_max = std::chrono::minutes(1);
    /// A preferred stream that was silent for so much longer than the other is not preferred.
    Duration silent_max = std::chrono::seconds(1);
  };

  struct Setup {
    std::uint32_t cluster = 0;  // wire::cluster_hash() of its name
    std::string self;
    LifeId life;
    /// Where connections come from; unspecified leaves it to the system.
    Address from;
    std::uint64_t seed = 0;
    Times times;
  };

  struct Counters {
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_received = 0;
    std::uint64_t frames_dropped = 0;    // no room, or no link
    std::uint64_t frames_malformed = 0;  // each ended its stream
    std::uint64_t opens_failed = 0;
    std::uint64_t opens_refused = 0;  // by a peer, or because it is another member
    std::uint64_t streams_turned_away = 0;
  };

  PeerLinks(boost::asio::io_context& io, const Setup& setup, PeerLinksHost& host);
  ~PeerLinks();
  PeerLinks(const PeerLinks&) = delete;
  PeerLinks& operator=(const PeerLinks&) = delete;

  /// Everybody known, whenever that changed: where they are reached.
  void on_peers(const consensus::Peers& peers);
  /// This member goes on as a new life.
  void set_life(const LifeId& life) { setup_.life = life; }
  void send(const std::string& to, const consensus::Frame& frame);
  /// Takes over a stream that another member has opened.
  void adopt(AgreementStream stream);
  /// What faults on purpose hold back from now on.
  void set_faults(StreamFaults faults);
  void close_all();

  [[nodiscard]] std::size_t size() const { return links_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  class Link;
  struct Peer;
  /// What on_peers() told of a member.
  struct Known {
    std::string text;  // of the address
    std::optional<Address> address;
    Life life;
    bool is_alive = false;
    bool operator==(const Known&) const = default;
  };
  struct KeptOpen {
    Address peer;
    UniqueFd socket;
  };

  Peer& peer_of(const std::string& name);
  [[nodiscard]] std::optional<Address> address_of(const Peer& peer) const;
  void on_known(const std::string& name);
  [[nodiscard]] bool enqueue(Peer& peer, const consensus::Frame& frame);
  void pump(Peer& peer);
  void open(Peer& peer);
  void open_later(Peer& peer);
  void on_open_failed(Peer& peer);
  [[nodiscard]] Link* link_for_writing(const Peer& peer) const;
  [[nodiscard]] bool make_room();
  void lose_waiting(Peer& peer);
  void tell_unreachable(const std::string& name);
  void arm_sweep();
  void sweep();
  void forget_if_idle(const std::string& name);
  [[nodiscard]] StreamFaults::Line faults_of(const Link& link) const;
  void end(Link& link);

  // What links tell.
  void on_established(Link& link);
  void on_ended(Link& link);
  void on_frame_bytes(const Link& link, Bytes frame);

  boost::asio::io_context& io_;
  Setup setup_;
  PeerLinksHost& host_;
  Prng prng_;
  ByteBudget opening_budget_;
  std::map<std::string, Known> known_;
  std::map<std::string, Peer> peers_;  // with a link, or something to say
  std::size_t links_ = 0;
  StreamFaults faults_;
  std::deque<KeptOpen> kept_open_;
  boost::asio::steady_timer sweep_timer_;
  bool is_sweeping_ = false;
  Counters counters_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
