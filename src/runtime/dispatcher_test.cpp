// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/dispatcher.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class DispatcherTest : public testing::Test {
 protected:
  void append(std::size_t count) { log_->append(std::vector<Event>(count)); }

  std::shared_ptr<EventLog> log_ = std::make_shared<EventLog>(8);
  std::optional<Dispatcher> dispatcher_{log_};
};

TEST_F(DispatcherTest, GivesEachSubscriberEveryLaterEventInOrder) {
  append(3);
  std::atomic<std::uint64_t> last_a = 3;
  std::atomic<std::uint64_t> last_b = 3;
  std::atomic<bool> is_in_order = true;
  const auto follow = [&is_in_order](std::atomic<std::uint64_t>& last) {
    return [&is_in_order, &last](const Event& event) {
      if (event.index != last + 1) is_in_order = false;
      last = event.index;
    };
  };
  const Subscription a = dispatcher_->subscribe(follow(last_a));
  const Subscription b = dispatcher_->subscribe(follow(last_b));

  for (int i = 0; i < 20; ++i) {
    append(2);
    ASSERT_TRUE(eventually([&] { return last_a == log_->newest() && last_b == log_->newest(); }));
  }

  EXPECT_TRUE(is_in_order);
}

TEST_F(DispatcherTest, TellsASlowSubscriberHowManyItMissed) {
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future();
  std::atomic<bool> is_held = false;
  std::mutex mutex;
  std::vector<std::string> seen;
  const Subscription subscription = dispatcher_->subscribe([&](const Event& event) {
    if (event.index == 1) {
      is_held = true;
      may_go_on.wait();
    }
    const std::lock_guard lock(mutex);
    seen.push_back(std::to_string(event.index) + " " + event.message);
  });
  append(1);
  ASSERT_TRUE(eventually([&] { return is_held.load(); }));

  append(20);
  go_on.set_value();
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return !seen.empty() && seen.back() == "21 ";
  }));

  ASSERT_EQ(seen.size(), 1U + 1U + 8U);
  EXPECT_EQ(seen[0], "1 ");
  EXPECT_EQ(seen[1],
            "13 events 2 to 13 were dropped, because this subscriber was slower than they came");
  EXPECT_EQ(seen[2], "14 ");
}

TEST_F(DispatcherTest, ASubscriberMayEndItself) {
  std::atomic<int> calls = 0;
  std::atomic<std::uint64_t> other = 0;
  auto own = std::make_shared<Subscription>();
  std::promise<void> is_set;
  auto set = is_set.get_future().share();
  *own = dispatcher_->subscribe([&calls, own, set](const Event&) {
    set.wait();
    ++calls;
    *own = {};
  });
  is_set.set_value();
  const Subscription witness =
      dispatcher_->subscribe([&other](const Event& event) { other = event.index; });

  append(2);

  ASSERT_TRUE(eventually([&] { return other == 2; }));
  EXPECT_EQ(calls, 1);
}

TEST_F(DispatcherTest, EndingASubscriptionWaitsForTheCallUnderWay) {
  std::atomic<bool> is_inside = false;
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future();
  auto subscription = std::make_optional(dispatcher_->subscribe([&](const Event&) {
    is_inside = true;
    may_go_on.wait();
    is_inside = false;
  }));
  append(1);
  ASSERT_TRUE(eventually([&] { return is_inside.load(); }));

  std::thread helper([&go_on] { go_on.set_value(); });
  subscription.reset();

  EXPECT_FALSE(is_inside);
  helper.join();
}

TEST_F(DispatcherTest, MayBeClosedFromACallback) {
  std::promise<void> closed;
  const Subscription subscription = dispatcher_->subscribe([&](const Event&) {
    dispatcher_->close();
    closed.set_value();
  });

  append(1);

  EXPECT_EQ(closed.get_future().wait_for(test_deadline), std::future_status::ready);
}

TEST_F(DispatcherTest, TakesNobodyOnceItIsClosed) {
  dispatcher_->close();
  std::atomic<int> calls = 0;

  const Subscription subscription = dispatcher_->subscribe([&](const Event&) { ++calls; });
  append(1);

  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace rollcall::runtime
