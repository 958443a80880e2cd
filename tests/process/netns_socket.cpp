// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "process/netns_socket.hpp"

#include <cstring>
#include <stdexcept>

#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/namespaces.hpp"

namespace rollcall::test {
namespace {

/// A network of this machine delivers in microseconds; both cores may be busy for a while. An
/// answer of yes is proof, and one of no is a mistake only if this was too short.
constexpr int lost_after_ms = 1000;
constexpr int settled_after_ms = 500;
constexpr int receive_buffer_bytes = 1 << 24;

const sockaddr* generic(const sockaddr_in& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

in_addr address_of_eth0(int fd) {
  ifreq request{};
  std::strncpy(request.ifr_name, "eth0", IFNAMSIZ - 1);
  if (::ioctl(fd, SIOCGIFADDR, &request) != 0) throw std::runtime_error("eth0 has no address");
  sockaddr_in address{};
  std::memcpy(&address, &request.ifr_addr, sizeof address);
  return address.sin_addr;
}

}  // namespace

NetnsSocket::NetnsSocket(const std::filesystem::path& network) {
  const auto entered = launcher::in_network(
      network, [this] { fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
  if (!entered || fd_ < 0) throw std::runtime_error("no socket in " + network.string());
  address_.sin_family = AF_INET;
  address_.sin_addr = address_of_eth0(fd_);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof(int));
  socklen_t length = sizeof address_;
  if (::bind(fd_, generic(address_), length) != 0 ||
      ::getsockname(fd_, static_cast<sockaddr*>(static_cast<void*>(&address_)), &length) != 0) {
    throw std::runtime_error("no port in " + network.string());
  }
}

NetnsSocket::~NetnsSocket() {
  ::close(fd_);
}

/// A datagram that was held up on a broken way may arrive once that is mended; each has its number.
bool NetnsSocket::reaches(const NetnsSocket& other) const {
  const std::uint64_t number = send_to(other);
  std::optional<std::uint64_t> arrived;
  do {
    arrived = other.receive(lost_after_ms);
  } while (arrived && *arrived != number);
  return arrived.has_value();
}

std::size_t NetnsSocket::deliver(const NetnsSocket& other, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) send_to(other);
  std::size_t arrived = 0;
  while (other.receive(settled_after_ms)) ++arrived;
  return arrived;
}

std::uint64_t NetnsSocket::send_to(const NetnsSocket& other) const {
  static std::uint64_t last = 0;
  const std::uint64_t number = ++last;
  ::sendto(fd_, &number, sizeof number, 0, generic(other.address_), sizeof other.address_);
  return number;
}

std::optional<std::uint64_t> NetnsSocket::receive(int milliseconds) const {
  pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
  std::uint64_t number = 0;
  if (::poll(&waiting, 1, milliseconds) != 1) return std::nullopt;
  if (::recv(fd_, &number, sizeof number, 0) != sizeof number) return std::nullopt;
  return number;
}

}  // namespace rollcall::test
