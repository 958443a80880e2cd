// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.hpp"
#include "runtime/socket_address.hpp"

namespace rollcall::runtime {

/// Room for one batch of datagrams to receive and one to send, shared by all the sockets of a
/// thread, which use it one after the other.
///
/// Limits:  size_max datagrams of datagram_bytes each: about 120 KB, of which only what was
///          touched is resident.
/// Threads: none; one thread uses it.
struct DatagramBatch {
  static constexpr std::size_t size_max = 64;
  /// What an Ethernet link carries. What is longer is no datagram of ours and arrives cut.
  static constexpr std::size_t datagram_bytes = 1500;

  struct Side {
    std::array<mmsghdr, size_max> heads{};
    std::array<iovec, size_max> parts{};
    std::array<RawAddress, size_max> addresses{};
  };

  Side in;
  Side out;
  std::array<std::array<std::byte, datagram_bytes>, size_max> buffers;

  // The buffers stay as they are: the kernel writes them before anybody reads.
  DatagramBatch() {  // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (std::size_t i = 0; i < size_max; ++i) {
      in.parts[i] = {buffers[i].data(), datagram_bytes};
      wire_up(in, i);
      wire_up(out, i);
    }
  }
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

 private:
  static void wire_up(Side& side, std::size_t i) {
    side.heads[i].msg_hdr.msg_iov = &side.parts[i];
    side.heads[i].msg_hdr.msg_iovlen = 1;
    side.heads[i].msg_hdr.msg_name = side.addresses[i].data();
    side.heads[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6);
  }
};

}  // namespace rollcall::runtime
