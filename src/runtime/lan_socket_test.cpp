// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/lan_socket.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "rollcall/agent.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

ByteVector bytes_of(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Members that cast on loopback alone: they are bound to it.
class LanSocketTest : public testing::Test {
 protected:
  struct Heard {
    Address from;
    std::string text;
    auto operator<=>(const Heard&) const = default;
  };
  struct Member {
    BoundSockets sockets;
    std::shared_ptr<LanSocket> lan;
    std::vector<Heard> heard;

    [[nodiscard]] bool has_heard(const Heard& what) const {
      return std::ranges::find(heard, what) != heard.end();
    }
  };

  ~LanSocketTest() override {
    for (const auto& member : members_) member->lan->close();
  }

  Member& add(const Address& bind = loopback()) {
    auto& member = *members_.emplace_back(std::make_unique<Member>());
    member.sockets = bound(bind);
    auto listeners = listen_on_lan(member.sockets.address, port_);
    EXPECT_TRUE(listeners) << listeners.error().message;
    member.lan = std::make_shared<LanSocket>(io_, std::move(*listeners), member.sockets.udp.get(),
                                             member.sockets.address);
    member.lan->start([&member](const Address& from, Bytes datagram) {
      member.heard.push_back({from, text_of(datagram)});
    });
    return member;
  }

  boost::asio::io_context io_;
  std::uint16_t port_ = deserted_address().port;
  std::vector<std::unique_ptr<Member>> members_;
};

TEST_F(LanSocketTest, AllMembersOfOneHostHearWhatOneOfThemCasts) {
  Member& one = add();
  Member& two = add();
  Member& three = add();

  ASSERT_TRUE(one.lan->cast(bytes_of("who is there?")));

  const Heard expected{one.sockets.address, "who is there?"};
  EXPECT_TRUE(run_until(io_, [&] { return two.has_heard(expected) && three.has_heard(expected); }));
}

TEST_F(LanSocketTest, AnAnswerComesBackToTheMembersOwnSocket) {
  Member& one = add();
  Member& two = add();
  ASSERT_TRUE(one.lan->cast(bytes_of("?")));
  ASSERT_TRUE(run_until(io_, [&] { return !two.heard.empty(); }));

  const RawAddress to = to_raw(two.heard.front().from, Family::v4);
  ASSERT_EQ(::sendto(two.sockets.udp.get(), "!", 1, 0, to.data(), to.size), 1);

  char answer = 0;
  ASSERT_TRUE(
      run_until(io_, [&] { return ::recv(one.sockets.udp.get(), &answer, 1, MSG_DONTWAIT) == 1; }));
  EXPECT_EQ(answer, '!');
}

TEST_F(LanSocketTest, DropsWhatIsLongerThanADatagramOfOurs) {
  Member& one = add();
  Member& two = add();

  ASSERT_TRUE(one.lan->cast(ByteVector(1600)));
  ASSERT_TRUE(one.lan->cast(bytes_of("short")));

  ASSERT_TRUE(run_until(io_, [&] { return two.has_heard({one.sockets.address, "short"}); }));
  EXPECT_TRUE(std::ranges::all_of(two.heard, [](const Heard& it) { return it.text == "short"; }));
}

TEST_F(LanSocketTest, HearsNothingAfterItsEnd) {
  Member& one = add();
  Member& two = add();
  Member& three = add();
  two.lan->close();

  EXPECT_FALSE(two.lan->cast(bytes_of("gone")));
  ASSERT_TRUE(one.lan->cast(bytes_of("hello")));

  ASSERT_TRUE(run_until(io_, [&] { return !three.heard.empty(); }));
  EXPECT_TRUE(two.heard.empty());
}

TEST_F(LanSocketTest, SaysThatItWentNowhere) {
  // TEST-NET-1 (RFC 5737): no interface has it.
  Member member;
  member.sockets = bound();
  auto listeners = listen_on_lan(loopback(), port_);
  ASSERT_TRUE(listeners);
  const auto lan = std::make_shared<LanSocket>(io_, std::move(*listeners), member.sockets.udp.get(),
                                               Address::v4(192, 0, 2, 1, 7420));

  EXPECT_FALSE(lan->cast(bytes_of("?")));
  lan->close();
}

TEST_F(LanSocketTest, RefusesAPortThatAnotherProgramHas) {
  const BoundSockets other = bound();

  const auto refused = listen_on_lan(loopback(), other.address.port);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::address_in_use);
  EXPECT_EQ(refused.error().field, "broadcast-port");
}

TEST(LanRoutesTest, AMemberBoundToLoopbackCastsNowhereElse) {
  const std::vector<LanRoute> routes = lan_routes(loopback(7420));

  ASSERT_FALSE(routes.empty());
  for (const LanRoute& route : routes) {
    EXPECT_EQ(route.source, loopback());
    EXPECT_EQ(route.broadcast, Address::v4(127, 255, 255, 255, 0));
  }
}

TEST(LanRoutesTest, AMemberBoundToIpV6LoopbackHasNoWay) {
  EXPECT_TRUE(lan_routes(loopback_v6(7420)).empty());
}

TEST(LanRoutesTest, AMemberBoundToAllAddressesOfOneKindCastsWithThatKind) {
  for (const LanRoute& route : lan_routes(Address::v4(0, 0, 0, 0, 7420))) {
    EXPECT_TRUE(route.source.is_v4()) << to_text(route.source);
  }
}

// --- Members as a whole ------------------------------------------------------------------------

Options on_lan(const std::string& name, std::uint16_t port) {
  Options options;
  options.name = name;
  options.bind = "127.0.0.1:0";
  options.broadcast = true;
  options.broadcast_port = port;
  return options;
}

TEST(LanAgentTest, MembersFindOneAnotherWithoutSeeds) {
  const std::uint16_t port = deserted_address().port;
  std::vector<Agent> agents;
  for (const auto* const name : {"one", "two", "three"}) {
    auto agent = Agent::create(on_lan(name, port));
    ASSERT_TRUE(agent) << agent.error().message;
    agents.push_back(std::move(*agent));
  }

  for (const Agent& agent : agents) {
    EXPECT_TRUE(eventually([&] { return agent.members().size() == 3; }));
    EXPECT_TRUE(eventually([&] { return agent.status().phase == Phase::joined; }));
  }
}

TEST(LanAgentTest, AnotherClusterOnTheSameLanIsLeftAlone) {
  const std::uint16_t port = deserted_address().port;
  Options other = on_lan("other", port);
  other.cluster = "other";
  auto one = Agent::create(on_lan("one", port));
  auto two = Agent::create(other);
  ASSERT_TRUE(one && two);

  EXPECT_TRUE(eventually([&] {
    return one->status().phase == Phase::alone && two->status().phase == Phase::alone &&
           one->status().wrong_cluster > 0 && two->status().wrong_cluster > 0;
  }));
  EXPECT_EQ(one->members().size(), 1U);
  EXPECT_EQ(two->members().size(), 1U);
}

TEST(LanAgentTest, RefusesAPortThatCannotBe) {
  const auto agent = Agent::create(on_lan("one", 0));

  ASSERT_FALSE(agent);
  EXPECT_EQ(agent.error().field, "broadcast-port");
}

}  // namespace
}  // namespace rollcall::runtime
