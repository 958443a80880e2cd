// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "base/time.hpp"
#include "runtime/peer_links.hpp"

/// What only PeerLinks itself knows of its links.
namespace rollcall::runtime {

/// One stream to a peer.
///
/// Order:   opens (open(), then the welcome) or is taken over (begin()); tells its owner of
///          on_established(), of frames, and of on_ended() at most once, unless closed before.
/// Limits:  the read buffer grows as bytes arrive, to one frame of the longest kind.
class PeerLinks::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(PeerLinks& owner, std::string peer, const Address& address);
  ~Link() { close(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void open();
  /// An accepted connection: says the welcome first.
  void begin(UniqueFd socket, bool is_v4);
  /// Sends these bytes, which are whole frames, if nothing is on its way and no fault forbids it.
  [[nodiscard]] bool can_write() const;
  void write(ByteVector bytes);
  /// Faults have changed.
  void resume();
  void close();

  [[nodiscard]] const std::string& peer() const { return peer_; }
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] bool is_established() const { return is_established_; }
  [[nodiscard]] bool is_closed() const { return owner_ == nullptr; }
  [[nodiscard]] bool is_writing() const { return !writing_.empty(); }
  [[nodiscard]] Instant heard() const { return heard_; }
  /// When it last carried anything.
  [[nodiscard]] Instant used() const { return std::max(heard_, written_); }

 private:
  using Error = boost::system::error_code;

  void connect();
  void say_hello();
  void on_answer(const std::expected<Bytes, StreamFailure>& frame);
  void establish();
  [[nodiscard]] bool take_over(UniqueFd socket, bool is_v4);
  void read();
  void on_read(const Error& error, std::size_t bytes);
  [[nodiscard]] bool take_frames();
  void make_room();
  void on_written(const Error& error);
  void fail();

  PeerLinks* owner_;
  std::string peer_;
  Address address_;
  bool has_connected_ = false;
  bool is_welcome_ = false;
  bool is_established_ = false;

  std::shared_ptr<FrameStream> opening_;  // until it is established
  boost::asio::ip::tcp::socket socket_;
  ByteVector writing_;
  ByteVector buffer_;  // what arrived lies from begin_ to end_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::optional<std::pair<Error, std::size_t>> held_read_;
  Instant heard_{};
  Instant written_{};
};

/// A member that there is a link to, or something to say to.
struct PeerLinks::Peer {
  Peer(boost::asio::io_context& io, std::string name_of_peer)
      : name(std::move(name_of_peer)),
        again(io) {}

  std::string name;
  std::shared_ptr<Link> mine;
  std::shared_ptr<Link> theirs;
  /// Where it was found to be reached when it opened a stream; on_peers() knows better.
  std::optional<Address> seen_at;

  ByteVector waiting;  // whole frames
  std::size_t waiting_frames = 0;
  std::deque<ByteVector> pieces;
  std::size_t piece_bytes = 0;

  boost::asio::steady_timer again;
  bool is_resting = false;  // until `again`
  unsigned failures = 0;    // opened in vain, one after the other

  [[nodiscard]] bool has_waiting() const { return !waiting.empty() || !pieces.empty(); }
};

}  // namespace rollcall::runtime
