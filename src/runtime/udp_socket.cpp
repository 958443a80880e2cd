// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/udp_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <linux/errqueue.h>

#include "runtime/os_error.hpp"

namespace rollcall::runtime {
namespace {

/// Reports kept between two calls of take_reports(). A flood of errors says nothing new.
constexpr std::size_t reports_max = 1024;
/// Errors read at one go; the rest wait for the next.
constexpr int errors_per_read_max = 256;
/// Room for the error and the address of who sent it.
constexpr std::size_t control_bytes = 256;

/// Tries of one datagram while refusals of earlier ones keep coming in.
constexpr int refused_retries_max = 8;

bool is_out_of_room(int error) {
  return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/// The error record among the control messages; origin SO_EE_ORIGIN_NONE if there is none.
sock_extended_err find_error(msghdr& head) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&head); part != nullptr; part = CMSG_NXTHDR(&head, part)) {
    const bool is_v4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR;
    const bool is_v6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR;
    if (is_v4 || is_v6) return *reinterpret_cast<const sock_extended_err*>(CMSG_DATA(part));
  }
  return {};
}

}  // namespace

UdpSocket::UdpSocket(boost::asio::io_context& io, Setup setup, DatagramBatch& batch)
    : descriptor_(io, setup.fd.release()),
      source_(make_source(setup)),
      family_(setup.family),
      batch_(batch),
      drop_rate_(setup.drop_rate),
      prng_(setup.prng) {}

/// Source: ip(7), IP_PKTINFO; ipv6(7), IPV6_PKTINFO, which also carries a mapped IPv4 address.
UdpSocket::Source UdpSocket::make_source(const Setup& setup) {
  Source source;
  if (!setup.source || !can_reach(setup.family, *setup.source)) return source;
  const RawAddress raw = to_raw(*setup.source, setup.family);
  source.is_v4 = setup.source->is_v4();
  auto* const head = reinterpret_cast<cmsghdr*>(source.bytes.data());
  if (setup.family == Family::v6) {
    const in6_pktinfo info{.ipi6_addr = raw.storage.sin6_addr, .ipi6_ifindex = 0};
    *head = {
        .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(head), &info, sizeof info);
    source.size = CMSG_SPACE(sizeof info);
    return source;
  }
  sockaddr_in v4{};
  std::memcpy(&v4, raw.data(), sizeof v4);
  const in_pktinfo info{.ipi_ifindex = 0, .ipi_spec_dst = v4.sin_addr, .ipi_addr = {}};
  *head = {.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
  std::memcpy(CMSG_DATA(head), &info, sizeof info);
  source.size = CMSG_SPACE(sizeof info);
  return source;
}

std::size_t UdpSocket::receive_batch() {
  if (!descriptor_.is_open()) return 0;
  for (mmsghdr& head : batch_.in.heads) head.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
  for (int attempt = 0; attempt < errors_per_read_max; ++attempt) {
    const int count = ::recvmmsg(descriptor_.native_handle(), batch_.in.heads.data(),
                                 DatagramBatch::size_max, MSG_DONTWAIT, nullptr);
    if (count >= 0) return static_cast<std::size_t>(count);
    // An error that is pending for an earlier datagram is told here once, before what arrived.
    if (errno == EAGAIN) return 0;
    read_error_queue();
  }
  return 0;
}

bool UdpSocket::is_acceptable(std::size_t i) {
  if ((batch_.in.heads[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    ++counters_.cut;
    return false;
  }
  return !drops_one();
}

bool UdpSocket::drops_one() {
  if (drop_rate_ <= 0 || !prng_.chance(drop_rate_)) return false;
  ++counters_.dropped;
  return true;
}

Bytes UdpSocket::received(std::size_t i) const {
  return Bytes(batch_.buffers[i]).first(batch_.in.heads[i].msg_len);
}

void UdpSocket::send(const Address& to, Bytes bytes) {
  if (!can_reach(family_, to) || to.port == 0) {
    report(to, core::Unreachable::network);
    return;
  }
  if (queued_ == DatagramBatch::size_max) flush();
  // sendmmsg does not write through the pointer; its type is shared with recvmmsg.
  batch_.out.parts[queued_] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  batch_.out.addresses[queued_] = to_raw(to, family_);
  msghdr& head = batch_.out.heads[queued_].msg_hdr;
  head.msg_namelen = batch_.out.addresses[queued_].size;
  const bool is_of_its_kind = source_.size > 0 && source_.is_v4 == to.is_v4();
  head.msg_control = is_of_its_kind ? source_.bytes.data() : nullptr;
  head.msg_controllen = is_of_its_kind ? source_.size : 0;
  ++queued_;
}

void UdpSocket::flush() {
  const std::size_t count = std::exchange(queued_, 0);
  retries_ = 0;
  std::size_t done = 0;
  while (done < count && descriptor_.is_open()) done += send_some(done, count - done);
}

/// Returns how many datagrams are dealt with: sent, reported or dropped.
std::size_t UdpSocket::send_some(std::size_t first, std::size_t count) {
  const int sent = ::sendmmsg(descriptor_.native_handle(), batch_.out.heads.data() + first,
                              static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return on_send_error(first, errno);
  retries_ = 0;
  const auto done = static_cast<std::size_t>(sent);
  // The system swallows the error that stopped it, but not what is in the error queue.
  if (done < count) read_error_queue();
  return done;
}

std::size_t UdpSocket::on_send_error(std::size_t at, int error) {
  // The error may be of an earlier datagram, told at the first chance: then this one was not
  // tried at all, and goes again. A refusal can only be of an earlier one.
  const bool is_of_another = error == ECONNREFUSED;
  if (is_of_another ? retries_ < refused_retries_max : retries_ == 0) {
    ++retries_;
    read_error_queue();
    return 0;
  }
  retries_ = 0;
  if (is_out_of_room(error)) ++counters_.send_overflow;
  const bool says_nothing = is_of_another || is_out_of_room(error) || error == EMSGSIZE;
  if (!says_nothing) report(from_raw(batch_.out.addresses[at]), unreachable_kind(error));
  return 1;
}

void UdpSocket::read_error_queue() {
  int count = 0;
  while (count < errors_per_read_max && read_one_error()) ++count;
}

bool UdpSocket::read_one_error() {
  alignas(cmsghdr) std::array<std::byte, control_bytes> control{};
  std::byte payload{};
  iovec part{&payload, 1};
  RawAddress to;
  msghdr head{};
  head.msg_name = to.data();
  head.msg_namelen = sizeof(sockaddr_in6);
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = control.data();
  head.msg_controllen = control.size();
  if (::recvmsg(descriptor_.native_handle(), &head, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  const sock_extended_err error = find_error(head);
  const bool is_from_network =
      error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
  const bool has_address = head.msg_namelen >= sizeof(sockaddr_in);
  // EMSGSIZE only tells the path's MTU; the system fragments from then on.
  if (is_from_network && has_address && error.ee_errno != EMSGSIZE) {
    report(from_raw(to), unreachable_kind(static_cast<int>(error.ee_errno)));
  }
  return true;
}

void UdpSocket::report(const Address& to, core::Unreachable what) {
  if (reports_.size() < reports_max) reports_.push_back({to, what});
}

std::vector<UnreachableReport> UdpSocket::take_reports() {
  return std::exchange(reports_, {});
}

void UdpSocket::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  queued_ = 0;
}

}  // namespace rollcall::runtime
