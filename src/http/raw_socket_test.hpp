// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.hpp"

namespace rollcall::http {

/// One answer as it was on the wire.
struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};

/// Waits, for at most ten seconds, until it is so.
inline bool eventually(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// A blocking TCP client for tests that sends any bytes, right or wrong. What waits longer than
/// ten seconds ends as if the server had closed.
class RawSocket {
 public:
  explicit RawSocket(const std::string& address) {
    const auto to = parse_address(address);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(to->port);
    inet_pton(AF_INET, ip_text(*to).c_str(), &target.sin_addr);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const void* where = &target;
    const int failed = ::connect(fd_, static_cast<const sockaddr*>(where), sizeof(target));
    EXPECT_EQ(failed, 0) << "connecting to " << address;
  }
  RawSocket(RawSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        unread_(std::move(other.unread_)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void finish_sending() const { ::shutdown(fd_, SHUT_WR); }
  void shrink_receive_buffer() const {
    const int bytes = 4096;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }

  /// The server may close before it has read everything.
  void send(std::string bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.erase(0, static_cast<std::size_t>(sent));
    }
  }

  [[nodiscard]] bool wait_readable(std::chrono::milliseconds timeout) const {
    return poll_for(POLLIN, timeout);
  }
  /// Whether the server closes within the time, although nothing is read here.
  [[nodiscard]] bool wait_hung_up(std::chrono::milliseconds timeout) const {
    return poll_for(POLLRDHUP, timeout);
  }

  /// Whether the server has closed and nothing is unread.
  bool is_at_end() { return unread_.empty() && !receive(); }

  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(unread_, {});
  }
  /// Up to the next line end, which is not included.
  std::string read_line() {
    std::string line = read_until("\n");
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return line;
  }
  std::string read_head() { return read_until("\r\n\r\n"); }
  std::string read_bytes(std::size_t size) {
    while (unread_.size() < size && receive()) {
    }
    return take(std::min(size, unread_.size()));
  }
  Answer read_answer() {
    Answer answer;
    answer.head = read_head();
    if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
    const std::string name = "Content-Length: ";
    const std::size_t length = answer.head.find(name);
    if (length == std::string::npos) return answer;
    answer.body = read_bytes(std::stoul(answer.head.substr(length + name.size())));
    return answer;
  }
  /// The data of the next chunk; empty for the last.
  std::string read_chunk() {
    const std::string size = read_line();
    if (size.empty()) return {};
    std::string data = read_bytes(std::stoul(size, nullptr, 16));
    read_line();
    return data;
  }

 private:
  [[nodiscard]] bool poll_for(short events, std::chrono::milliseconds timeout) const {
    pollfd wanted{.fd = fd_, .events = events, .revents = 0};
    return ::poll(&wanted, 1, static_cast<int>(timeout.count())) > 0;
  }
  bool receive() {
    std::array<char, 16384> bytes{};
    const ssize_t received = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (received <= 0) return false;
    unread_.append(bytes.data(), static_cast<std::size_t>(received));
    return true;
  }
  std::string read_until(const std::string& mark) {
    std::size_t at = 0;
    while ((at = unread_.find(mark)) == std::string::npos) {
      if (!receive()) return std::exchange(unread_, {});
    }
    return take(at + mark.size());
  }
  std::string take(std::size_t size) {
    std::string taken = unread_.substr(0, size);
    unread_.erase(0, size);
    return taken;
  }

  int fd_ = -1;
  std::string unread_;
};

}  // namespace rollcall::http
