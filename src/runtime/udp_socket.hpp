// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/prng.hpp"
#include "core/node.hpp"
#include "runtime/datagram_batch.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// What the network said about datagrams sent to an address.
struct UnreachableReport {
  Address to;
  core::Unreachable what{};
};

/// One UDP socket that receives and sends in batches.
///
/// Order:   datagrams leave in the order of send().
/// Errors:  none is fatal. A datagram that the system refuses becomes a report; one for which the
///          send buffer has no room is dropped and counted, as any link on the way may drop it.
/// Limits:  allocates nothing for a datagram. At most DatagramBatch::size_max datagrams are
///          queued: then they are sent.
/// Threads: none; the loop's thread only.
/// Source:  ip(7), IP_RECVERR; recvmmsg(2); sendmmsg(2).
class UdpSocket {
 public:
  struct Counters {
    std::uint64_t cut = 0;            // longer than DatagramBatch::datagram_bytes, refused
    std::uint64_t dropped = 0;        // by drop_rate
    std::uint64_t send_overflow = 0;  // no room in the send buffer
  };

  struct Setup {
    UniqueFd fd;
    Family family = Family::v4;
    /// The local address to send from; nothing leaves it to the system.
    std::optional<Address> source;
    /// The share of datagrams received that is thrown away, 0 to 1.
    double drop_rate = 0;
    Prng prng{0};
  };
  UdpSocket(boost::asio::io_context& io, Setup setup, DatagramBatch& batch);

  /// Calls back once, when there is something to receive or an error to read. The callback must
  /// keep this socket alive; it may come once more after close().
  template <class Ready>
  void wait_readable(Ready ready) {
    descriptor_.async_wait(
        boost::asio::posix::descriptor_base::wait_read,
        [ready = std::move(ready)](const boost::system::error_code& error) mutable {
          if (!error) ready();
        });
  }

  /// Takes one batch from the socket and calls on_datagram(from, bytes) for each. The bytes are
  /// valid during the call. Returns how many there were: less than size_max means that there are
  /// no more for now.
  template <class OnDatagram>
  std::size_t receive(OnDatagram&& on_datagram) {
    const std::size_t count = receive_batch();
    for (std::size_t i = 0; i < count; ++i) {
      if (is_acceptable(i)) on_datagram(from_raw(batch_.in.addresses[i]), received(i));
    }
    return count;
  }

  /// Queues a datagram; the bytes must stay in place until flush().
  void send(const Address& to, Bytes bytes);
  void flush();

  /// What the system reported since the last call. Usually empty.
  [[nodiscard]] std::vector<UnreachableReport> take_reports();
  [[nodiscard]] bool has_reports() const { return !reports_.empty(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

  /// The share of datagrams received from now on that is thrown away, 0 to 1.
  void set_drop_rate(double drop_rate) { drop_rate_ = drop_rate; }

  /// Whether the drop rate takes a datagram that came another way; it is counted then.
  [[nodiscard]] bool drops_one();
  /// For sending otherwise than by send().
  [[nodiscard]] int native_handle() { return descriptor_.native_handle(); }

  void close();
  [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }

 private:
  std::size_t receive_batch();
  [[nodiscard]] bool is_acceptable(std::size_t i);
  [[nodiscard]] Bytes received(std::size_t i) const;
  std::size_t send_some(std::size_t first, std::size_t count);
  std::size_t on_send_error(std::size_t at, int error);
  void read_error_queue();
  bool read_one_error();
  void report(const Address& to, core::Unreachable what);

  /// A control message that names the local address to send from; empty if there is none.
  struct Source {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
    std::size_t size = 0;
    bool is_v4 = false;
  };
  static Source make_source(const Setup& setup);

  boost::asio::posix::stream_descriptor descriptor_;
  Source source_;
  Family family_;
  DatagramBatch& batch_;
  double drop_rate_;
  Prng prng_;
  std::size_t queued_ = 0;
  /// How often the first datagram not yet sent was tried again.
  int retries_ = 0;
  std::vector<UnreachableReport> reports_;
  Counters counters_;
};

}  // namespace rollcall::runtime
