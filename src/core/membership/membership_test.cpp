// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/membership.hpp"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/node.hpp"
#include "wire/datagram.hpp"

namespace rollcall::core {
namespace {

Config config_of_a() {
  Config config;
  config.name = "a";
  config.advertise = Address::v4(10, 0, 0, 1, 7420);
  return config;
}

/// A node that hears of another member, b, and what it tells its readers.
class MembershipTest : public testing::Test {
 protected:
  MembershipTest() { node_.start(now_, effects_); }

  std::vector<EventKind> events_after(const wire::Update& update) {
    effects_.clear();
    wire::DatagramWriter writer(
        {.cluster = wire::cluster_hash("default"), .sender = {3, 3}, .health = 0});
    EXPECT_TRUE(writer.add(update));
    node_.on_datagram(Address::v4(10, 0, 0, 3, 7420), writer.bytes(), now_, effects_);
    std::vector<EventKind> kinds;
    for (const Effect& effect : effects_.list()) {
      if (const auto* event = std::get_if<Publish>(&effect)) kinds.push_back(event->kind);
    }
    return kinds;
  }
  static wire::Update about_b(State state, std::uint32_t incarnation) {
    wire::Update update;
    update.name = "b";
    update.life = {1, {2, 2}};
    update.address = Address::v4(10, 0, 0, 2, 7420);
    update.state = state;
    update.incarnation = incarnation;
    update.has_tags = true;
    return update;
  }

  Instant now_{std::chrono::hours(1)};
  Effects effects_;
  Node node_{config_of_a(), 1, 1, now_};
};

TEST_F(MembershipTest, TellsOfNewTagsThatComeWithASuspicion) {
  const ByteVector tags = *wire::encode_tags({{"role", "db"}});
  EXPECT_EQ(events_after(about_b(State::alive, 0)), std::vector{EventKind::member_join});
  wire::Update suspected = about_b(State::suspect, 1);
  suspected.tags = tags;

  EXPECT_EQ(events_after(suspected),
            (std::vector{EventKind::member_suspect, EventKind::member_update}));
}

TEST_F(MembershipTest, TellsOfARefutationAndOfWhatChangedWithIt) {
  const ByteVector tags = *wire::encode_tags({{"role", "db"}});
  events_after(about_b(State::suspect, 0));
  wire::Update refuted = about_b(State::alive, 1);
  refuted.tags = tags;

  EXPECT_EQ(events_after(refuted),
            (std::vector{EventKind::member_alive, EventKind::member_update}));
}

TEST_F(MembershipTest, TellsOfANewLifeAsAJoinAlone) {
  events_after(about_b(State::suspect, 0));
  wire::Update restarted = about_b(State::alive, 0);
  restarted.life = {2, {9, 9}};

  EXPECT_EQ(events_after(restarted), std::vector{EventKind::member_join});
}

}  // namespace
}  // namespace rollcall::core
