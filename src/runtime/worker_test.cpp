// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/worker.hpp"

#include <atomic>
#include <future>
#include <optional>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

TEST(WorkerTest, RunsJobsInOrderAndFinishesThemAtTheEnd) {
  std::vector<int> order;
  {
    Worker worker("test", 100, Worker::AtEnd::finish);
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(worker.post([&order, i] { order.push_back(i); }));
    }
  }

  ASSERT_EQ(order.size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(WorkerTest, RefusesMoreThanItsQueueHolds) {
  std::promise<void> begun;
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  Worker worker("test", 2, Worker::AtEnd::finish);
  ASSERT_TRUE(worker.post([&begun, may_go_on] {
    begun.set_value();
    may_go_on.wait();
  }));
  begun.get_future().wait();

  EXPECT_TRUE(worker.post([] {}));
  EXPECT_TRUE(worker.post([] {}));
  EXPECT_FALSE(worker.post([] {}));
  go_on.set_value();
}

TEST(WorkerTest, AbandonsWhatIsStuckAndDropsTheRest) {
  std::promise<void> begun;
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  const auto ended = std::make_shared<std::promise<void>>();
  const auto is_second_run = std::make_shared<std::atomic<bool>>(false);
  {
    Worker worker("test", 100, Worker::AtEnd::abandon);
    ASSERT_TRUE(worker.post([&begun, may_go_on, ended] {
      begun.set_value();
      may_go_on.wait();
      ended->set_value();
    }));
    begun.get_future().wait();
    ASSERT_TRUE(worker.post([is_second_run] { *is_second_run = true; }));
  }
  go_on.set_value();

  EXPECT_EQ(ended->get_future().wait_for(test_deadline), std::future_status::ready);
  EXPECT_FALSE(*is_second_run);
}

}  // namespace
}  // namespace rollcall::runtime
