// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/peer_links.hpp"

#include <deque>
#include <functional>
#include <stdexcept>

#include "runtime/inbound_streams.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

using consensus::FetchedPiece;
using consensus::FetchReply;
using consensus::Frame;
using consensus::ProposeFrame;
using consensus::Renew;

constexpr PeerLinks::Times quick = {
    .connect_max = 300ms, .again_min = 5ms, .again_max = 40ms, .idle_max = 60s, .silent_max = 1s};

/// One member as its links see it: a listening socket, and whoever writes down what is told.
class Party final : public PeerLinksHost {
 public:
  Party(boost::asio::io_context& io, const std::string& name, PeerLinks::Times times,
        BoundSockets sockets)
      : address(sockets.address),
        links(io,
              {.cluster = test_envelope.cluster,
               .self = name,
               .life = {1, 2},
               .from = {},
               .seed = 1,
               .times = times},
              *this) {
    streams_host.when_agreed = [this](AgreementStream stream) { links.adopt(std::move(stream)); };
    streams_host.admits = [](const wire::Envelope&,
                             const std::string&) -> std::expected<Address, wire::RefusalCode> {
      return loopback(1);
    };
    inbound.emplace(io, std::move(sockets.tcp), streams_host, InboundStreams::Times());
    inbound->start();
  }
  ~Party() { links.close_all(); }
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  void on_peer_frame(const std::string& from, Frame frame) override {
    heard.emplace_back(from, std::move(frame));
  }
  void on_peer_unreachable(const std::string& peer) override { unreachable.push_back(peer); }

  Address address;
  RecordingHost streams_host;
  PeerLinks links;
  std::optional<InboundStreams> inbound;
  std::vector<std::pair<std::string, Frame>> heard;
  std::vector<std::string> unreachable;
};

consensus::Peer known(const std::string& name, const Address& address) {
  consensus::Peer peer;
  peer.name = name;
  peer.address = to_text(address);
  return peer;
}

Renew renew(std::uint64_t token) {
  return {.token = token, .group = "g", .id = "i"};
}

ProposeFrame propose(std::size_t size) {
  return {.log = {1, 1}, .token = {}, .command = ByteVector(size, std::byte{7})};
}

FetchReply piece(std::uint64_t offset) {
  FetchReply reply;
  reply.what = FetchedPiece{
      .snapshot = {.term = consensus::raft::Term{1}, .index = consensus::raft::Index{9}},
      .size = 1 << 24U,
      .offset = offset,
      .data = ByteVector(std::size_t{128} << 10U, std::byte{3})};
  return reply;
}

class PeerLinksTest : public testing::Test {
 protected:
  /// a and b, which know each other.
  void begin(PeerLinks::Times times = quick) {
    a_.emplace(io_, "a", times, bound());
    b_.emplace(io_, "b", times, bound());
    introduce();
  }
  void introduce() {
    const consensus::Peers peers = {known("a", a_->address), known("b", b_->address)};
    a_->links.on_peers(peers);
    b_->links.on_peers(peers);
  }
  /// A stream from a to b that has carried a frame.
  void connect() {
    a_->links.send("b", renew(0));
    ASSERT_TRUE(run_until(io_, [&] { return !b_->heard.empty(); }));
    b_->heard.clear();
  }
  void let_pass() { io_.restart(), io_.run_for(60ms); }
  testing::AssertionResult until_heard(const Party& party, std::size_t count) {
    return run_until(io_, [&] { return party.heard.size() >= count; });
  }
  /// A stream to b that says what it is told to, admitted as the member x, welcomed.
  [[nodiscard]] RawPeer hello_to_b() {
    RawPeer peer = RawPeer::connect_to(b_->address);
    peer.say(frame_of(wire::AgreementHello{"x"}));
    EXPECT_TRUE(run_until(io_, [&] { return peer.heard().size() > wire::frame_head_bytes; }));
    return peer;
  }

  /// Sockets at the address that `leave` returns once nobody is there. Begins again with another
  /// port where a stranger takes the one that was left.
  [[nodiscard]] static BoundSockets bound_again(const std::function<Address()>& leave) {
    constexpr int ports_tried_max = 10;
    for (int tries = 1; tries <= ports_tried_max; ++tries) {
      if (auto sockets = bind_sockets(leave())) return std::move(*sockets);
    }
    throw std::runtime_error("each of 10 ports was taken at once by somebody else");
  }

  boost::asio::io_context io_;
  std::optional<Party> a_;
  std::optional<Party> b_;
};

TEST_F(PeerLinksTest, CarriesFramesBothWaysOnOneConnection) {
  begin();
  for (std::uint64_t i = 0; i < 100; ++i) a_->links.send("b", renew(i));
  ASSERT_TRUE(until_heard(*b_, 100));
  for (std::uint64_t i = 0; i < 100; ++i) b_->links.send("a", renew(i));
  ASSERT_TRUE(until_heard(*a_, 100));

  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(a_->heard[i], (std::pair<std::string, Frame>("b", renew(i))));
    EXPECT_EQ(b_->heard[i], (std::pair<std::string, Frame>("a", renew(i))));
  }
  EXPECT_EQ(a_->links.size(), 1U);
  EXPECT_EQ(b_->links.size(), 1U);
  EXPECT_TRUE(a_->unreachable.empty());
}

TEST_F(PeerLinksTest, CarriesFramesOfAnyLengthInOrder) {
  begin();
  const std::vector<std::size_t> sizes = {0, 1, 4095, 16'384, 65'533, 1'000'000, 3, 1'048'576, 2};
  for (const std::size_t size : sizes) a_->links.send("b", propose(size));

  ASSERT_TRUE(until_heard(*b_, sizes.size()));

  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(b_->heard[i].second, Frame(propose(sizes[i]))) << i;
  }
}

TEST_F(PeerLinksTest, TellsThatNobodyIsThereAndTriesAnew) {
  BoundSockets sockets = bound_again([&] {
    begin();
    const Address address = bound().address;
    a_->links.on_peers({known("c", address)});
    a_->links.send("c", renew(1));
    EXPECT_TRUE(run_until(io_, [&] { return !a_->unreachable.empty(); }));
    EXPECT_EQ(a_->unreachable, std::vector<std::string>{"c"});
    return address;
  });

  Party c(io_, "c", quick, std::move(sockets));
  std::uint64_t token = 2;
  ASSERT_TRUE(run_until(io_, [&] {
    a_->links.send("c", renew(token++));
    return !c.heard.empty();
  }));
}

TEST_F(PeerLinksTest, SaysNothingToAnotherMemberAtTheAddress) {
  begin();
  a_->links.on_peers({known("c", b_->address)});

  a_->links.send("c", renew(1));

  ASSERT_TRUE(run_until(io_, [&] { return !a_->unreachable.empty(); }));
  EXPECT_EQ(a_->unreachable.front(), "c");
  EXPECT_EQ(a_->links.counters().opens_refused, 1U);
  EXPECT_TRUE(b_->heard.empty());
}

TEST_F(PeerLinksTest, BearsARefusal) {
  begin();
  b_->streams_host.admits = nullptr;

  a_->links.send("b", renew(1));

  ASSERT_TRUE(run_until(io_, [&] { return !a_->unreachable.empty(); }));
  EXPECT_EQ(a_->links.counters().opens_refused, 1U);
}

TEST_F(PeerLinksTest, EndsAStreamThatSaysWhatIsNoFrame) {
  begin();
  const ByteVector too_long(4, std::byte{0xFF});
  ByteVector no_frame(4 + 5, std::byte{0xFF});
  for (std::size_t i = 0; i < 4; ++i) no_frame[i] = static_cast<std::byte>(i == 0 ? 5 : 0);
  std::uint64_t malformed = 0;
  for (const ByteVector& said : {no_frame, too_long}) {
    RawPeer peer = hello_to_b();
    EXPECT_FALSE(peer.is_ended());
    peer.say(said);
    ASSERT_TRUE(run_until(io_, [&] { return peer.is_ended(); }));
    EXPECT_EQ(b_->links.counters().frames_malformed, ++malformed);
  }
  EXPECT_TRUE(b_->heard.empty());
  ASSERT_TRUE(run_until(io_, [&] { return b_->links.size() == 0; }));
}

TEST_F(PeerLinksTest, FindsAPeerAgainThatWasGone) {
  BoundSockets sockets = bound_again([&] {
    begin();
    connect();
    const Address address = b_->address;
    b_.reset();
    EXPECT_TRUE(run_until(io_, [&] { return a_->unreachable == std::vector<std::string>{"b"}; }));
    return address;
  });

  b_.emplace(io_, "b", quick, std::move(sockets));
  std::uint64_t token = 1;
  ASSERT_TRUE(run_until(io_, [&] {
    a_->links.send("b", renew(token++));
    return !b_->heard.empty();
  }));
  EXPECT_EQ(a_->links.size(), 1U);
}

TEST_F(PeerLinksTest, LosesNothingWhenBothOpenAtOnce) {
  begin();
  for (std::uint64_t i = 0; i < 500; ++i) {
    a_->links.send("b", renew(i));
    b_->links.send("a", renew(i));
    if (i % 50 == 0) io_.restart(), io_.poll();
  }
  ASSERT_TRUE(until_heard(*a_, 500));
  ASSERT_TRUE(until_heard(*b_, 500));

  EXPECT_EQ(a_->heard.size(), 500U);
  EXPECT_EQ(b_->heard.size(), 500U);
  EXPECT_LE(a_->links.size(), 2U);
  EXPECT_TRUE(a_->unreachable.empty());
  EXPECT_TRUE(b_->unreachable.empty());
}

TEST_F(PeerLinksTest, ClosesWhatIsIdle) {
  PeerLinks::Times times = quick;
  times.idle_max = 80ms;
  begin(times);
  connect();

  ASSERT_TRUE(run_until(io_, [&] { return a_->links.size() + b_->links.size() == 0; }));

  connect();
}

TEST_F(PeerLinksTest, LetsAHeartbeatOvertakePiecesOfSnapshots) {
  begin();
  connect();
  for (std::uint64_t i = 0; i < 20; ++i) a_->links.send("b", piece(i));
  a_->links.send("b", renew(1));

  ASSERT_TRUE(until_heard(*b_, 21));

  EXPECT_EQ(b_->heard[1].second, Frame(renew(1)));
  for (std::uint64_t i = 1; i < 20; ++i) EXPECT_EQ(b_->heard[i + 1].second, Frame(piece(i)));
}

TEST_F(PeerLinksTest, BoundsWhatWaitsForASlowReader) {
  begin();
  RawPeer slow = hello_to_b();
  const ProposeFrame large = propose(1'000'000);
  for (int i = 0; i < 40; ++i) {
    b_->links.send("x", large);
    io_.restart(), io_.poll();
  }
  const std::uint64_t dropped = b_->links.counters().frames_dropped;
  EXPECT_GT(dropped, 10U);
  EXPECT_LT(dropped, 35U);

  ASSERT_TRUE(run_until(io_, [&] {  // what was taken arrives once he reads
    return slow.heard().size() > (40 - dropped) * large.command.size();
  }));
}

TEST_F(PeerLinksTest, HoldsBackWhatACutWould) {
  begin();
  connect();
  StreamFaults cut;
  cut.by_peer[b_->address] = {.is_in_cut = true, .is_out_cut = true};
  a_->links.set_faults(cut);

  a_->links.send("b", renew(1));
  b_->links.send("a", renew(2));
  let_pass();
  EXPECT_TRUE(a_->heard.empty());
  EXPECT_TRUE(b_->heard.empty());

  a_->links.set_faults({});
  ASSERT_TRUE(until_heard(*a_, 1));
  ASSERT_TRUE(until_heard(*b_, 1));
  EXPECT_TRUE(a_->unreachable.empty());
}

TEST_F(PeerLinksTest, DoesNotHearOfAnEndAcrossACut) {
  begin();
  connect();
  StreamFaults cut;
  cut.everybody = {.is_in_cut = true, .is_out_cut = false};
  a_->links.set_faults(cut);
  b_.reset();
  let_pass();
  EXPECT_TRUE(a_->unreachable.empty());

  a_->links.set_faults({});

  ASSERT_TRUE(run_until(io_, [&] { return !a_->unreachable.empty(); }));
}

TEST_F(PeerLinksTest, OpensNothingAcrossACut) {
  begin();
  StreamFaults cut;
  cut.by_peer[b_->address] = {.is_in_cut = false, .is_out_cut = true};
  a_->links.set_faults(cut);
  a_->links.send("b", renew(1));

  ASSERT_TRUE(run_until(io_, [&] { return !a_->unreachable.empty(); }));
  EXPECT_EQ(b_->streams_host.lines, "");

  a_->links.set_faults({});
  std::uint64_t token = 2;
  ASSERT_TRUE(run_until(io_, [&] {
    a_->links.send("b", renew(token++));
    return !b_->heard.empty();
  }));
}

TEST_F(PeerLinksTest, LetsNobodySeeAnEndAcrossACut) {
  PeerLinks::Times times = quick;
  times.idle_max = 80ms;
  begin(times);
  RawPeer peer = hello_to_b();
  StreamFaults cut;
  cut.everybody = {.is_in_cut = false, .is_out_cut = true};
  b_->links.set_faults(cut);

  ASSERT_TRUE(run_until(io_, [&] { return b_->links.size() == 0; })) << "idle for long";
  EXPECT_FALSE(peer.is_ended());

  b_->links.set_faults({});
  EXPECT_TRUE(run_until(io_, [&] { return peer.is_ended(); }));
}

}  // namespace
}  // namespace rollcall::runtime
