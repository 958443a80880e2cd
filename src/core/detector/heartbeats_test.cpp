// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/heartbeats.hpp"

#include <algorithm>
#include <variant>

#include <gtest/gtest.h>

#include "core/detector/fail_time.hpp"

namespace rollcall::core {
namespace {

Config config_of_self() {
  Config config;
  config.name = "self";
  config.advertise = Address::v4(10, 0, 0, 1, 7000);
  config.detector = DetectorKind::gossip;
  return config;
}

class NoNews final : public Registrar {
 public:
  void learn(const wire::Update&, Provenance) override {}
  void confirm(Slot) override {}
  void stream_ping(Slot, Duration) override {}
};

/// One member among others that it hears of as the test says.
class HeartbeatsTest : public testing::Test {
 protected:
  HeartbeatsTest()
      : context_(config_of_self(), 1, Instant(1h)),
        queue_(context_),
        outbox_(context_, queue_),
        pings_(context_, outbox_),
        suspicions_(context_, pings_, registrar_),
        heartbeats_(context_, pings_, outbox_, suspicions_) {
    context_.effects = &effects_;
    context_.set_self(add("self", 7000));
  }

  Slot add(const std::string& name, std::uint16_t port) {
    return context_.table.put({.name = name,
                               .life = {1, context_.prng.life_id()},
                               .address = Address::v4(10, 0, 0, 1, port)});
  }
  void add_others(std::uint16_t count) {
    for (std::uint16_t i = 1; i <= count; ++i) {
      const auto port = static_cast<std::uint16_t>(7000 + i);
      others_.push_back(add("m" + std::to_string(port), port));
    }
    heartbeats_.start();
  }
  [[nodiscard]] const LifeId& life(Slot slot) const { return context_.table.at(slot).life.id; }

  /// A member's own word, with what it tells of others.
  void hear(Slot from, std::uint32_t count, const std::vector<wire::Heartbeat>& of_others = {}) {
    ByteVector others;
    for (const wire::Heartbeat& other : of_others) wire::append_heartbeat(other, others);
    context_.last_heard = context_.now;
    heartbeats_.on_heard(life(from), {.own = count, .is_cast = false, .others = others});
  }
  wire::Heartbeat beat(Slot slot, std::uint32_t count) const {
    return {.member = wire::heartbeat_key(life(slot)), .count = count};
  }
  /// Lets the time pass; everybody but the silent ones is heard all the while.
  std::vector<Slot> pass(Duration time, const std::vector<Slot>& silent) {
    std::vector<Slot> found;
    for (const Instant end = context_.now + time; context_.now < end;) {
      context_.now += 100ms;
      for (const Slot slot : others_) {
        if (std::ranges::find(silent, slot) == silent.end()) hear(slot, ++count_);
      }
      for (const Slot slot : heartbeats_.on_deadline()) found.push_back(slot);
    }
    return found;
  }
  /// What the datagrams sent since the last call tell of others, and to whom they went.
  std::vector<wire::Heartbeats> told() {
    std::vector<wire::Heartbeats> list;
    for (const Effect& effect : effects_.list()) {
      const auto* const sent = std::get_if<SendDatagram>(&effect);
      if (sent == nullptr) continue;
      auto reader = wire::DatagramReader::create(effects_.bytes(sent->payload), context_.cluster);
      while (reader && !reader->at_end()) {
        const auto message = reader->next();
        if (!message) break;
        if (const auto* one = std::get_if<wire::Heartbeats>(&*message)) list.push_back(*one);
      }
    }
    return list;
  }
  static std::vector<std::uint64_t> members_of(const wire::Heartbeats& heartbeats) {
    std::vector<std::uint64_t> members;
    for (std::size_t i = 0; i < heartbeats.count(); ++i) {
      members.push_back(wire::read_heartbeat(heartbeats, i).member);
    }
    std::ranges::sort(members);
    return members;
  }
  /// The answer to a member that tells of these.
  std::vector<wire::Heartbeat> answer_to(const std::vector<wire::Heartbeat>& asked) {
    ByteVector others;
    for (const wire::Heartbeat& other : asked) wire::append_heartbeat(other, others);
    wire::DatagramWriter writer(context_.envelope());
    heartbeats_.answer({.own = 1, .is_cast = false, .others = others}, writer);
    auto reader = wire::DatagramReader::create(writer.bytes(), context_.cluster);
    const auto message = reader->next();
    const auto& answer = std::get<wire::Heartbeats>(*message);
    std::vector<wire::Heartbeat> list;
    for (std::size_t i = 0; i < answer.count(); ++i) {
      list.push_back(wire::read_heartbeat(answer, i));
    }
    return list;
  }

  NoNews registrar_;
  Effects effects_;
  Context context_;
  UpdateQueue queue_;
  Outbox outbox_;
  PingLog pings_;
  Suspicions suspicions_;
  Heartbeats heartbeats_;
  std::vector<Slot> others_;
  std::uint32_t count_ = 1;
};

TEST_F(HeartbeatsTest, DoubtAMemberWhoseCounterHasStoodStillForTheFailTime) {
  add_others(3);
  pass(1s, {});
  const Duration limit = heartbeats_.fail_time();

  EXPECT_TRUE(pass(limit - 300ms, {others_[1]}).empty());
  const auto found = pass(600ms, {others_[1]});

  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), others_[1]);
}

TEST_F(HeartbeatsTest, TakeHearsayForAHeartbeatIfTheCounterRises) {
  add_others(3);
  pass(1s, {});
  const Slot far = others_[2];
  for (std::uint32_t count = 1; count < 100; ++count) {
    hear(others_[0], ++count_, {beat(far, 1000 + count)});
    EXPECT_TRUE(pass(100ms, {far}).empty());
  }
  // The same count again and again is no heartbeat, however many tell of it.
  bool is_found = false;
  for (int i = 0; i < 100; ++i) {
    hear(others_[0], ++count_, {beat(far, 1099)});
    is_found = is_found || !pass(100ms, {far}).empty();
  }
  EXPECT_TRUE(is_found);
}

TEST_F(HeartbeatsTest, DoNotCountTheTimeThatThisNodeDidNotRun) {
  add_others(3);
  pass(1s, {});
  context_.now += 1min;
  heartbeats_.on_pause(1min);

  EXPECT_TRUE(pass(heartbeats_.fail_time() - 300ms, {others_[0]}).empty());
}

TEST_F(HeartbeatsTest, DoubtNobodyWhileNothingAtAllIsHeard) {
  add_others(3);
  pass(1s, {});

  EXPECT_TRUE(pass(heartbeats_.fail_time() + 500ms, others_).empty());
}

TEST_F(HeartbeatsTest, NeverTellMoreThanADatagramHolds) {
  add_others(500);
  for (const Slot slot : others_) hear(slot, 7);
  effects_.clear();

  context_.now = heartbeats_.next_deadline();
  heartbeats_.on_deadline();

  ASSERT_EQ(told().size(), 1U);
  EXPECT_EQ(told().front().count(), wire::heartbeats_max);
  EXPECT_EQ(answer_to({}).size(), wire::heartbeats_max);
}

TEST_F(HeartbeatsTest, TellOfTheOldestCountsAndOfTheNewest) {
  add_others(400);
  const std::size_t half = wire::heartbeats_max / 2;
  for (std::size_t i = 0; i < others_.size(); ++i) {
    context_.now += 1ms;
    hear(others_[i], 7 + static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    // The first to be told of here said it the longest ago.
    context_.now += 20ms;
    hear(others_[i], 50'000 + static_cast<std::uint32_t>(2 * i));
  }
  std::vector<std::uint64_t> expected;
  for (std::size_t i = 0; i < half; ++i) {
    expected.push_back(beat(others_[i], 0).member);
    expected.push_back(beat(others_[others_.size() - 1 - i], 0).member);
  }
  std::ranges::sort(expected);
  effects_.clear();

  context_.now = std::max(context_.now, heartbeats_.next_deadline());
  heartbeats_.on_deadline();

  ASSERT_EQ(told().size(), 1U);
  EXPECT_EQ(members_of(told().front()), expected);
}

TEST_F(HeartbeatsTest, AnswerWithWhatIsBetterKnownHere) {
  add_others(4);
  hear(others_[0], 10);
  hear(others_[1], 10);
  hear(others_[2], 10);

  const auto answer = answer_to({beat(others_[0], 9),
                                 beat(others_[1], 10),
                                 beat(others_[2], 11),
                                 beat(others_[3], 5),
                                 {.member = 12345, .count = 1}});

  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0], beat(others_[0], 10));
}

TEST_F(HeartbeatsTest, AnswerWithAllThatFitsWhoeverKnowsNothing) {
  add_others(4);
  for (const Slot slot : others_) hear(slot, 10);

  EXPECT_EQ(answer_to({}).size(), 4U);
  EXPECT_EQ(answer_to({beat(others_[0], 0)}).size(), 4U) << "0 asks";
}

TEST_F(HeartbeatsTest, DoNotPassOnACounterThatIsFasterThanTime) {
  add_others(3);
  hear(others_[0], 100);
  hear(others_[1], 100, {beat(others_[0], 1'000'000)});

  EXPECT_EQ(answer_to({beat(others_[1], 100), beat(others_[2], 0)}),
            std::vector<wire::Heartbeat>{beat(others_[0], 100)});
}

TEST_F(HeartbeatsTest, TakeAMembersOwnWordForMoreThanHearsay) {
  add_others(3);
  hear(others_[1], 100, {beat(others_[0], 1'000'000)});  // the first that is heard of it
  hear(others_[0], 100);

  EXPECT_EQ(answer_to({beat(others_[1], 100), beat(others_[2], 0)}),
            std::vector<wire::Heartbeat>{beat(others_[0], 100)});
  hear(others_[0], 90);
  EXPECT_EQ(answer_to({beat(others_[1], 100), beat(others_[2], 0)}),
            std::vector<wire::Heartbeat>{beat(others_[0], 100)})
      << "overtaken on its way";
}

TEST_F(HeartbeatsTest, ForgetMembersThatAreGone) {
  add_others(2);
  hear(others_[0], 10);
  context_.table.erase(others_[0]);
  heartbeats_.on_member_changed(others_[0]);

  EXPECT_TRUE(answer_to({}).empty());
  EXPECT_TRUE(pass(1min, {others_[0]}).empty());
}

TEST_F(HeartbeatsTest, JudgeByTheDistributionOfArrivalsIfAsked) {
  context_.config.accrual_threshold = 8;
  add_others(3);
  pass(20s, {});  // every 100 ms

  // Half an interval is the least deviation: phi 8 is 5.6 deviations after the mean.
  EXPECT_TRUE(pass(400ms, {others_[1]}).empty());
  const auto found = pass(700ms, {others_[1]});
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), others_[1]);
}

TEST_F(HeartbeatsTest, SayThatTheyCannotGoByBroadcastAndGoToRandomMembers) {
  context_.config.heartbeat_cast = HeartbeatCast::broadcast;
  add_others(3);
  ASSERT_EQ(effects_.list().size(), 1U);
  EXPECT_EQ(std::get<Publish>(effects_.list().front()).kind, EventKind::protocol_warning);
  effects_.clear();

  context_.now = heartbeats_.next_deadline();
  heartbeats_.on_deadline();

  ASSERT_EQ(effects_.list().size(), 1U);
  EXPECT_TRUE(std::holds_alternative<SendDatagram>(effects_.list().front()));
}

TEST_F(HeartbeatsTest, GoByBroadcastAndToThoseWhomThatDoesNotReach) {
  context_.config.heartbeat_cast = HeartbeatCast::broadcast;
  context_.config.broadcast = true;
  add_others(3);
  std::size_t casts = 0;
  std::size_t to_far = 0;
  std::size_t to_near = 0;
  const Slot far = others_[2];
  for (int i = 0; i < 100; ++i) {
    effects_.clear();
    context_.now += 230ms;
    for (const Slot slot : others_) {
      if (slot != far) {
        heartbeats_.on_heard(life(slot), {.own = ++count_, .is_cast = true, .others = {}});
      }
    }
    heartbeats_.on_deadline();
    for (const Effect& effect : effects_.list()) {
      casts += std::holds_alternative<CastDatagram>(effect) ? 1 : 0;
      const auto* const sent = std::get_if<SendDatagram>(&effect);
      if (sent == nullptr) continue;
      (sent->to == context_.table.at(far).address ? to_far : to_near) += 1;
    }
  }
  EXPECT_GE(casts, 90U);
  EXPECT_GE(to_far, 90U);
  EXPECT_EQ(to_near, 0U);
}

}  // namespace
}  // namespace rollcall::core
