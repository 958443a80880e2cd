// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/resolver.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class ResolverTest : public testing::Test {
 protected:
  testing::AssertionResult resolve(Resolver& resolver, const HostPort& host_port) {
    result_.reset();
    resolver.resolve(host_port, [this](Resolved result) { result_ = std::move(result); });
    EXPECT_FALSE(result_) << "never from inside the call";
    return run_until(io_, [this] { return result_.has_value(); });
  }

  boost::asio::io_context io_;
  std::optional<Resolved> result_;
};

TEST_F(ResolverTest, TakesNumbersAsTheyAre) {
  std::atomic<int> look_ups = 0;
  Resolver resolver(io_, [&](const HostPort&) -> Resolved {
    ++look_ups;
    return std::unexpected(core::ResolveError::failed);
  });

  ASSERT_TRUE(resolve(resolver, {"127.0.0.1", 7420}));
  EXPECT_EQ(result_->value(), std::vector{loopback(7420)});
  ASSERT_TRUE(resolve(resolver, {"::1", 7420}));
  EXPECT_EQ(result_->value(), std::vector{loopback_v6(7420)});
  EXPECT_EQ(look_ups, 0);
}

TEST_F(ResolverTest, FindsLocalhost) {
  Resolver resolver(io_);

  ASSERT_TRUE(resolve(resolver, {"localhost", 7420}));

  ASSERT_TRUE(result_->has_value());
  const std::vector<Address>& addresses = result_->value();
  EXPECT_NE(std::ranges::find(addresses, loopback(7420)), addresses.end());
}

TEST_F(ResolverTest, SaysThatAHostIsNotKnown) {
  Resolver resolver(io_, [](const HostPort&) -> Resolved {
    return std::unexpected(core::ResolveError::not_found);
  });

  ASSERT_TRUE(resolve(resolver, {"nowhere.invalid", 7420}));

  EXPECT_EQ(result_->error(), core::ResolveError::not_found);
}

TEST_F(ResolverTest, RefusesMoreThanItsQueueHolds) {
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  Resolver resolver(io_, [may_go_on](const HostPort&) -> Resolved {
    may_go_on.wait();
    return std::vector{loopback(1)};
  });
  std::size_t found = 0;
  std::size_t failed = 0;
  const std::size_t asked = Resolver::queue_max + Resolver::lines_max + 10;

  for (std::size_t i = 0; i < asked; ++i) {
    resolver.resolve({"name", 1}, [&](const Resolved& result) { ++(result ? found : failed); });
  }
  ASSERT_TRUE(run_until(io_, [&] { return failed >= 10; }));
  go_on.set_value();
  ASSERT_TRUE(run_until(io_, [&] { return found + failed == asked; }));

  EXPECT_GE(found, Resolver::queue_max);
}

TEST_F(ResolverTest, LooksUpOthersWhileOneIsStuck) {
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  Resolver resolver(io_, [may_go_on](const HostPort& host_port) -> Resolved {
    if (host_port.host == "stuck") may_go_on.wait();
    return std::vector{loopback(host_port.port)};
  });
  bool is_stuck = true;
  resolver.resolve({"stuck", 1}, [&](const Resolved&) { is_stuck = false; });

  for (std::uint16_t port = 2; port < 10; ++port) {
    ASSERT_TRUE(resolve(resolver, {"name", port}));
    EXPECT_EQ(result_->value(), std::vector{loopback(port)});
  }

  EXPECT_TRUE(is_stuck);
  go_on.set_value();
  EXPECT_TRUE(run_until(io_, [&] { return !is_stuck; }));
}

TEST_F(ResolverTest, EndsWhileALookUpIsStuck) {
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  std::promise<void> stuck;
  std::promise<void> gone;
  auto is_gone = gone.get_future();
  {
    // Shared, for the stuck thread outlives this test's wish.
    auto ends = std::make_shared<std::promise<void>>(std::move(gone));
    Resolver resolver(io_, [may_go_on, &stuck, ends](const HostPort&) -> Resolved {
      stuck.set_value();
      may_go_on.wait();
      ends->set_value();
      return std::vector{loopback(1)};
    });
    resolver.resolve({"name", 1}, [](const Resolved&) { FAIL() << "answered after the end"; });
    stuck.get_future().wait();
  }
  go_on.set_value();

  EXPECT_EQ(is_gone.wait_for(test_deadline), std::future_status::ready);
  io_.restart();
  io_.run_for(1ms);
}

}  // namespace
}  // namespace rollcall::runtime
