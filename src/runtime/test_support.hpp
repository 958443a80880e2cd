// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/stream_host.hpp"
#include "runtime/unique_fd.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"

/// What the tests of this room share. Everything happens on loopback sockets, and every wait is
/// for a condition, with a deadline that only a hung program reaches.
namespace rollcall::runtime {

using namespace std::chrono_literals;

inline constexpr auto test_deadline = 20s;

inline Address loopback(std::uint16_t port = 0) {
  return Address::v4(127, 0, 0, 1, port);
}
inline Address loopback_v6(std::uint16_t port = 0) {
  Address address = *parse_address("[::1]:0");
  address.port = port;
  return address;
}

/// Runs handlers until the condition holds.
template <class Condition>
testing::AssertionResult run_until(boost::asio::io_context& io, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + test_deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return testing::AssertionFailure() << "timed out";
    io.restart();
    io.run_one_for(10ms);
  }
  return testing::AssertionSuccess();
}

/// Waits until the condition, which other threads bring about, holds.
template <class Condition>
testing::AssertionResult eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + test_deadline;
  std::mutex mutex;
  std::condition_variable nobody_signals;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return testing::AssertionFailure() << "timed out";
    nobody_signals.wait_for(lock, 1ms);
  }
  return testing::AssertionSuccess();
}

/// Both sockets on a free loopback port.
inline BoundSockets bound(const Address& address = loopback()) {
  auto sockets = bind_sockets(address);
  EXPECT_TRUE(sockets) << sockets.error().message;
  return std::move(*sockets);
}

/// A port of 127.0.0.1 on which nothing listens.
inline Address deserted_address() {
  return bound().address;
}

/// A directory that is removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A copy of this process that runs the body until it is killed, at the latest with this object.
/// The body may only make system calls that need nothing of the parent's other threads.
class ChildProcess {
 public:
  template <class Body>
  explicit ChildProcess(Body body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    for (;;) ::pause();
  }
  ~ChildProcess() { kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

/// A plain blocking TCP peer, for saying anything at all to what is under test.
class RawPeer {
 public:
  explicit RawPeer(UniqueFd fd) : fd_(std::move(fd)) {}
  static RawPeer connect_to(const Address& address) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const RawAddress raw = to_raw(address, Family::v4);
    EXPECT_EQ(::connect(fd.get(), raw.data(), raw.size), 0);
    return RawPeer(std::move(fd));
  }
  /// Takes the next connection of a listening socket.
  static RawPeer accept_from(int listener) {
    pollfd wait{listener, POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 20'000), 1);
    UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(fd.is_open());
    return RawPeer(std::move(fd));
  }

  void say(Bytes bytes) const {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Whether the other side closed or reset the stream, reading away what it said before.
  [[nodiscard]] bool is_ended() {
    for (;;) {
      std::array<std::byte, 4096> piece;
      const auto size = ::recv(fd_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size > 0) heard_.insert(heard_.end(), piece.begin(), piece.begin() + size);
      if (size == 0 || (size < 0 && errno != EAGAIN)) return true;
      if (size < 0) return false;
    }
  }
  /// Everything said to this peer so far.
  [[nodiscard]] const ByteVector& heard() {
    static_cast<void>(is_ended());
    return heard_;
  }
  void end() { fd_.reset(); }
  /// Closes with a reset in place of an orderly end.
  void abort() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }

 private:
  UniqueFd fd_;
  ByteVector heard_;
};

inline const wire::Envelope test_envelope{
    .cluster = wire::cluster_hash("test"), .sender = {1, 2}, .health = 0};

inline ByteVector frame_of(const wire::StreamMessage& message) {
  ByteVector frame;
  wire::encode_frame(test_envelope, message, frame);
  return frame;
}

/// The message in a frame, for comparing.
inline wire::StreamMessage message_in(Bytes frame) {
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  EXPECT_TRUE(message.has_value());
  return message.value_or(wire::Refused{});
}

/// Writes down, a line each, what the streams report.
class RecordingHost final : public StreamHost {
 public:
  void on_exchange_reply(core::ExchangeId id, Bytes frame) override {
    add("exchange " + number(id) + " reply of " + std::to_string(frame.size()));
    frames.emplace_back(frame.begin(), frame.end());
  }
  void on_exchange_failed(core::ExchangeId id, core::ExchangeError error) override {
    add("exchange " + number(id) + " failed: " + std::string(to_text(error)));
  }
  void on_watch_opened(core::WatchId id, Bytes) override { add("watch " + number(id) + " open"); }
  void on_watch_closed(core::WatchId id, core::CloseReason reason) override {
    add("watch " + number(id) + " closed: " + reason_text(reason));
  }
  void on_request(core::StreamId id, const Address&, Bytes frame) override {
    add("stream " + number(id) + " asks");
    frames.emplace_back(frame.begin(), frame.end());
    if (when_asked) when_asked(id);
  }
  void on_stream_closed(core::StreamId id, core::CloseReason reason) override {
    add("stream " + number(id) + " closed: " + reason_text(reason));
  }
  void on_stream_refused(const Address&, wire::RefusalCode code) override {
    add("refused a stream: " + std::string(wire::to_text(code)));
  }
  std::expected<Address, wire::RefusalCode> admit_agreement(const wire::Envelope& envelope,
                                                            std::string_view name) override {
    if (!admits) return std::unexpected(wire::RefusalCode::no_agreement);
    return admits(envelope, std::string(name));
  }
  void on_agreement_stream(AgreementStream stream) override {
    add("agreement stream of " + stream.name);
    when_agreed(std::move(stream));
  }
  [[nodiscard]] wire::Envelope envelope() const override { return test_envelope; }
  [[nodiscard]] FaultLayer* faults() override { return fault_layer; }

  [[nodiscard]] bool saw(std::string_view line) const {
    return lines.find(std::string(line) + "\n") != std::string::npos;
  }

  std::string lines;
  std::vector<ByteVector> frames;
  std::function<void(core::StreamId)> when_asked;
  std::function<std::expected<Address, wire::RefusalCode>(const wire::Envelope&, std::string)>
      admits;
  std::function<void(AgreementStream)> when_agreed;
  FaultLayer* fault_layer = nullptr;

 private:
  void add(const std::string& line) { lines += line + "\n"; }
  template <class Id>
  static std::string number(Id id) {
    return std::to_string(static_cast<std::uint64_t>(id));
  }
  static std::string reason_text(core::CloseReason reason) {
    switch (reason) {
      case core::CloseReason::end_of_stream:
        return "end";
      case core::CloseReason::reset:
        return "reset";
      case core::CloseReason::refused:
        return "refused";
      case core::CloseReason::timeout:
        return "timeout";
      case core::CloseReason::other:
        return "other";
    }
    return "?";
  }
};

}  // namespace rollcall::runtime
