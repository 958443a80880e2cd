// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/eager_push.hpp"

#include <algorithm>
#include <variant>

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

Config config_of_self() {
  Config config;
  config.name = "self";
  config.advertise = Address::v4(10, 0, 0, 1, 7000);
  return config;
}

/// One member among forty, and whom it tells.
class EagerPushTest : public testing::Test {
 protected:
  EagerPushTest() : context_(config_of_self(), 1, Instant(1h)), push_(context_) {
    context_.effects = &effects_;
    context_.set_self(add("self", 7000));
    for (std::uint16_t port = 7001; port < 7040; ++port) add("m" + std::to_string(port), port);
  }

  Slot add(const std::string& name, std::uint16_t port) {
    return context_.table.put({.name = name,
                               .life = {1, context_.prng.life_id()},
                               .address = Address::v4(10, 0, 0, 1, port)});
  }
  [[nodiscard]] Slot on_ring(std::size_t steps) const {
    const Ring& ring = context_.table.ring();
    return ring[(context_.table.ring_index(context_.self) + steps) % ring.size()];
  }
  std::vector<Address> told_of(Slot slot) {
    effects_.clear();
    push_.add(slot, wire::Age::news, {});
    context_.now += EagerPush::spacing;
    push_.flush_if_due();
    std::vector<Address> addresses;
    for (const Effect& effect : effects_.list()) {
      addresses.push_back(std::get<SendDatagram>(effect).to);
    }
    return addresses;
  }
  [[nodiscard]] bool has(const std::vector<Address>& told, Slot slot) const {
    return std::ranges::find(told, context_.table.at(slot).address) != told.end();
  }

  Effects effects_;
  Context context_;
  EagerPush push_;
};

TEST_F(EagerPushTest, TellsBothNeighboursOnTheRingEachTime) {
  for (int i = 0; i < 20; ++i) {
    const auto told = told_of(on_ring(7));
    EXPECT_TRUE(has(told, on_ring(1)));
    EXPECT_TRUE(has(told, on_ring(context_.table.ring().size() - 1)));
  }
}

TEST_F(EagerPushTest, TellsAsManyAsTheFanoutAndEachOnce) {
  auto told = told_of(on_ring(7));
  EXPECT_EQ(told.size(), push_fanout(context_));

  std::ranges::sort(told);
  EXPECT_EQ(std::ranges::adjacent_find(told), told.end());
}

TEST_F(EagerPushTest, DoesNotTellAMemberWhatIsOnlyAboutItself) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(has(told_of(on_ring(1)), on_ring(1)));
}

TEST_F(EagerPushTest, TellsOfItsOwnEndThoughItIsOnNoRing) {
  Record self = context_.self_record();
  self.state = State::left;
  context_.set_self(context_.table.put(std::move(self)));

  EXPECT_EQ(told_of(context_.self).size(), push_fanout(context_));
}

}  // namespace
}  // namespace rollcall::core
