// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/watches.hpp"

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class WatchesTest : public testing::Test {
 protected:
  void open(const Address& to, Duration timeout = 10s) {
    watches_.open(core::WatchId{1}, to, frame_of(wire::Watch{.target = {3, 4}}), timeout);
  }
  testing::AssertionResult until_reported(std::string_view line) {
    return run_until(io_, [&] { return host_.saw(line); });
  }
  RawPeer open_and_accept() {
    open(peer_.address);
    RawPeer peer = RawPeer::accept_from(peer_.tcp.get());
    peer.say(greeting_);
    EXPECT_TRUE(until_reported("watch 1 open"));
    return peer;
  }

  boost::asio::io_context io_;
  RecordingHost host_;
  Watches watches_{io_, loopback(), host_};
  BoundSockets peer_ = bound();
  ByteVector greeting_ = frame_of(wire::WatchAck{});
};

TEST_F(WatchesTest, TellsThatThePeerEndedTheStream) {
  RawPeer peer = open_and_accept();

  // What the peer has not read would turn the end into a reset.
  ASSERT_TRUE(run_until(io_, [&] { return !peer.heard().empty(); }));
  peer.end();

  ASSERT_TRUE(until_reported("watch 1 closed: end"));
  EXPECT_EQ(host_.lines, "watch 1 open\nwatch 1 closed: end\n");
  EXPECT_EQ(watches_.size(), 0U);
}

TEST_F(WatchesTest, TellsThatThePeerResetTheStream) {
  RawPeer peer = open_and_accept();

  peer.abort();

  ASSERT_TRUE(until_reported("watch 1 closed: reset"));
}

TEST_F(WatchesTest, TellsThatAProcessWasKilled) {
  ChildProcess child([this] {
    pollfd wait{peer_.tcp.get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    const int fd = ::accept4(peer_.tcp.get(), nullptr, nullptr, 0);
    static_cast<void>(::send(fd, greeting_.data(), greeting_.size(), 0));
  });
  peer_.tcp.reset();
  open(peer_.address);
  ASSERT_TRUE(until_reported("watch 1 open"));

  child.kill();

  // The child never read our greeting, so the system tells its death as a reset.
  EXPECT_TRUE(run_until(io_, [&] { return host_.lines.find("closed") != std::string::npos; }));
  EXPECT_TRUE(host_.saw("watch 1 closed: reset") || host_.saw("watch 1 closed: end"))
      << host_.lines;
}

TEST_F(WatchesTest, TellsThatNothingListens) {
  open(deserted_address());

  ASSERT_TRUE(until_reported("watch 1 closed: refused"));
  EXPECT_EQ(host_.lines, "watch 1 closed: refused\n");
}

TEST_F(WatchesTest, TellsThatNoGreetingCame) {
  open(peer_.address, 30ms);
  const RawPeer peer = RawPeer::accept_from(peer_.tcp.get());

  ASSERT_TRUE(until_reported("watch 1 closed: timeout"));
}

TEST_F(WatchesTest, TellsThatThePeerIsNoMember) {
  open(peer_.address);
  RawPeer peer = RawPeer::accept_from(peer_.tcp.get());
  peer.say(as_bytes("220 mail.example.org ESMTP ready when you are, go on\r\n"));

  ASSERT_TRUE(until_reported("watch 1 closed: other"));
}

TEST_F(WatchesTest, SaysNothingOfAWatchThatWasClosed) {
  RawPeer peer = open_and_accept();

  watches_.close(core::WatchId{1});

  ASSERT_TRUE(run_until(io_, [&] { return peer.is_ended(); }));
  EXPECT_EQ(host_.lines, "watch 1 open\n");
}

TEST_F(WatchesTest, RefusesMoreThanItsLimit) {
  for (std::uint64_t i = 1; i <= Watches::watches_max + 1; ++i) {
    watches_.open(core::WatchId{i}, peer_.address, greeting_, 10s);
  }

  ASSERT_TRUE(
      until_reported("watch " + std::to_string(Watches::watches_max + 1) + " closed: other"));
  EXPECT_EQ(watches_.size(), Watches::watches_max);
}

}  // namespace
}  // namespace rollcall::runtime
