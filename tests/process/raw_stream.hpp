// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>

#include "support/process.hpp"

namespace rollcall::test {

/// A peer that speaks no protocol: it sends bytes and takes what comes back.
class RawStream {
 public:
  explicit RawStream(std::uint16_t port) {
    boost::system::error_code code;
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port}, code);
  }
  /// False when the other side would not take it.
  bool send(std::span<const std::byte> bytes) {
    boost::system::error_code code;
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), code);
    return !code;
  }
  bool send(std::string_view text) { return send(std::as_bytes(std::span(text))); }
  void end_of_sending() {
    boost::system::error_code code;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, code);
  }
  /// So many bytes, or fewer if the other side closes before or is silent for long.
  std::string read(std::size_t size) {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < size && !is_ended_ && can_read()) {
      const std::size_t wanted = std::min(size - text.size(), piece.size());
      boost::system::error_code code;
      text.append(piece.data(), socket_.read_some(boost::asio::buffer(piece.data(), wanted), code));
      is_ended_ = bool(code);
    }
    return text;
  }
  /// Everything until the other side closes.
  std::string answer() { return read(std::string::npos); }
  /// Whether it has closed, as far as was read.
  [[nodiscard]] bool is_ended() const { return is_ended_; }

 private:
  bool can_read() {
    pollfd waits{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    const auto limit = std::chrono::milliseconds(patience).count();
    return ::poll(&waits, 1, static_cast<int>(limit)) == 1;
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  bool is_ended_ = false;
};

}  // namespace rollcall::test
