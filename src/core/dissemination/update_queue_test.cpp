// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/update_queue.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

class UpdateQueueTest : public testing::Test {
 protected:
  UpdateQueueTest() : context_(make_config(), 1, Instant{}), queue_(context_) {
    add_member("self");
    context_.set_self(*context_.table.find("self"));
  }

  static Config make_config() {
    Config config;
    config.name = "self";
    return config;
  }

  Slot add_member(const std::string& name) {
    Record record;
    record.name = name;
    record.life = {1, context_.prng.life_id()};
    record.address = Address::v4(10, 0, 0, 1, static_cast<std::uint16_t>(next_port_++));
    return context_.table.put(record);
  }

  /// The names in one datagram's worth of updates.
  std::vector<std::string> fill() {
    wire::DatagramWriter writer(context_.envelope());
    queue_.fill(writer);
    std::vector<std::string> names;
    auto reader = wire::DatagramReader::create(writer.bytes(), context_.cluster);
    while (reader && !reader->at_end()) {
      const auto message = reader->next();
      if (!message) break;
      names.emplace_back(std::get<wire::Update>(*message).name);
    }
    return names;
  }

  std::uint16_t next_port_ = 7001;
  Context context_;
  UpdateQueue queue_;
};

using Names = std::vector<std::string>;

TEST_F(UpdateQueueTest, SendsTheNewestFirst) {
  queue_.add(add_member("a"), wire::Age::news);
  queue_.add(add_member("b"), wire::Age::news);

  EXPECT_EQ(fill(), (Names{"b", "a"}));
}

TEST_F(UpdateQueueTest, SendsWhatWasSentLessOftenFirst) {
  queue_.add(add_member("a"), wire::Age::news);
  EXPECT_EQ(fill(), Names{"a"});
  queue_.add(add_member("b"), wire::Age::news);

  EXPECT_EQ(fill(), (Names{"b", "a"}));
}

TEST_F(UpdateQueueTest, StopsAfterTheLimit) {
  queue_.add(add_member("a"), wire::Age::news);

  for (std::size_t i = 0; i < queue_.send_limit(wire::Age::news); ++i)
    EXPECT_EQ(fill(), Names{"a"});

  EXPECT_TRUE(fill().empty());
  EXPECT_TRUE(queue_.empty());
}

TEST_F(UpdateQueueTest, CountsACopyThatIsHeardAsOneThatNeedNotBeSent) {
  const Slot a = add_member("a");
  queue_.add(a, wire::Age::news);
  const std::size_t limit = queue_.send_limit(wire::Age::news);

  for (std::size_t i = 0; i + 1 < limit; ++i) queue_.on_heard(a, LifeId{});
  EXPECT_EQ(fill(), Names{"a"});

  EXPECT_TRUE(queue_.empty());
}

TEST_F(UpdateQueueTest, DoesNotCountWhatAnotherWitnessSays) {
  const Slot a = add_member("a");
  queue_.add(a, wire::Age::news);

  for (std::size_t i = 0; i < queue_.send_limit(wire::Age::news); ++i) {
    queue_.on_heard(a, LifeId{1, 2});
  }

  EXPECT_EQ(fill(), Names{"a"});
}

TEST_F(UpdateQueueTest, KeepsOneEntryAMember) {
  const Slot a = add_member("a");
  queue_.add(a, wire::Age::news);
  queue_.add(a, wire::Age::news);

  EXPECT_EQ(queue_.size(), 1U);
  EXPECT_EQ(fill(), Names{"a"});
}

TEST_F(UpdateQueueTest, FillsADatagramAndLeavesTheRestForTheNext) {
  for (int i = 0; i < 100; ++i)
    queue_.add(add_member("member-" + std::to_string(i)), wire::Age::news);

  const Names first = fill();
  const Names second = fill();

  EXPECT_GT(first.size(), 15U);
  EXPECT_LT(first.size(), 100U);
  for (const std::string& name : second) {
    EXPECT_EQ(std::count(first.begin(), first.end(), name), 0) << name;
  }
}

TEST_F(UpdateQueueTest, CallsAVerdictNewsOnlyWhileItIsFresh) {
  const Slot a = add_member("a");
  queue_.add(a, wire::Age::news);
  EXPECT_EQ(queue_.peek(a)->age, wire::Age::news);

  context_.now += UpdateQueue::news_time;

  EXPECT_EQ(queue_.peek(a)->age, wire::Age::history);
}

}  // namespace
}  // namespace rollcall::core
